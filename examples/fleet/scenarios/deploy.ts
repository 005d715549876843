import type { Experience } from "../crowd.ts";
import { deploy } from "../deploy.ts";
import type { Fleet } from "../fleet.ts";
import type { Fault } from "../releases.ts";
import { stopwatch, type Story } from "../story.ts";
import { withoutLoss } from "./under-load.ts";

/** Ansible deploys a new version, one host after the other. */
export function newVersion(fleet: Fleet, story: Story): Promise<Experience> {
  story.title("A new version, host by host");
  return withoutLoss(fleet, story, async () => {
    const release = await fleet.releases.make();
    const seconds = stopwatch();
    const { succeeded, log } = await deploy(fleet, release);
    if (!succeeded) throw new Error(`The deploy has failed:\n${log}`);
    await expectVersions(fleet, [release.version, release.version, release.version]);
    story.line("Ansible", `alpha, beta and gamma have version ${release.version}, after ${seconds()}`);
  });
}

const faults = {
  crash: "crashes when it starts",
  unhealthy: "starts, but says that it is not healthy",
} satisfies Partial<Record<Fault, string>>;

/** Ansible deploys a version that does not work. It must stop at the first host, and bring back the version before. */
export function badVersion(fleet: Fleet, story: Story, fault: keyof typeof faults): Promise<Experience> {
  story.title("A bad version");
  return withoutLoss(fleet, story, async () => {
    const before = await fleet.versions();
    const release = await fleet.releases.make(fault);
    story.line("version", `${release.version} ${faults[fault]}`);
    const { succeeded, hosts, log } = await deploy(fleet, release);
    if (succeeded) throw new Error(`The deploy of a bad version has succeeded:\n${log}`);
    if (hosts.length !== 1) throw new Error(`The deploy went on after the first host:\n${log}`);
    await expectVersions(fleet, before);
    story.line(
      "Ansible",
      `stops at ${hosts[0]!.name}, which has version ${before[0]} again. beta and gamma were not touched.`,
    );
    for (const host of fleet.hosts) await fleet.waitForHost(host, "UP");
  });
}

async function expectVersions(fleet: Fleet, expected: readonly string[]): Promise<void> {
  const versions = await fleet.versions();
  if (versions.join() !== expected.join())
    throw new Error(`The hosts serve the versions ${versions.join(", ")}, not ${expected.join(", ")}.`);
}
