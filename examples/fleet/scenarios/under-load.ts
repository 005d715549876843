import { Crowd, type Experience } from "../crowd.ts";
import type { Fleet } from "../fleet.ts";
import { type Story, toldOf } from "../story.ts";

/** Lets the clients come, does something, and returns what the clients had until each has had one more answer afterwards. */
export async function underLoad(
  fleet: Fleet,
  story: Story,
  action: () => Promise<void>,
): Promise<Experience> {
  await using crowd = await Crowd.start(fleet);
  await action();
  await crowd.round();
  const experience = await crowd.leave();
  story.line("clients", toldOf(experience));
  return experience;
}

/** As {@link underLoad}, but no request may fail, and a WebSocket may close only with 1001, after which its client connects again at once. */
export async function withoutLoss(
  fleet: Fleet,
  story: Story,
  action: () => Promise<void>,
): Promise<Experience> {
  const experience = await underLoad(fleet, story, action);
  const { lost, closed } = experience;
  if (lost > 0) throw new Error(`${lost} requests have failed.`);
  const wrong = Object.keys(closed).filter((code) => code !== "1001");
  if (wrong.length > 0) throw new Error(`WebSockets were closed with ${wrong.join(", ")}.`);
  return experience;
}
