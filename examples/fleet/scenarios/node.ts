import process from "node:process";
import { installNode } from "../../../scripts/lib/node-binary.ts";
import type { Experience } from "../crowd.ts";
import { deploy, kill, play, type Played } from "../deploy.ts";
import type { Fleet } from "../fleet.ts";
import type { Story } from "../story.ts";
import { withoutLoss } from "./under-load.ts";

/** Another Node than that of the hosts, from npm. */
const other = "24.2.0";
/** The Node of the hosts. */
const own = process.versions.node;
const onAlpha = { sockact_hosts: "alpha" };
/** Two hosts are enough to be host by host. */
const onTwo = { sockact_hosts: "alpha,beta" };

/** Ansible brings a Node with which the app does not start. It must stop at the first host, which keeps the old one. */
export function badNode(fleet: Fleet, story: Story): Promise<Experience> {
  const [alpha] = fleet.hosts;
  story.title("A Node with which the app does not start");
  return withoutLoss(fleet, story, async () => {
    mustSucceed(await deploy(fleet, await fleet.releases.make("native"), onAlpha));
    const before = await nodes(fleet);
    const { succeeded, hosts, log } = await upgrade(fleet, other, onTwo);
    if (succeeded || hosts.length !== 1 || !log.includes("alpha uses the Node on the PATH of root again"))
      throw new Error(`Ansible did not stop at alpha, or did not go back:\n${log}`);
    if ((await nodes(fleet)).join() !== before.join()) throw new Error(`Another Node runs:\n${log}`);
    const left = await alpha!.run("ls -A /srv/node /srv/fleet");
    if (/node-before|24|^node$/m.test(left)) throw new Error(`alpha has more than before:\n${left}`);
    story.line("Ansible", `stops at alpha, which runs the Node before again`);
    for (const host of fleet.hosts) await fleet.waitForHost(host, "UP");
  });
}

/**
 * Ansible brings another Node to two hosts, is killed on the first one, and runs again. The app has a bundle and a
 * compile cache. A deploy keeps the Node, and an unused one is removed.
 */
export function newNode(fleet: Fleet, story: Story): Promise<Experience> {
  const [alpha] = fleet.hosts;
  story.title("Another Node, host by host");
  return withoutLoss(fleet, story, async () => {
    const edit = `sed -i 's/name: "fleet",/&\\n  bundle: true,\\n  compileCache: true,/' sockact.config.mjs`;
    const fast = await fleet.releases.make(undefined, { packages: ["rolldown"], edit });
    mustSucceed(await deploy(fleet, fast, onAlpha));
    // The units are written, and the service is not restarted yet.
    const written = `until grep -q /srv/node/ /etc/systemd/system/fleet.service; do sleep 0.01; done
      pkill -KILL --full "[s]ockact install"`;
    await kill(fleet, upgrade(fleet, other), written);
    story.line("killed", "Ansible is killed, and so is sockact on alpha");
    mustSucceed(await upgrade(fleet, other, onTwo));
    await expectNode(fleet, other);
    const cached = await alpha!.run("ls /var/cache/private/fleet/node-compile-cache");
    if (!cached.includes(`v${other}`)) throw new Error(`Node ${other} has no compile cache: ${cached}`);
    const command = await alpha!.run(
      "tr '\\0' ' ' </proc/$(" + mainProcess + ")/cmdline; ls /var/lib/sockact/fleet/files",
    );
    if (!/--require .*bundle\.cjs[^]*bundle-[\da-f]+\.[cm]js/.test(command))
      throw new Error(`There is no bundle: ${command}`);
    story.line("Ansible", `alpha and beta run Node ${other}`);
    mustSucceed(await deploy(fleet, await fleet.releases.make(), onAlpha));
    await expectNode(fleet, other);
    story.line("Ansible", "deploys a version, and the Node stays");
    mustSucceed(await upgrade(fleet, own, onTwo));
    await expectNode(fleet, own);
    const versions = await alpha!.run("ls -A /srv/node");
    if (versions.trim() !== own) throw new Error(`alpha has other versions of Node: ${versions}`);
    story.line("Ansible", `alpha and beta run Node ${own}, and Node ${other} is gone`);
  });
}

/** Packs a Node as nodejs.org does, and lets Ansible bring it to the hosts. */
async function upgrade(fleet: Fleet, version: string, hosts = {}): Promise<Played> {
  const { office } = fleet;
  const binary = version === own ? office.systemd.node : office.systemd.inside(installNode(version));
  const archive = `/srv/node-${version}.tar`;
  const checksum = await office.run(`
    mkdir -p /srv/node/node-v${version}/bin && cd /srv/node
    cp "$(readlink -f ${binary})" node-v${version}/bin/node
    tar -cf ${archive} node-v${version}
    sha256sum <${archive} | cut -d " " -f 1`);
  return play(fleet, "node", {
    ...hosts,
    sockact_app_node_version: version,
    sockact_app_node_source: archive,
    sockact_app_node_checksum: checksum.trim(),
  });
}

const mainProcess = "systemctl show --value --property=MainPID fleet.service";

/** The Node that each host runs. */
const nodes = ({ hosts }: Fleet): Promise<string[]> =>
  Promise.all(hosts.map(async (host) => (await host.run(`readlink "/proc/$(${mainProcess})/exe"`)).trim()));

async function expectNode(fleet: Fleet, version: string): Promise<void> {
  const used = (await nodes(fleet)).slice(0, 2);
  if (used.some((path) => path !== `/srv/node/${version}/bin/node`))
    throw new Error(`The hosts run ${used.join(", ")}, not ${version}.`);
}

function mustSucceed({ succeeded, log }: Played): void {
  if (!succeeded) throw new Error(`Ansible has failed:\n${log}`);
}
