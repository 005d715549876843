import type { Experience } from "../crowd.ts";
import type { Fleet } from "../fleet.ts";
import type { Story } from "../story.ts";
import { withoutLoss } from "./under-load.ts";

/** HAProxy gets a new configuration: a new process takes over the ports, and the old one ends its connections. */
export function balancerReload(fleet: Fleet, story: Story): Promise<Experience> {
  story.title("HAProxy reloads");
  return withoutLoss(fleet, story, async () => {
    const { balancer } = fleet;
    const workers = () => balancer.run("pgrep --newest haproxy");
    const before = await workers();
    await balancer.run("systemctl reload haproxy");
    const after = await workers();
    if (after === before) throw new Error("HAProxy still has the same process.");
    story.line("reloaded", `process ${after.trim()} has taken over from process ${before.trim()}`);
    for (const host of fleet.hosts) await fleet.waitForHost(host, "UP");
  });
}
