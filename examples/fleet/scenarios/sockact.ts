import type { Experience } from "../crowd.ts";
import { deploy, kill } from "../deploy.ts";
import type { Fleet } from "../fleet.ts";
import { sockact } from "../install.ts";
import type { Story } from "../story.ts";
import { withoutLoss } from "./under-load.ts";

/** The app with a copy of the preload. */
const preload = `sed -i 's/name: "fleet",/&\\n  preload: true,/' sockact.config.mjs`;

/** An earlier sockact: it has another version, and writes other lines into the service and into the sockets. */
const earlier = `${preload}
  cd node_modules/sockact/dist
  sed -i '/^var version =/s/0.0.0/0.0.0-earlier/' metrics-endpoint.cjs
  echo '// earlier' >>register.cjs
  sed -i 's/"RestartMaxDelaySec", "1s"/"RestartMaxDelaySec", "2s"/; s/"TriggerLimitIntervalSec", "0"/"TriggerLimitIntervalSec", "1s"/' emit.cjs`;

/** Two hosts are enough to be host by host. */
const upgraded = { sockact_hosts: "alpha,beta", sockact_app_metrics: true };

/**
 * Ansible deploys a version with a new sockact: first one whose endpoint of the metrics does not start, and then a
 * good one, and is killed on the first host. What belongs to sockact on a host comes with the version.
 */
export function newSockact(fleet: Fleet, story: Story): Promise<Experience> {
  const { releases } = fleet;
  const hosts = fleet.hosts.slice(0, 2);
  story.title("A new sockact, host by host");
  return withoutLoss(fleet, story, async () => {
    const old = await releases.make(undefined, { edit: earlier });
    const first = await deploy(fleet, old, upgraded);
    if (!first.succeeded) throw new Error(`The deploy has failed:\n${first.log}`);
    await expectSockact(fleet, old.folder, true);

    const broken = `${preload}\nsed -i '1i throw new Error("no endpoint");' node_modules/sockact/dist/metrics-endpoint.cjs`;
    const bad = await deploy(fleet, await releases.make(undefined, { edit: broken }), upgraded);
    if (bad.succeeded || bad.hosts.length !== 1 || !bad.log.includes(`${old.version} serves again`))
      throw new Error(`Ansible did not stop at alpha, or did not go back:\n${bad.log}`);
    await expectSockact(fleet, old.folder, true);
    story.line("Ansible", "stops at alpha, whose endpoint of the metrics does not start. alpha goes back.");

    const release = await releases.make(undefined, { edit: preload });
    // The units are written, and the service is not restarted yet.
    const written = `while grep -q RestartMaxDelaySec=2s /etc/systemd/system/fleet.service; do sleep 0.01; done
      pkill -KILL --full "[s]ockact install"`;
    await kill(fleet, deploy(fleet, release, upgraded), written);
    story.line("killed", "Ansible is killed, and so is sockact on alpha");
    const again = await deploy(fleet, release, upgraded);
    if (!again.succeeded) throw new Error(`The second run has failed:\n${again.log}`);
    await expectSockact(fleet, release.folder, false);
    story.line(
      "Ansible",
      "the units, the preload and the metrics of both hosts are those of the new sockact",
    );
    for (const host of hosts) await host.run(`${sockact} uninstall sockact-metrics --purge --yes`);
  });
}

/** Both hosts have the units, the preload and the endpoint of the sockact in this version of the app. */
async function expectSockact(
  { hosts: [alpha, beta], office }: Fleet,
  folder: string,
  isEarlier: boolean,
): Promise<void> {
  const files = "register.cjs metrics-endpoint.cjs";
  const sums = await office.run(`cd ${folder}/node_modules/sockact/dist && sha256sum ${files}`);
  for (const host of [alpha!, beta!]) {
    const copies = await host.run(`cd /var/lib/sockact
      sha256sum fleet/files/register.cjs sockact-metrics/files/metrics-endpoint.cjs | sed 's/ [^ ]*\\// /'`);
    const unit = await host.run("systemctl cat fleet.service fleet-web.socket");
    const endpoint = await host.run("curl --silent --fail http://127.0.0.1:9464/metrics");
    const answers = [
      copies.replace(/ +/g, " ") === sums.replace(/ +/g, " "),
      unit.includes("RestartMaxDelaySec=2s") === isEarlier,
      unit.includes("TriggerLimitIntervalSec=1s") === isEarlier,
      endpoint.includes('sockact_build_info{version="0.0.0-earlier"}') === isEarlier,
    ];
    if (answers.includes(false))
      throw new Error(`${host.name} has another sockact: ${answers.join()}\n${copies}${sums}${unit}`);
  }
}
