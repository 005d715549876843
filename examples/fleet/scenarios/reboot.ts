import type { Experience } from "../crowd.ts";
import type { Fleet } from "../fleet.ts";
import { sockact } from "../install.ts";
import { stopwatch, type Story } from "../story.ts";
import { withoutLoss } from "./under-load.ts";

/** A host is taken out, rebooted, and put back. */
export function reboot(fleet: Fleet, story: Story): Promise<Experience> {
  const host = fleet.hosts[0]!;
  story.title("A host reboots");
  return withoutLoss(fleet, story, async () => {
    await host.run(`${sockact} drain fleet`);
    await fleet.waitForHost(host, "DOWN");
    story.line(
      "drained",
      `HAProxy sends no new client to ${host.name}. ${await host.connections()} connections are still open.`,
    );
    const seconds = stopwatch();
    await host.reboot();
    story.line("rebooted", `${host.name} is back after ${seconds()}, and still drained`);
    await host.run(`${sockact} undrain fleet`);
    await fleet.waitForHost(host, "UP");
    story.line("put back", `HAProxy sends clients to ${host.name} again`);
  });
}
