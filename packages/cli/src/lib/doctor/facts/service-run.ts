import type { Evidence } from "../model/diagnosis.ts";
import type { Subject } from "../model/subject.ts";
import { journal, type JournalLine } from "./journal.ts";
import { serviceProperties } from "./properties.ts";
import { unitFiles } from "./unit-files.ts";

/** How a main process has ended, as systemd says it: `code=exited, status=203/EXEC`. */
interface End {
  /** `exited`, or `killed` and `dumped` by a signal. */
  code: string;
  /** The exit status, or the number of the signal. */
  status: number;
  /** Its name: `EXEC`, or that of the signal without SIG. */
  name: string;
  line: JournalLine;
}

/** One run of the service, from its start to its end. */
export interface ServiceRun {
  /** What its processes have printed. */
  output: readonly JournalLine[];
  /** What systemd says of it. */
  manager: readonly JournalLine[];
  /** `undefined` while it runs, or if systemd has not got as far as to start it. */
  end: End | undefined;
}

/** A run that began so long ago, in milliseconds, has got over what the one before it has died of. */
const SETTLED = 10_000;

/**
 * The last run of the service. Of a service that crashes again and again this is the last one that has ended, since the present one has not failed yet.
 * Runs from before the last change of the unit's files say nothing about the unit of now, and are left out.
 */
export async function serviceRun(subject: Subject): Promise<ServiceRun> {
  const [lines, files, service] = await Promise.all([
    subject.get(journal),
    subject.get(unitFiles),
    subject.get(serviceProperties),
  ]);
  const changed = Math.max(
    0,
    ...files.filter(({ unit }) => unit === subject.service).map((file) => file.changed),
  );
  const runs = new Map<string, JournalLine[]>();
  for (const line of lines) {
    if (line.unit !== subject.service || line.invocation === "" || line.time < changed) continue;
    runs.set(line.invocation, [...(runs.get(line.invocation) ?? []), line]);
  }
  const [last = [], before = []] = [...runs.values()].toReversed();
  const isNew = Date.now() - (last[0]?.time ?? 0) < SETTLED;
  const isCrashing = isNew && Number(service.get("NRestarts")) > 0;
  return runOf(isCrashing && endOf(last) === undefined && endOf(before) !== undefined ? before : last);
}

function runOf(lines: readonly JournalLine[]): ServiceRun {
  return {
    output: lines.filter((line) => !line.isOfManager),
    manager: lines.filter((line) => line.isOfManager),
    end: endOf(lines),
  };
}

function endOf(lines: readonly JournalLine[]): End | undefined {
  for (const line of lines) {
    const [, code, status, name = ""] =
      /Main process exited, code=(\w+), status=(\d+)\/(\S+)/.exec(line.message) ?? [];
    if (line.isOfManager && code !== undefined) return { code, status: Number(status), name, line };
  }
}

/** Whether the run has ended by one of these signals, such as `SYS`. */
export function isKilledBy({ end }: ServiceRun, ...signals: readonly string[]): boolean {
  return end !== undefined && end.code !== "exited" && signals.includes(end.name);
}

/** The step at which systemd has failed before it could start the program. */
export function failedStep({ manager, end }: ServiceRun): FailedStep | undefined {
  // systemd.exec(5): statuses from 200 on are systemd's own, and have names.
  if (end?.code !== "exited" || end.status < 200 || !/^[A-Z_]+$/.test(end.name) || end.name === "FAILURE")
    return undefined;
  // The lines before have the details. They are missing if the process that wrote them ended before the journal could ask for its unit.
  const before = manager.slice(0, manager.indexOf(end.line));
  const reason = before
    .map(({ message }) => /Failed at step \w+ spawning .+: (.+)$/s.exec(message)?.[1])
    .findLast((each) => each !== undefined);
  const details = before.filter(({ message }) => !/^Start(?:ed|ing) /.test(message)).slice(-2);
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
