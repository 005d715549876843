import { ownCommand } from "../../shared/own-command.ts";
import {
  type JournalFields,
  messageOf,
  readFields,
  syncJournal,
  unitMatches,
} from "../../systemd/journal.ts";
import type { Evidence } from "../model/diagnosis.ts";
import type { Host, Subject } from "../model/subject.ts";
import { lastChange, unitFiles } from "./files.ts";
import { serviceUnit, STARTING_MS, uptime } from "./units.ts";

/** A line of the journal. */
export interface JournalLine {
  /** The unit that it is about. */
  unit: string;
  message: string;
  /** Whether systemd wrote it about the unit. Otherwise it is the output of a process. */
  isOfManager: boolean;
  pid: number;
  /** As in syslog(3). 6 is the default. */
  priority: number;
  /** Milliseconds since 1970. */
  time: number;
  /** Microseconds since the boot. Not affected by changes of the clock. */
  sinceBoot: number;
  /** The run of the unit to which it belongs. */
  invocation: string;
}

/** How many lines to read per unit. */
const LINES = 500;

const FIELDS = "MESSAGE,PRIORITY,_PID,UNIT,USER_UNIT,INVOCATION_ID,USER_INVOCATION_ID,_SYSTEMD_INVOCATION_ID";

/** The journal lines of the units since the boot, the oldest first. */
export async function journal(subject: Subject): Promise<JournalLine[]> {
  const { host, units } = subject;
  const { manager } = host;
  // Journald reads the output of services with a delay. Only root can wait for that.
  if (host.isRoot) await host.get(journalIsWritten);
  const lines = await Promise.all(
    units.map(async (unit) => {
      const { found, isRestricted } = await readFields(manager, [
        // Without --user: the log of a user's manager may not be in that user's journal.
        ...unitMatches(manager, unit),
        "--boot",
        `--output-fields=${FIELDS}`,
        `--lines=${LINES}`,
      ]);
      if (!manager.user && isRestricted)
        host.cannotSee(
          "You may not see all lines of the journal.",
          `${ownCommand("doctor")}, or: sudo usermod -aG systemd-journal $USER`,
        );
      return found.map((fields) => lineOf(fields, unit));
    }),
  );
  return withInvocations(lines.flat().toSorted((one, other) => one.sinceBoot - other.sinceBoot));
}

/**
 * Adds missing invocation IDs. The last line of a process often has none, because journald can't look it up
 * if the unit has already failed. Such a line belongs to the run of the previous line.
 */
export function withInvocations(lines: readonly JournalLine[]): JournalLine[] {
  const latest = new Map<string, string>();
  return lines.map((line) => {
    if (line.invocation !== "") latest.set(line.unit, line.invocation);
    if (line.invocation !== "" || line.isOfManager) return line;
    return { ...line, invocation: latest.get(line.unit) ?? "" };
  });
}

const journalIsWritten = async ({ manager }: Host): Promise<void> => syncJournal(manager);

function lineOf(fields: JournalFields, unit: string): JournalLine {
  const invocation =
    fields["INVOCATION_ID"] ?? fields["USER_INVOCATION_ID"] ?? fields["_SYSTEMD_INVOCATION_ID"] ?? "";
  return {
    unit,
    message: messageOf(fields) ?? "",
    isOfManager: (fields["UNIT"] ?? fields["USER_UNIT"]) === unit,
    pid: Number(fields["_PID"]),
    priority: Number(fields["PRIORITY"] ?? 6),
    time: timeOf(fields),
    sinceBoot: Number(fields["__MONOTONIC_TIMESTAMP"]),
    invocation: String(invocation),
  };
}

const timeOf = (fields: JournalFields): number => Number(fields["__REALTIME_TIMESTAMP"]) / 1000;

/**
 * The lines of the last run of each unit, and of the previous run while systemd restarts a service
 * repeatedly. Without lines from before the last change of the unit's files.
 */
export async function lastRun(subject: Subject): Promise<JournalLine[]> {
  const [lines, files, service] = await subject.all(journal, unitFiles, serviceUnit);
  const isLooping = service.get("NRestarts") !== "0" && uptime(service) < STARTING_MS;
  return subject.units
    .flatMap((unit) => {
      const changed = lastChange(files, unit);
      const own = lines.filter((line) => line.unit === unit && line.time >= changed);
      const invocations = [...new Set(own.flatMap(({ invocation }) => invocation || []))];
      const last = invocations.slice(isLooping ? -2 : -1);
      return own.filter(({ invocation }) => last.includes(invocation));
    })
    .toSorted((one, other) => one.sinceBoot - other.sinceBoot);
}

/** The output of the service's processes in its last run. */
export async function appLines(subject: Subject): Promise<JournalLine[]> {
  const lines = await subject.get(lastRun);
  return lines.filter(({ unit, isOfManager }) => unit === subject.service && !isOfManager);
}

/** The last lines of the service's output: at most three, beginning with the error if there is one. */
export async function lastLines(subject: Subject): Promise<JournalLine[]> {
  const printed = (await subject.get(journal)).filter(
    ({ unit, isOfManager, message }) => unit === subject.service && !isOfManager && message.trim() !== "",
  );
  const last = printed.filter(({ invocation }) => invocation === printed.at(-1)?.invocation);
  const error = last.findIndex(({ message }) => /^(?:\w+ )?(?:\[\w+\] )?\w*Error\b/.test(message));
  return error < 0 ? last.slice(-3) : last.slice(error, error + 3);
}

/** A line of the kernel or of the audit daemon. */
export interface KernelLine {
  message: string;
  /** The process that it is about. */
  pid: number;
  /** Milliseconds since 1970. */
  time: number;
}

const refusal = /apparmor="DENIED"|\bavc: +denied|SELinux is preventing|\btype=1326\b|\bSECCOMP\b/i;

const kernelFields = [
  "_TRANSPORT=kernel",
  "_TRANSPORT=audit",
  "SYSLOG_IDENTIFIER=audit",
  "SYSLOG_IDENTIFIER=setroubleshoot",
];

/** What SELinux, AppArmor and seccomp have denied since the boot. */
export async function kernelLog({ manager }: Host): Promise<KernelLine[]> {
  const forUser = manager.user ? ["--user"] : [];
  const matches = kernelFields.flatMap((field, index) => (index === 0 ? field : ["+", field]));
  const { found } = await readFields(manager, [...forUser, "--boot", "--lines=2000", ...matches]);
  return found.flatMap((entry) => {
    const message = messageOf(entry);
    if (message === undefined || !refusal.test(message)) return [];
    return [{ message, pid: Number(/\bpid=(\d+)/.exec(message)?.[1]), time: timeOf(entry) }];
  });
}

/** The found lines of a unit as evidence. */
export function quoted(lines: readonly (JournalLine | undefined)[]): Evidence[] {
  const found = lines.filter((line) => line !== undefined);
  const text = found.map(({ message }) => message).join("\n");
  return found.slice(0, 1).map(({ unit }) => ({ text, source: `journal of ${unit}` }));
}
