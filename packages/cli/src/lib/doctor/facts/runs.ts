import type { Subject } from "../model/subject.ts";
import { journal } from "./journal.ts";
import type { UnitProperties } from "./properties.ts";
import { unitFiles } from "./unit-files.ts";

/** A run of the service, from its start on. */
export interface Run {
  invocation: string;
  /** When it was started, in milliseconds since 1970. */
  started: number;
}

/** The runs of the service since this boot and since the last change of its files, the oldest first. */
export async function runs(subject: Subject): Promise<Run[]> {
  const [lines, files] = await Promise.all([subject.get(journal), subject.get(unitFiles)]);
  const own = files.filter(({ unit }) => unit === subject.service);
  const changed = Math.max(0, ...own.map((file) => file.changed));
  const found = new Map<string, Run>();
  for (const { unit, invocation, time } of lines)
    if (unit === subject.service && invocation !== "" && time >= changed && !found.has(invocation))
      found.set(invocation, { invocation, started: time });
  return [...found.values()];
}

/** So many starts within so many milliseconds are a loop. */
const STARTS = 4;
const WITHIN_MS = 60_000;

/** The runs of the last minute. Empty if they are few: then it is no loop. */
export function recentStarts(all: readonly Run[]): Run[] {
  const recent = all.filter(({ started }) => Date.now() - started < WITHIN_MS);
  return recent.length < STARTS ? [] : recent;
}

/** Whether the main process has exited with a status for sleep: one for which Restart= does not start it again. */
export function hasFallenAsleep(service: UnitProperties): boolean {
  const status = service.get("ExecMainStatus");
  return service.get("ExecMainCode") === "1" && service.list("RestartPreventExitStatus").includes(status);
}

/** How the main process has ended, in a sentence. CLD_EXITED is 1 in waitid(2). */
export function howItEnded(service: UnitProperties): string {
  const status = service.get("ExecMainStatus");
  switch (service.get("ExecMainCode")) {
    case "1":
      return `It exited with ${status}.`;
    case "2":
    case "3":
      return `It was killed by signal ${status}.`;
    default:
      return "";
  }
}
