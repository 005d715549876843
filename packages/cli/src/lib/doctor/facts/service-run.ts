import type { Evidence } from "../model/diagnosis.ts";
import type { Subject } from "../model/subject.ts";
import type { JournalLine } from "./journal.ts";
import { type Run, runs } from "./runs.ts";
import { RESTART_SCHEDULED, STARTING_OR_STARTED, STEP_FAILED } from "../../printed/systemd.ts";

/** The run of the service that shows its fault. */
export interface ServiceRun extends Pick<Run, "end" | "control"> {
  /** The lines that its processes have printed. */
  output: readonly JournalLine[];
  /** The lines that systemd has written about it. */
  manager: readonly JournalLine[];
}

/** After this time, in milliseconds, a run no longer counts as crashing. */
const SETTLED = 10_000;

/**
 * The last run of the service. If the service crashes again and again, this is the last run that has ended, because the present one has not failed yet.
 */
export async function serviceRun(subject: Subject): Promise<ServiceRun> {
  const [last, before] = (await subject.get(runs)).toReversed();
  const isNew = last !== undefined && Date.now() - last.started < SETTLED;
  // systemd writes this line about the run that has ended. Its NRestarts may be older than the journal.
  const isCrashing =
    isNew &&
    before?.lines.some(({ isOfManager, message }) => isOfManager && RESTART_SCHEDULED.test(message)) === true;
  const hasFailed = (run: Run | undefined): boolean => (run?.end ?? run?.control) !== undefined;
  const { lines, end, control } = (isCrashing && !hasFailed(last) && hasFailed(before) ? before : last) ?? {
    lines: [],
    end: undefined,
    control: undefined,
  };
  return {
    output: lines.filter((line) => !line.isOfManager),
    manager: lines.filter((line) => line.isOfManager),
    end,
    control,
  };
}

/** Whether one of these signals, such as `SYS`, ended the run. */
export function isKilledBy({ end }: ServiceRun, ...signals: readonly string[]): boolean {
  return end !== undefined && end.code !== "exited" && signals.includes(end.name);
}

/** The step that failed before systemd could start the program. */
export function failedStep({ manager, end }: ServiceRun): FailedStep | undefined {
  // systemd.exec(5): statuses from 200 on are systemd's own, and have names.
  if (end?.code !== "exited" || end.status < 200 || !/^[A-Z_]+$/.test(end.name) || end.name === "FAILURE")
    return undefined;
  // The lines before have the details. They are missing if the process that wrote them ended before the journal could look up its unit.
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
  /** The error of the system, such as `No such file or directory`. */
  reason: string | undefined;
  lines: readonly JournalLine[];
}

/** Lines of the journal as evidence. */
export function quoted(lines: readonly JournalLine[]): Evidence[] {
  const [first] = lines;
  if (first === undefined) return [];
  return [{ text: lines.map(({ message }) => message).join("\n"), source: `journal of ${first.unit}` }];
}
