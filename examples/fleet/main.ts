// npm start [-- SCENARIO…]: three hosts behind HAProxy. Deploys, reboots and failures happen while clients send requests.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { missingText, PackedPackages, whatIsMissing } from "@sockact/testkit";
import { Fleet, requirements } from "./fleet.ts";
import { install } from "./install.ts";
import { addresses } from "./scenarios/addresses.ts";
import { balancerReload } from "./scenarios/balancer-reload.ts";
import { badCertificate, newCertificate, reloadedCertificate } from "./scenarios/certificates.ts";
import { checkHosts } from "./scenarios/check.ts";
import { badVersion, newVersion } from "./scenarios/deploy.ts";
import { badNode, newNode } from "./scenarios/node.ts";
import { powerCut } from "./scenarios/power-cut.ts";
import { reboot } from "./scenarios/reboot.ts";
import { lostHost, rollingReboot } from "./scenarios/reboots.ts";
import { newSockact } from "./scenarios/sockact.ts";
import { printed as story, stopwatch, styled } from "./story.ts";

const scenarios: Record<string, (fleet: Fleet) => Promise<unknown>> = {
  addresses: (fleet) => addresses(fleet, story),
  deploy: (fleet) => newVersion(fleet, story),
  crash: (fleet) => badVersion(fleet, story, "crash"),
  unhealthy: (fleet) => badVersion(fleet, story, "unhealthy"),
  reboot: (fleet) => reboot(fleet, story),
  reboots: (fleet) => rollingReboot(fleet, story),
  "lost-host": (fleet) => lostHost(fleet, story),
  check: (fleet) => checkHosts(fleet, story),
  certificates: (fleet) => newCertificate(fleet, story),
  "reloaded-certificate": (fleet) => reloadedCertificate(fleet, story),
  mismatch: (fleet) => badCertificate(fleet, story, "mismatch"),
  "short-key": (fleet) => badCertificate(fleet, story, "short key"),
  "bad-node": (fleet) => badNode(fleet, story),
  node: (fleet) => newNode(fleet, story),
  sockact: (fleet) => newSockact(fleet, story),
  reload: (fleet) => balancerReload(fleet, story),
  "power-cut": (fleet) => powerCut(fleet, story),
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(scenarios, name));
if (unknown.length > 0) {
  console.error(`There is no ${unknown.join(", ")}. There are: ${Object.keys(scenarios).join(", ")}.`);
  process.exit(2);
}

const missing = whatIsMissing({
  ...requirements,
  commands: [...requirements.commands, "ansible-playbook"],
});
if (missing !== undefined) {
  console.error(`The fleet can't start here: it needs ${missingText(missing)}.`);
  process.exit(1);
}

const seconds = stopwatch();
const packages = mkdtempSync(join(tmpdir(), "fleet-packages-"));
process.on("exit", () => rmSync(packages, { recursive: true, force: true }));
const interrupted = new Promise<never>((_, reject) => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => reject(new Error("Stopped.")));
});
interrupted.catch(() => {});

async function tell(fleet: Fleet): Promise<void> {
  story.title("Version 1 comes by ssh");
  const release = await fleet.releases.make();
  await Promise.all(fleet.hosts.map((host) => install(fleet, host, release)));
  for (const host of fleet.hosts) await fleet.waitForHost(host, "UP");
  story.line("HAProxy", "sends clients to alpha, beta and gamma");
  for (const name of asked.length > 0 ? asked : Object.keys(scenarios)) await scenarios[name]!(fleet);
}

async function run(): Promise<void> {
  const packed = await PackedPackages.packInto(packages);
  story.title("Three hosts and a balancer boot");
  await using fleet = await Fleet.start(packed);
  for (const { name, address } of [fleet.office, fleet.balancer, ...fleet.hosts])
    story.line(name, `${address.padEnd(12)} ${roles[name] ?? "the app"}`);
  await Promise.race([tell(fleet), interrupted]);
}

const roles: Record<string, string> = { office: "the clients, and Ansible", balancer: "HAProxy" };

try {
  await run();
  console.log(`\n${styled("green", "✓")} All is as promised, after ${seconds()}. Nothing is left running.`);
} catch (error) {
  console.log(`\n${styled("red", "✗")} ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
process.exit();
