import type { Experience } from "../crowd.ts";
import type { Fleet } from "../fleet.ts";
import { stopwatch, type Story } from "../story.ts";
import { underLoad } from "./under-load.ts";

/** What is lost when a host loses its power. */
export interface PowerCut extends Experience {
  /** How many connections HAProxy had to the host. Each can have had one request under way. */
  connections: number;
}

/** A host is gone from one moment to the next. */
export async function powerCut(fleet: Fleet, story: Story): Promise<PowerCut> {
  const host = fleet.hosts[1]!;
  story.title("A host loses its power");
  let connections = 0;
  const experience = await underLoad(fleet, story, async () => {
    connections = await host.connections();
    await host.cutPower();
    const seconds = stopwatch();
    story.line("power cut", `${host.name} is gone, with ${connections} connections`);
    await fleet.waitForHost(host, "DOWN");
    story.line("noticed", `HAProxy has taken it out after ${seconds()}`);
  });
  if (experience.lost > connections)
    throw new Error(
      `${experience.lost} requests were lost, and only ${connections} can have been under way.`,
    );
  story.line("lost", `${experience.lost} requests and messages, which were under way on ${host.name}`);
  await host.boot();
  await fleet.waitForHost(host, "UP");
  return { ...experience, connections };
}
