// npm start: three hosts behind HAProxy. Deploys, reboots and failures happen while clients send requests.
import process from "node:process";
import { PackedPackages } from "@sockact/testkit";
import { publicPackages } from "../../scripts/lib/packages.ts";
import { Fleet } from "./fleet.ts";
import { install } from "./install.ts";
import { addresses } from "./scenarios/addresses.ts";
import { balancerReload } from "./scenarios/balancer-reload.ts";
import { badVersion, newVersion } from "./scenarios/deploy.ts";
import { powerCut } from "./scenarios/power-cut.ts";
import { reboot } from "./scenarios/reboot.ts";
import { printed as story, stopwatch, styled } from "./story.ts";

const deploys = Number(process.env["DEPLOYS"] ?? 1);
const seconds = stopwatch();
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => interrupted.abort());

async function tell(fleet: Fleet): Promise<void> {
  story.title("Version 1 comes by ssh");
  const release = await fleet.releases.make();
  await Promise.all(fleet.hosts.map((host) => install(fleet, host, release)));
  for (const host of fleet.hosts) await fleet.waitForHost(host, "UP");
  story.line("HAProxy", "sends clients to alpha, beta and gamma");

  await addresses(fleet, story);
  for (let number = 1; number <= deploys; number++) {
    story.title(`A new version, host by host${deploys > 1 ? ` (${number} of ${deploys})` : ""}`);
    await newVersion(fleet, story);
  }
  for (const fault of ["crash", "unhealthy"] as const) {
    story.title("A bad version");
    await badVersion(fleet, story, fault);
  }
  story.title("A host reboots");
  await reboot(fleet, story);
  story.title("HAProxy reloads");
  await balancerReload(fleet, story);
  story.title("A host loses its power");
  await powerCut(fleet, story);
}

async function run(): Promise<void> {
  using packed = await PackedPackages.pack(publicPackages().map(({ name }) => name));
  story.title("Three hosts and a balancer boot");
  await using fleet = await Fleet.start(packed);
  for (const { name, address } of [fleet.office, fleet.balancer, ...fleet.hosts])
    story.line(name, `${address.padEnd(12)} ${roles[name] ?? "the app"}`);
  const stopped = new Promise<never>((_, reject) => {
    interrupted.signal.addEventListener("abort", () => reject(new Error("Stopped.")));
  });
  await Promise.race([tell(fleet), stopped]);
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
