import type { Subject } from "../model/subject.ts";
import { journal, type JournalLine } from "./journal.ts";
import { serviceProperties } from "./properties.ts";
import { unitFiles } from "./unit-files.ts";
import { PROCESS_EXITED, STOPPING } from "../../printed/systemd.ts";

/** How a process ended, as systemd reports it: `code=exited, status=203/EXEC`. */
interface ProcessEnd {
  /** `exited`, or `killed` and `dumped` by a signal. */
  code: string;
  /** The exit status, or the number of the signal. */
  status: number;
  /** Its name: `EXEC`, or that of the signal without SIG. */
  name: string;
  line: JournalLine;
}

/** A run of the service, from its start to its end. */
export interface Run {
  /** When it was started, in milliseconds since 1970. */
  started: number;
  lines: readonly JournalLine[];
  /** `undefined` while it runs, if it ended without an error, or if systemd has not started it yet. */
  end: ProcessEnd | undefined;
  /** How a command such as one of ExecStartPre= ended, if it failed. */
  control: ProcessEnd | undefined;
}

/**
 * The runs of the service since this boot, the oldest first. Runs from before the last change of its files are left out, because they are about
 * another unit.
 */
export async function runs(subject: Subject): Promise<Run[]> {
  const [lines, files] = await Promise.all([subject.get(journal), subject.get(unitFiles)]);
  const own = files.filter(({ unit }) => unit === subject.service);
  const changed = Math.max(0, ...own.map((file) => file.changed));
  const found = new Map<string, JournalLine[]>();
  for (const line of lines) {
    if (line.unit !== subject.service || line.invocation === "" || line.time < changed) continue;
    const earlier = found.get(line.invocation);
    if (earlier) earlier.push(line);
    else found.set(line.invocation, [line]);
  }
  return Array.from(found.values(), (of) => ({
    started: of[0]!.time,
    lines: of,
    end: endOf(of, "Main"),
    control: endOf(of, "Control"),
  }));
}

function endOf(lines: readonly JournalLine[], kind: "Main" | "Control"): ProcessEnd | undefined {
  for (const line of lines) {
    const [, which, code, status, name = ""] = PROCESS_EXITED.exec(line.message) ?? [];
    if (line.isOfManager && which === kind && code !== undefined)
      return { code, status: Number(status), name, line };
  }
}

/** This many starts within this many milliseconds are a loop. */
const STARTS = 4;
const WITHIN_MS = 60_000;

/** The runs of the last minute, without those that a stop or a restart by hand has ended. Empty if there are only a few. */
export function recentStarts(all: readonly Run[]): Run[] {
  const recent = all.filter((run) => Date.now() - run.started < WITHIN_MS && !isStopped(run));
  return recent.length < STARTS ? [] : recent;
}

/** The longest time between two starts, in milliseconds. */
export function longestGap(all: readonly Run[]): number {
  return Math.max(0, ...all.slice(1).map(({ started }, index) => started - all[index]!.started));
}

/** Whether systemd was asked to end the run, as by `systemctl restart`. */
function isStopped({ lines }: Run): boolean {
  return lines.some(({ isOfManager, message }) => isOfManager && STOPPING.test(message));
}

/** How the main process ended last. */
export interface End {
  /** In a sentence. Empty if it has not ended yet. */
  text: string;
  /** Whether it has exited with a status for sleep: one for which Restart= does not start it again. */
  isAsleep: boolean;
}

/** The codes of waitid(2), which ExecMainCode= uses. */
export const codes: Readonly<Record<string, string>> = { "1": "exited", "2": "killed", "3": "dumped" };

/** Nothing tells a program that moves to the background from one that has nothing to do: both exit with 0. */
const background =
  "A program that puts itself into the background ends like this, and systemd then ends what it has started.";

/** How the main process ended last, even if the service has been started again since. */
export async function lastEnd(subject: Subject): Promise<End> {
  const [service, all] = await Promise.all([subject.get(serviceProperties), subject.get(runs)]);
  const statuses = service.list("RestartPreventExitStatus");
  const ended = (code: string, status: string, name = status): End => ({
    text:
      code === "exited"
        ? `It exited with ${status}.${status === "0" ? ` ${background}` : ""}`
        : `It was killed by signal ${name}.`,
    isAsleep: code === "exited" && statuses.includes(status),
  });
  // If a command of ExecStartPre= fails, systemd starts no main process.
  const control = all.findLast((run) => run.end ?? run.control)?.control;
  const now = codes[service.get("ExecMainCode")];
  if (control !== undefined)
    return {
      text: `A command before or after its start ${control.code === "exited" ? `exited with ${control.status}` : `was killed by signal ${control.name}`}.`,
      isAsleep: false,
    };
  if (now !== undefined) return ended(now, service.get("ExecMainStatus"));
  // It runs again. The journal has the end of the run before.
  const before = all.at(-2);
  if (before === undefined) return { text: "", isAsleep: false };
  if (isStopped(before)) return { text: "It was stopped.", isAsleep: false };
  const { end } = before;
  if (end !== undefined) return ended(end.code, String(end.status), end.name);
  const isAsleep = statuses.length > 0 && service.get("NRestarts") === "0";
  return { text: `It ended without an error.${isAsleep ? "" : ` ${background}`}`, isAsleep };
}
