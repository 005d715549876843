import type { Host } from "../model/host.ts";
import type { Subject } from "../model/subject.ts";
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
  /** The run of the unit to which it belongs. */
  invocation: string;
}

/** How many lines are read of each unit. */
const LINES = 500;

/** What the journal has of the units since the boot, the oldest line first. */
export async function journal(subject: Subject): Promise<JournalLine[]> {
  const { host, units } = subject;
  const { manager } = host;
  // Journald reads what services print in its own time. Only root can wait until it has.
  if (host.isRoot) await manager.runProgram("journalctl", "--sync").catch(() => {});
  const lines = await Promise.all(
    units.map(async (unit) => {
      const option = manager.user ? "--user-unit" : "--unit";
      const { stdout, stderr } = await manager.runProgram(
        "journalctl",
        `${option}=${unit}`,
        "--boot",
        "--output=json",
        "--all",
        "--no-pager",
        `--lines=${LINES}`,
      );
      if (/not seeing messages|permission/i.test(stderr)) cannotSeeJournal(host);
      return stdout.split("\n").flatMap((line) => (line === "" ? [] : parse(line, unit)));
    }),
  );
  return lines.flat().toSorted((one, other) => one.time - other.time);
}

function cannotSeeJournal(host: Host): void {
  host.cannotSee(
    "The journal may be hidden from you.",
    "Run it as root, or add yourself to the group: sudo usermod --append --groups systemd-journal $USER",
  );
}

function parse(json: string, unit: string): JournalLine[] {
  const line = JSON.parse(json) as Record<string, string | number[] | null>;
  const message = line["MESSAGE"];
  // Bytes that are not UTF-8 come as a list of numbers; what is too long as null.
  const text =
    typeof message === "string" ? message : Array.isArray(message) ? Buffer.from(message).toString() : "";
  const about = line["UNIT"] ?? line["USER_UNIT"];
  return [
    {
      unit,
      message: text,
      isOfManager: about === unit,
      pid: Number(line["_PID"]),
      time: Number(line["__REALTIME_TIMESTAMP"]) / 1000,
      invocation: String(
        line["INVOCATION_ID"] ?? line["USER_INVOCATION_ID"] ?? line["_SYSTEMD_INVOCATION_ID"] ?? "",
      ),
    },
  ];
}

/**
 * What the journal has of the last run of each unit. Lines from before the last change of the unit's files say nothing about the units of now,
 * and are left out.
 */
export async function lastRun(subject: Subject): Promise<JournalLine[]> {
  const [lines, files] = await Promise.all([subject.get(journal), subject.get(unitFiles)]);
  return subject.units
    .flatMap((unit) => {
      const changed = Math.max(0, ...files.filter((file) => file.unit === unit).map((file) => file.changed));
      const own = lines.filter((line) => line.unit === unit && line.time >= changed);
      const invocation = own.findLast((line) => line.invocation !== "")?.invocation;
      return own.filter((line) => line.invocation === invocation);
    })
    .toSorted((one, other) => one.time - other.time);
}
