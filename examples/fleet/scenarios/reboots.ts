import type { Experience } from "../crowd.ts";
import { play } from "../deploy.ts";
import type { Fleet } from "../fleet.ts";
import { sockact } from "../install.ts";
import type { Machine } from "../machine.ts";
import type { Story } from "../story.ts";
import { withoutLoss } from "./under-load.ts";

/** Ansible is killed while it reboots the hosts, and runs again. Then it reboots all of them. */
export function rollingReboot(fleet: Fleet, story: Story): Promise<Experience> {
  const [alpha] = fleet.hosts as [Machine];
  story.title("All hosts reboot, one after the other");
  return withoutLoss(fleet, story, async () => {
    const first = play(fleet, "reboot", quick);
    await fleet.waitForHost(alpha, "DOWN");
    await fleet.office.run("pkill -KILL ansible; pkill ssh");
    await first;
    if ((await drainedHosts(fleet)) !== "alpha")
      throw new Error("The killed run did not leave alpha drained.");
    story.line("killed", "Ansible is killed, and alpha is drained");
    const before = fleet.hosts.map(({ systemd }) => systemd.pid);
    const back = fleet.hosts.map((host) => host.bootAgain());
    const { succeeded, log } = await play(fleet, "reboot", quick);
    if (!succeeded) throw new Error(`The reboots have failed:\n${log}`);
    await Promise.all(back);
    if (fleet.hosts.some(({ systemd }, index) => systemd.pid === before[index]))
      throw new Error(`A host was not rebooted:\n${log}`);
    if ((await drainedHosts(fleet)) !== "") throw new Error(`A host is still drained:\n${log}`);
    for (const host of fleet.hosts) await fleet.waitForHost(host, "UP");
    story.line("Ansible", "has rebooted alpha, beta and gamma, and put them back");
  });
}

/** A host does not come back. When it is repaired, Ansible runs again, and a person has drained the other host before. */
export function lostHost(fleet: Fleet, story: Story): Promise<Experience> {
  const [, beta, gamma] = fleet.hosts as [Machine, Machine, Machine];
  story.title("A host does not come back");
  const both = { ...quick, sockact_hosts: "beta,gamma" };
  return withoutLoss(fleet, story, async () => {
    const off = beta.end();
    const { succeeded, hosts, log } = await play(fleet, "reboot", {
      ...both,
      sockact_app_reboot_timeout: "10",
    });
    if (succeeded || !log.includes("beta stays drained"))
      throw new Error(`Ansible did not say that beta is gone:\n${log}`);
    await off;
    if (hosts.length !== 1) throw new Error(`gamma was rebooted:\n${log}`);
    story.line("Ansible", "stops at beta, and gamma is untouched");
    await beta.boot();
    if ((await drainedHosts(fleet)) !== "beta") throw new Error(`beta is not drained:\n${log}`);
    await gamma.run(`${sockact} drain fleet`);
    story.line("repaired", "beta is back, and still drained. A person drains gamma.");
    const back = [beta.bootAgain(), gamma.bootAgain()];
    const again = await play(fleet, "reboot", both);
    if (!again.succeeded) throw new Error(`The second run has failed:\n${again.log}`);
    await Promise.all(back);
    if ((await drainedHosts(fleet)) !== "gamma") throw new Error(`Not only gamma is drained:\n${again.log}`);
    story.line("Ansible", "has rebooted both, and put beta back. gamma is still drained.");
    await gamma.run(`${sockact} undrain fleet`);
    for (const host of fleet.hosts) await fleet.waitForHost(host, "UP");
  });
}

/** Some clients stay connected to a drained host, so a long wait would not help. */
const quick = { sockact_app_drain_wait: "1s", sockact_app_pause: "3" };

/** The names of the hosts that are drained. */
async function drainedHosts({ hosts }: Fleet): Promise<string> {
  const lists = await Promise.all(
    hosts.map(async ({ name, systemd }) => {
      const { code } = await systemd.run(["test", "-e", "/var/lib/sockact/drained/fleet"]);
      return code === 0 ? [name] : [];
    }),
  );
  return lists.flat().join();
}
