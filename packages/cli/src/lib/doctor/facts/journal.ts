import process from "node:process";
import { sudoCommand } from "../../shared/own-command.ts";
import { messageOf, syncJournal } from "../../systemd/journal.ts";
import type { Host } from "../model/host.ts";
import type { Subject } from "../model/subject.ts";
import { serviceProperties, uptime } from "./properties.ts";
import { unitFiles } from "./unit-files.ts";
import { JOURNAL_RESTRICTED } from "../../printed/systemd.ts";

/** A line of the journal. */
export interface JournalLine {
  /** The unit that it is about. */
  unit: string;
  message: string;
  /** Whether systemd has written it about the unit. Otherwise a process of the unit has printed it. */
  isOfManager: boolean;
  pid: number;
  /** As in syslog(3): 6 for a usual line. */
  priority: number;
  /** Milliseconds since 1970. */
  time: number;
  /** Microseconds since the boot: a change of the clock does not change their order. */
  sinceBoot: number;
  /** The run of the unit to which it belongs. */
  invocation: string;
}

/** How many lines are read of each unit. */
const LINES = 500;

const FIELDS = "MESSAGE,PRIORITY,_PID,UNIT,USER_UNIT,INVOCATION_ID,USER_INVOCATION_ID,_SYSTEMD_INVOCATION_ID";

/** The lines of the journal about the units since the boot, the oldest first. */
export async function journal(subject: Subject): Promise<JournalLine[]> {
  const { host, units } = subject;
  const { manager } = host;
  await host.get(journalIsWritten);
  const uid = process.getuid?.();
  const lines = await Promise.all(
    units.map(async (unit) => {
      const args = [
        ...(manager.user
          ? [`_SYSTEMD_USER_UNIT=${unit}`, `_UID=${uid}`, "+", `USER_UNIT=${unit}`, `_UID=${uid}`]
          : // Like --unit, but with the lines of systemd processes that ended before the journal could look up their unit.
            [`_SYSTEMD_UNIT=${unit}`, "+", `UNIT=${unit}`, "_UID=0"]),
        "--boot",
        "--output=json",
        `--output-fields=${FIELDS}`,
        "--no-pager",
        `--lines=${LINES}`,
      ];
      // Long messages too, unless all of them together are too long to be read.
      const { stdout, stderr } = await manager
        // Without --user: what a manager of a user logs need not be in a journal of that user.
        .runJournalctl("--all", ...args)
        .catch(() => manager.runJournalctl(...args));
      if (!manager.user && JOURNAL_RESTRICTED.test(stderr)) cannotSeeJournal(host);
      return stdout.split("\n").flatMap((line) => (line === "" ? [] : parse(line, unit)));
    }),
  );
  return withInvocations(lines.flat().toSorted((one, other) => one.sinceBoot - other.sinceBoot));
}

/**
 * The last line of a process often has no invocation ID: if journald reads the line when the unit has failed already, it can't look the ID up. Such a line belongs to the run
 * of the line before.
 */
export function withInvocations(lines: readonly JournalLine[]): JournalLine[] {
  const latest = new Map<string, string>();
  return lines.map((line) => {
    if (line.invocation !== "") latest.set(line.unit, line.invocation);
    if (line.invocation !== "" || line.isOfManager) return line;
    return { ...line, invocation: latest.get(line.unit) ?? "" };
  });
}

/** Journald reads the output of services with a delay. Only root can wait until it has read everything. */
async function journalIsWritten({ isRoot, manager }: Host): Promise<void> {
  if (isRoot) await syncJournal(manager);
}

function cannotSeeJournal(host: Host): void {
  host.cannotSee(
    "You may not see all lines of the journal.",
    `${sudoCommand()} doctor, or: sudo usermod -aG systemd-journal $USER`,
  );
}

function parse(json: string, unit: string): JournalLine[] {
  const line = readJson(json);
  if (line === undefined) return [];
  const about = line["UNIT"] ?? line["USER_UNIT"];
  return [
    {
      unit,
      message: messageOf(line) ?? "",
      isOfManager: about === unit,
      pid: Number(line["_PID"]),
      priority: Number(line["PRIORITY"] ?? 6),
      time: Number(line["__REALTIME_TIMESTAMP"]) / 1000,
      sinceBoot: Number(line["__MONOTONIC_TIMESTAMP"]),
      invocation: String(
        line["INVOCATION_ID"] ?? line["USER_INVOCATION_ID"] ?? line["_SYSTEMD_INVOCATION_ID"] ?? "",
      ),
    },
  ];
}

/** A journalctl that is killed may stop in the middle of a line. */
function readJson(text: string): Record<string, string | number[] | null> | undefined {
  try {
    return JSON.parse(text) as Record<string, string | number[] | null>;
  } catch {
    return undefined;
  }
}

/** After this uptime, in milliseconds, a service no longer counts as crashing. */
const SETTLED_MS = 10_000;

/**
 * The lines of the last run of each unit, and of the run before while systemd starts a service again and again. Lines from before the last
 * change of the unit's files are left out, because they are about other units.
 */
export async function lastRun(subject: Subject): Promise<JournalLine[]> {
  const [lines, files, service] = await Promise.all([
    subject.get(journal),
    subject.get(unitFiles),
    subject.get(serviceProperties),
  ]);
  const isLooping = service.get("NRestarts") !== "0" && uptime(service) < SETTLED_MS;
  return subject.units
    .flatMap((unit) => {
      const changed = Math.max(0, ...files.filter((file) => file.unit === unit).map((file) => file.changed));
      const own = lines.filter((line) => line.unit === unit && line.time >= changed);
      const invocations = [...new Set(own.flatMap(({ invocation }) => invocation || []))];
      const last = invocations.slice(isLooping ? -2 : -1);
      return own.filter(({ invocation }) => last.includes(invocation));
    })
    .toSorted((one, other) => one.sinceBoot - other.sinceBoot);
}
