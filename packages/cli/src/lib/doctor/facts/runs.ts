import type { Subject } from "../model/subject.ts";
import { journal } from "./journal.ts";
import { serviceProperties } from "./properties.ts";
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

/** The runs of the last minute. Empty if there are only a few, as after some restarts by hand. */
export function recentStarts(all: readonly Run[]): Run[] {
  const recent = all.filter(({ started }) => Date.now() - started < WITHIN_MS);
  return recent.length < STARTS ? [] : recent;
}

/** How the main process has ended last. */
export interface End {
  /** In a sentence. Empty if it has not ended yet. */
  text: string;
  /** Whether it has exited with a status for sleep: one for which Restart= does not start it again. */
  isAsleep: boolean;
}

/** `Main process exited, code=exited, status=1/FAILURE`, which systemd says of a failure alone. */
const exited = /Main process exited, code=(exited|killed|dumped), status=(\d+)(?:\/(\w+))?/;
/** What waitid(2) has for these, as ExecMainCode= says it. */
const codes: Record<string, string> = { "1": "exited", "2": "killed", "3": "dumped" };

/** How the main process has ended last, also if the service has been started again since. */
export async function lastEnd(subject: Subject): Promise<End> {
  const [service, lines, all] = await Promise.all([
    subject.get(serviceProperties),
    subject.get(journal),
    subject.get(runs),
  ]);
  const statuses = service.list("RestartPreventExitStatus");
  const ended = (code: string, status: string, name = status): End => ({
    text: code === "exited" ? `It exited with ${status}.` : `It was killed by signal ${name}.`,
    isAsleep: code === "exited" && statuses.includes(status),
  });
  const now = codes[service.get("ExecMainCode")];
  if (now !== undefined) return ended(now, service.get("ExecMainStatus"));
  // It runs again. The journal has the end of the run before.
  const before = all.at(-2);
  if (before === undefined) return { text: "", isAsleep: false };
  const line = lines.findLast(
    ({ unit, invocation, message }) =>
      unit === subject.service && invocation === before.invocation && exited.test(message),
  );
  const [, code, status = "", name] = exited.exec(line?.message ?? "") ?? [];
  return code === undefined
    ? {
        text: "It ended without an error.",
        isAsleep: statuses.length > 0 && service.get("NRestarts") === "0",
      }
    : ended(code, status, name);
}
