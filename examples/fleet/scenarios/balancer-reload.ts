import type { Experience } from "../crowd.ts";
import type { Fleet } from "../fleet.ts";
import type { Story } from "../story.ts";
import { withoutLoss } from "./under-load.ts";

/** HAProxy reads its configuration again: a new process takes over the ports, and the old one ends its connections. */
export function balancerReload(fleet: Fleet, story: Story): Promise<Experience> {
  const { balancer } = fleet;
  story.title("HAProxy reloads");
  return withoutLoss(fleet, story, async () => {
    const newest = async () => Number(await balancer.run("pgrep --newest haproxy"));
    const before = await newest();
    await balancer.systemd.systemctl("reload", "haproxy.service");
    let after = before;
    // The reload has only sent a signal.
    await balancer.systemd.waitUntil(
      async () => (after = await newest()) !== before,
      "HAProxy has a new process",
      30_000,
    );
    story.line("reloaded", `process ${after} has taken over from process ${before}`);
    for (const host of fleet.hosts) await fleet.waitForHost(host, "UP");
  });
}
