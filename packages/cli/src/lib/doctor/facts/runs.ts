import { constants } from "node:os";
import { FAILED_START_STATUS } from "@sockact/shared/unavailable";
import {
  PROCESS_EXITED,
  RESTART_SCHEDULED,
  STARTING_OR_STARTED,
  STEP_FAILED,
  STOPPED,
  STOPPING,
} from "../../printed/systemd.ts";
import type { Subject } from "../model/subject.ts";
import { lastChange, unitFiles } from "./files.ts";
import { journal, type JournalLine } from "./journal.ts";
import { serviceUnit, STARTING_MS, type Unit } from "./units.ts";

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
 * The runs of the service since the boot, the oldest first. Without runs from before the last change of its
 * files.
 */
export async function runs(subject: Subject): Promise<Run[]> {
  const [lines, files] = await subject.all(journal, unitFiles);
  const changed = lastChange(files, subject.service);
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

/**
 * The runs of the last minute, without those ended by a manual stop or restart. Empty if there are only a
 * few.
 */
export function recentStarts(all: readonly Run[]): Run[] {
  const recent = all.filter((run) => Date.now() - run.started < WITHIN_MS && !isStopped(run));
  return recent.length < STARTS ? [] : recent;
}

/** The longest time between two starts, in milliseconds. */
export function longestGap(all: readonly Run[]): number {
  return Math.max(0, ...all.slice(1).map(({ started }, index) => started - all[index]!.started));
}

/**
 * Whether systemd was told to end the run, as by `systemctl restart`. If the service was still starting,
 * systemd writes only the second line.
 */
function isStopped({ lines }: Run): boolean {
  const has = (line: RegExp): boolean =>
    lines.some(({ isOfManager, message }) => isOfManager && line.test(message));
  return has(STOPPING) || (has(STOPPED) && !has(RESTART_SCHEDULED));
}

/** How the main process last ended. */
export interface End {
  /** As a sentence. Empty if it has not ended yet. */
  text: string;
  /** Whether its exit status means sleep: Restart= does not restart it. */
  isAsleep: boolean;
}

/** The codes of waitid(2), which ExecMainCode= uses. */
const codes: Readonly<Record<string, string>> = { "1": "exited", "2": "killed", "3": "dumped" };

/**
 * The exit status does not distinguish a program that moves to the background from one without work: both
 * exit with 0.
 */
const background =
  "A program that puts itself into the background ends like this, and systemd then ends what it has started.";

/** How a process has ended: as waitid(2) says it. */
type Ended = { code: string | undefined; status: number | string };

/** Whether Restart= does not restart a service whose process has ended like this. */
const isNotRestarted = (service: Unit, { code, status }: Ended): boolean =>
  code === "exited" && service.list("RestartPreventExitStatus").includes(String(status));

/** Whether the app has exited as one behind a proxy does that ends before it listens. */
const isFailedStart = (service: Unit, end: Ended): boolean =>
  isNotRestarted(service, end) && Number(end.status) === FAILED_START_STATUS;

/** Whether the process has gone to sleep. */
export const isSleep = (service: Unit, end: Ended): boolean =>
  isNotRestarted(service, end) && Number(end.status) !== FAILED_START_STATUS;

/** How the main process last ended, even if the service is running again. */
export async function lastEnd(subject: Subject): Promise<End> {
  const [service, all] = await subject.all(serviceUnit, runs);
  const statuses = service.list("RestartPreventExitStatus");
  const ended = (code: string, status: string, name = status): End => ({
    text: isFailedStart(service, { code, status })
      ? "It ended before it listened."
      : code === "exited"
        ? `It exited with ${status}.${status === "0" ? ` ${background}` : ""}`
        : `It was killed by signal ${name}.`,
    isAsleep: isSleep(service, { code, status }),
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
  // It runs again. The journal has the end of the previous run.
  const before = all.at(-2);
  if (before === undefined) return { text: "", isAsleep: false };
  if (isStopped(before)) return { text: "It was stopped.", isAsleep: false };
  const { end } = before;
  if (end !== undefined) return ended(end.code, String(end.status), end.name);
  const isAsleep = statuses.length > 0 && service.get("NRestarts") === "0";
  return { text: `It ended without an error.${isAsleep ? "" : ` ${background}`}`, isAsleep };
}

/** The run of the service that shows the fault. */
export interface ServiceRun extends Pick<Run, "end" | "control"> {
  /** The lines of its processes. */
  output: readonly JournalLine[];
  /** systemd's lines about it. */
  manager: readonly JournalLine[];
}

/**
 * The last run of the service. If the service crashes again and again, the last completed run, because the
 * current one has not failed yet.
 */
export async function serviceRun(subject: Subject): Promise<ServiceRun> {
  const [last, before] = (await subject.get(runs)).toReversed();
  const isNew = last !== undefined && Date.now() - last.started < STARTING_MS;
  // systemd logs this line for the completed run. NRestarts may be older than the journal.
  const isCrashing =
    isNew &&
    before?.lines.some(({ isOfManager, message }) => isOfManager && RESTART_SCHEDULED.test(message)) === true;
  const hasFailed = (run: Run | undefined): boolean => (run?.end ?? run?.control) !== undefined;
  const run = isCrashing && !hasFailed(last) && hasFailed(before) ? before : last;
  const lines = run?.lines ?? [];
  return {
    output: lines.filter((line) => !line.isOfManager),
    manager: lines.filter((line) => line.isOfManager),
    end: run?.end,
    control: run?.control,
  };
}

/** Whether one of these signals, such as `SYS`, ended the run. */
export function isKilledBy({ end }: ServiceRun, ...signals: readonly string[]): boolean {
  return end !== undefined && end.code !== "exited" && signals.includes(end.name);
}

/** The step that failed before systemd could start the program. */
export async function failedStep(subject: Subject): Promise<FailedStep | undefined> {
  const { manager, end } = await subject.get(serviceRun);
  // systemd.exec(5): exit statuses from 200 on are systemd's own, and have names.
  if (end?.code !== "exited" || end.status < 200 || !/^[A-Z_]+$/.test(end.name) || end.name === "FAILURE")
    return undefined;
  // The previous lines have the details. They may be missing if the process that wrote them ended before
  // journald could look up its unit.
  const before = manager.slice(0, manager.indexOf(end.line));
  const reason = before
    .map(({ message }) => STEP_FAILED.exec(message)?.[1])
    .findLast((each) => each !== undefined);
  const details = before.filter(({ message }) => !STARTING_OR_STARTED.test(message)).slice(-2);
  return { step: end.name, reason, lines: [...details, end.line] };
}

export interface FailedStep {
  /** As in systemd.exec(5), "Process Exit Codes": `EXEC`, `CHDIR`, `USER`. */
  step: string;
  /** The system error, such as `No such file or directory`. */
  reason: string | undefined;
  lines: readonly JournalLine[];
}

/** systemd.service(5), `$SERVICE_RESULT`. The others only mean that the process ended with an error. */
const results: Readonly<Record<string, string>> = {
  timeout: "It took too long to start or to stop.",
  watchdog: "It did not report to systemd's watchdog in time.",
  "oom-kill": "The kernel ended it, because memory ran out.",
  protocol: "It ended before it had reported to systemd that it is ready.",
  resources: "systemd could not set up what it needs.",
  "exec-condition": "A command of ExecCondition= failed.",
};

/** systemd.exec(5), "Process Exit Codes": the steps before the program that fail most often. */
const steps: Readonly<Record<string, string>> = {
  "200": "systemd could not change to WorkingDirectory=",
  "203": "systemd could not execute the program",
  "216": "systemd could not use the group of the service",
  "217": "systemd could not use the user of the service",
  "226": "systemd could not set up the sandbox",
  "243": "systemd could not set up the credentials",
};

/** How a service ended, in sentences, from `systemctl show` without the journal. */
export function failureText(service: Unit): string {
  const [status, restarts] = [service.get("ExecMainStatus"), service.get("NRestarts")];
  const code = codes[service.get("ExecMainCode")];
  const [signal = `Signal ${status}`] =
    Object.entries(constants.signals).find(([, number]) => String(number) === status) ?? [];
  const step = steps[status] === undefined ? "" : `: ${steps[status]}`;
  return [
    results[service.get("Result")] ?? "",
    isFailedStart(service, { code, status })
      ? "Its main process ended before it listened. Its log says why."
      : code === "exited"
        ? `Its main process exited with status ${status}${step}.`
        : "",
    code !== undefined && code !== "exited" ? `${signal} ended its main process.` : "",
    restarts === "1" ? "systemd has restarted it once." : "",
    Number(restarts) > 1 ? `systemd has restarted it ${restarts} times.` : "",
  ]
    .filter(Boolean)
    .join(" ");
}
