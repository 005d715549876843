import process from "node:process";
import { messageOf, syncJournal } from "../../systemd/journal.ts";
import type { Host } from "../model/host.ts";
import type { Subject } from "../model/subject.ts";
import { serviceProperties, uptime } from "./properties.ts";
import { unitFiles } from "./unit-files.ts";

/** A line of the journal. */
export interface JournalLine {
  /** The unit that it is about. */
  unit: string;
  message: string;
  /** Whether systemd says it of the unit. Otherwise a process of the unit has printed it. */
  isOfManager: boolean;
  pid: number;
  /** Milliseconds since 1970. */
  time: number;
  /** Microseconds since the boot: no change of the clock puts these out of order. */
  sinceBoot: number;
  /** The run of the unit to which it belongs. */
  invocation: string;
}

/** How many lines are read of each unit. */
const LINES = 500;

const FIELDS = "MESSAGE,_PID,UNIT,USER_UNIT,INVOCATION_ID,USER_INVOCATION_ID,_SYSTEMD_INVOCATION_ID";

/** What the journal has of the units since the boot, the oldest line first. */
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
          : // As --unit, but also what a process of systemd has said that ended before the journal could ask for its unit.
            [`_SYSTEMD_UNIT=${unit}`, "+", `UNIT=${unit}`, "_UID=0"]),
        "--boot",
        "--output=json",
        `--output-fields=${FIELDS}`,
        "--no-pager",
        `--lines=${LINES}`,
      ];
      // Long messages too, unless all of them together are too long to be read.
      const { stdout, stderr } = await manager
        .runProgram("journalctl", "--all", ...args)
        .catch(() => manager.runProgram("journalctl", ...args));
      if (/not seeing messages|permission/i.test(stderr)) cannotSeeJournal(host);
      return stdout.split("\n").flatMap((line) => (line === "" ? [] : parse(line, unit)));
    }),
  );
  return lines.flat().toSorted((one, other) => one.sinceBoot - other.sinceBoot);
}

/** Journald reads what services print in its own time. Only root can wait until it has. */
async function journalIsWritten({ isRoot, manager }: Host): Promise<void> {
  if (isRoot) await syncJournal(manager);
}

function cannotSeeJournal(host: Host): void {
  host.cannotSee(
    "You may not see all lines of the journal.",
    "sudo sockact doctor, or: sudo usermod -aG systemd-journal $USER",
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
      time: Number(line["__REALTIME_TIMESTAMP"]) / 1000,
      sinceBoot: Number(line["__MONOTONIC_TIMESTAMP"]),
      invocation: String(
        line["INVOCATION_ID"] ?? line["USER_INVOCATION_ID"] ?? line["_SYSTEMD_INVOCATION_ID"] ?? "",
      ),
    },
  ];
}

/** A journalctl that is killed ends within a line. */
function readJson(text: string): Record<string, string | number[] | null> | undefined {
  try {
    return JSON.parse(text) as Record<string, string | number[] | null>;
  } catch {
    return undefined;
  }
}

/** A service that has been up for so long has not been started again because of what the run before said, in milliseconds. */
const SETTLED_MS = 10_000;

/**
 * What the journal has of the last run of each unit, and of the run before while systemd starts a service again and again. Lines from before the last
 * change of the unit's files say nothing about the units of now, and are left out.
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
