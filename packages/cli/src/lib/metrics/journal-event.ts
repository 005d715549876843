import {
  CUT_CONNECTIONS,
  DURATION,
  EVENT,
  MOVED_CONNECTIONS,
  REJECTED_CONNECTIONS,
  RESULT,
  STATE,
} from "@sockact/shared/records";
import type { JournalFields } from "../systemd/journal.ts";

/**
 * What an entry of systemd says about a unit, by its `MESSAGE_ID`: see sd-messages.h. Seen in systemd 257.
 */
const MESSAGES = {
  "7d4958e842da4a758f6c1cdc7b36dcc5": "starting",
  "39f53479d3a045ac8e11786248231fbf": "started",
  be02cf6855d2428ba40df7e9d022f03d: "start-failed",
  "0e4284a0caca4bfc81c0bb6786972673": "skipped",
  de5b426a63be47a7b6ac3eaac82e2f6f: "stopping",
  "9d1aaa27d60140bd96365438aad20286": "stopped",
  d34d037fff1847e6ae669a370e694725: "reloading",
  "7b05ebc668384222baa8881179cfda54": "reloaded",
  d9b373ed55a64feb8242e02dbe79a49c: "failed",
  "7ad2d189f7e94e70a38c781354912448": "ended",
  "5eb03494b6584870a536b337290809b3": "restart-scheduled",
  ae8f7b866b0347b9af31fe1c80b127c0: "used",
} as const;

/** The records of {@link EVENT} that count. */
const RECORDS = ["reloaded", "handover", "drained", "rejected", "health"] as const;

/** When an entry was sent to journald. */
interface When {
  /** The boot. */
  boot: string;
  /** Microseconds of the monotonic clock of this boot. */
  at: number;
}

/** How long an entry may wait for journald, in microseconds. Its clocks may have been set meanwhile. */
const WAIT_MAX = 60e6;

/** journald reads an entry later than it was sent, on a busy machine by tenths of a second. */
function whenSent(fields: JournalFields): When {
  const microseconds = (name: string): number => Number(text(fields[name]));
  const waited = microseconds("__REALTIME_TIMESTAMP") - microseconds("_SOURCE_REALTIME_TIMESTAMP");
  const read = microseconds("__MONOTONIC_TIMESTAMP");
  return { boot: text(fields["_BOOT_ID"]), at: waited > 0 && waited < WAIT_MAX ? read - waited : read };
}

/** An entry of systemd about a unit. */
export interface UnitEvent extends When {
  type: (typeof MESSAGES)[keyof typeof MESSAGES];
  unit: string;
  /** The run of the unit: `InvocationID`. */
  invocation: string;
  /** The job, if the entry is about one. A later job has a higher number. */
  job: number | undefined;
  /** Whether the job is the restart that somebody has requested. */
  isRestart: boolean;
  /** Whether the job was done. */
  isDone: boolean;
  /** The processor time of a run that has ended, in microseconds, for `used`. */
  cpu: number | undefined;
}

/** A record of an app: `SOCKACT_EVENT=`. */
export interface RecordEvent extends When {
  type: "record";
  /** The unit that has written it, according to journald. */
  unit: string;
  record: (typeof RECORDS)[number];
  /** Whether the reload or the handover succeeded. */
  isSuccess: boolean;
  /** How long it took, in microseconds. */
  duration: number | undefined;
  cut: number;
  moved: number;
  rejected: number;
  /** Whether probes get 200. */
  isHealthy: boolean;
}

export type JournalEvent = UnitEvent | RecordEvent;

/**
 * The options of journalctl that find the entries that {@link journalEvent} knows.
 *
 * @param more further records of {@link EVENT}, and their fields
 */
export function eventMatches(
  user: boolean,
  uid: number | undefined,
  more: Readonly<Record<string, string>> = {},
): string[] {
  const manager = user ? ["_SYSTEMD_USER_UNIT=init.scope", `_UID=${uid}`] : ["_PID=1", "_UID=0"];
  const own = user ? [`_UID=${uid}`] : [];
  return [
    `--output-fields=${[...FIELDS, ...Object.values(more)].join(",")}`,
    ...manager,
    ...Object.keys(MESSAGES).map((id) => `MESSAGE_ID=${id}`),
    "+",
    ...own,
    ...[...RECORDS, ...Object.keys(more)].map((name) => `${EVENT}=${name}`),
  ];
}

const FIELDS = [
  "MESSAGE_ID",
  "UNIT",
  "USER_UNIT",
  "INVOCATION_ID",
  "USER_INVOCATION_ID",
  "JOB_ID",
  "JOB_TYPE",
  "JOB_RESULT",
  "CPU_USAGE_NSEC",
  "_PID",
  "_UID",
  "_BOOT_ID",
  "_SOURCE_REALTIME_TIMESTAMP",
  "_SYSTEMD_UNIT",
  "_SYSTEMD_USER_UNIT",
  EVENT,
  RESULT,
  DURATION,
  STATE,
  CUT_CONNECTIONS,
  MOVED_CONNECTIONS,
  REJECTED_CONNECTIONS,
];

const text = (value: JournalFields[string]): string => (typeof value === "string" ? value : "");

/** Apps choose the numbers of their records. */
function count(value: JournalFields[string]): number | undefined {
  const digits = text(value);
  return /^\d{1,15}$/.test(digits) ? Number(digits) : undefined;
}

/**
 * What an entry says. Everyone may write fields without an underscore. So what systemd says counts only if its
 * own process has written it, and a record only for the unit of the process that has written it: journald adds
 * both.
 */
export function journalEvent(
  fields: JournalFields,
  user: boolean,
  uid: number | undefined,
): JournalEvent | undefined {
  const when = whenSent(fields);
  const writer = text(fields[user ? "_SYSTEMD_USER_UNIT" : "_SYSTEMD_UNIT"]);
  if (user && text(fields["_UID"]) !== String(uid)) return undefined;
  const isManager = user
    ? writer === "init.scope"
    : text(fields["_PID"]) === "1" && text(fields["_UID"]) === "0";
  const type = Object.hasOwn(MESSAGES, text(fields["MESSAGE_ID"]))
    ? MESSAGES[text(fields["MESSAGE_ID"]) as keyof typeof MESSAGES]
    : undefined;
  if (isManager && type !== undefined) {
    const cpu = count(fields["CPU_USAGE_NSEC"]);
    return {
      ...when,
      type,
      unit: text(fields[user ? "USER_UNIT" : "UNIT"]),
      invocation: text(fields[user ? "USER_INVOCATION_ID" : "INVOCATION_ID"]),
      job: count(fields["JOB_ID"]),
      isRestart: text(fields["JOB_TYPE"]) === "restart",
      isDone: text(fields["JOB_RESULT"]) === "done",
      cpu: cpu === undefined ? undefined : cpu / 1000,
    };
  }
  const record = RECORDS.find((name) => name === text(fields[EVENT]));
  if (record === undefined || writer === "") return undefined;
  return {
    ...when,
    type: "record",
    unit: writer,
    record,
    isSuccess: text(fields[RESULT]) === "success",
    duration: count(fields[DURATION]),
    cut: count(fields[CUT_CONNECTIONS]) ?? 0,
    moved: count(fields[MOVED_CONNECTIONS]) ?? 0,
    rejected: count(fields[REJECTED_CONNECTIONS]) ?? 0,
    isHealthy: text(fields[STATE]) === "ready",
  };
}
