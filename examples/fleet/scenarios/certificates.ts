import type { Experience } from "../crowd.ts";
import { deploy, kill, play } from "../deploy.ts";
import type { Fleet } from "../fleet.ts";
import type { Story } from "../story.ts";
import { withoutLoss } from "./under-load.ts";

/** What is wrong with a certificate: it belongs to another key, or Node refuses its short key. */
export type BadCertificate = "mismatch" | "short key";

/** Ansible brings a renewed certificate to all hosts, is killed on the first one, and runs again. */
export function newCertificate(fleet: Fleet, story: Story): Promise<Experience> {
  story.title("A renewed certificate, host by host");
  return withoutLoss(fleet, story, async () => {
    const renewed = await makeCertificate(fleet);
    // The app has the old files, and the host the new ones.
    const moved = "until test -e /etc/fleet/key.pem.old; do sleep 0.01; done";
    await kill(fleet, play(fleet, "certificates"), moved);
    story.line("killed", "Ansible is killed while it changes alpha");
    const { succeeded, log } = await play(fleet, "certificates");
    if (!succeeded) throw new Error(`The renewal has failed:\n${log}`);
    await expectServed(fleet, [renewed, renewed, renewed]);
    story.line("Ansible", "alpha, beta and gamma serve the new certificate");
    const started = "systemctl show --value --property=MainPID fleet.service";
    const before = await fleet.hosts[0]!.run(started);
    const again = await play(fleet, "certificates", { sockact_hosts: "alpha" });
    if (!again.succeeded || (await fleet.hosts[0]!.run(started)) !== before)
      throw new Error(`The second run has restarted the app:\n${again.log}`);
  });
}

/** An app reads the files itself, so Ansible reloads it. */
export function reloadedCertificate(fleet: Fleet, story: Story): Promise<Experience> {
  const alpha = fleet.hosts[0]!;
  const onAlpha = { sockact_hosts: "alpha" };
  story.title("A renewed certificate, by a reload");
  return withoutLoss(fleet, story, async () => {
    await alpha.run("chmod 644 /etc/fleet/key.pem");
    const edit = `
      sed -i '/credentials: {/,/},/d' sockact.config.mjs
      sed -i 's#"\\(key\\|cert\\).pem"#"/etc/fleet/\\1.pem"#g' server.js`;
    const reading = await deploy(fleet, await fleet.releases.make(undefined, { edit }), onAlpha);
    if (!reading.succeeded) throw new Error(`The deploy has failed:\n${reading.log}`);
    const [, ...others] = await served(fleet);
    const renewed = await makeCertificate(fleet);
    const invocation = "systemctl show --value --property=InvocationID fleet.service";
    const before = await alpha.run(invocation);
    const { succeeded, log } = await play(fleet, "certificates", onAlpha);
    if (!succeeded) throw new Error(`The renewal has failed:\n${log}`);
    await expectServed(fleet, [renewed, ...others]);
    if ((await alpha.run(invocation)) !== before) throw new Error(`The app was restarted:\n${log}`);
    story.line("Ansible", "alpha serves the new certificate, after a reload");
    const back = await deploy(fleet, await fleet.releases.make(), onAlpha);
    if (!back.succeeded) throw new Error(`The last deploy has failed:\n${back.log}`);
    await alpha.run("chmod 600 /etc/fleet/key.pem");
  });
}

/** Ansible brings a certificate that does not work. It must stop at the first host, which keeps the old one. */
export function badCertificate(fleet: Fleet, story: Story, fault: BadCertificate): Promise<Experience> {
  story.title("A bad certificate");
  return withoutLoss(fleet, story, async () => {
    const before = await served(fleet);
    await makeCertificate(fleet, fault);
    const { succeeded, hosts, log } = await play(fleet, "certificates");
    if (succeeded) throw new Error(`The renewal has succeeded:\n${log}`);
    if (hosts.length !== 1) throw new Error(`The renewal went on after the first host:\n${log}`);
    await expectServed(fleet, before);
    const files = await fleet.hosts[0]!.run("ls /etc/fleet");
    if (files.trim() !== "cert.pem\nkey.pem") throw new Error(`alpha has other files: ${files}`);
    story.line("Ansible", `stops at alpha because of the ${fault}. All hosts serve the old certificate.`);
    for (const host of fleet.hosts) await fleet.waitForHost(host, "UP");
  });
}

/** Makes a certificate in the office, where the inventory names it. Resolves to its fingerprint. */
async function makeCertificate({ office }: Fleet, fault?: BadCertificate): Promise<string> {
  const key = `-newkey rsa:${fault === "short key" ? 512 : 2048} -nodes`;
  const make = `openssl req -x509 ${key} -days 2 -subj /CN=fleet.example -addext subjectAltName=IP:10.77.0.10`;
  await office.run(`
    mkdir -p /srv/certificate && cd /srv/certificate
    ${make} -keyout key.pem -out cert.pem 2>&1
    ${fault === "mismatch" ? "openssl genrsa -out key.pem 2048" : ""}`);
  return (await office.run("openssl x509 -in /srv/certificate/cert.pem -noout -fingerprint")).trim();
}

/** The fingerprint of the certificate that each host serves. */
function served({ hosts }: Fleet): Promise<string[]> {
  const ask = "openssl s_client -connect 127.0.0.1:8444 </dev/null 2>&1 | openssl x509 -noout -fingerprint";
  return Promise.all(hosts.map(async (host) => (await host.run(ask)).trim()));
}

async function expectServed(fleet: Fleet, expected: readonly string[]): Promise<void> {
  const fingerprints = await served(fleet);
  if (fingerprints.join() !== expected.join())
    throw new Error(`The hosts serve ${fingerprints.join(", ")}, not ${expected.join(", ")}.`);
}
