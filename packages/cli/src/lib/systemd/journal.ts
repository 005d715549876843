import process from "node:process";
import { CliError, EXIT } from "../shared/cli-error.ts";
import type { Ended } from "../shared/execute.ts";
import { list } from "../shared/proc.ts";
import type { ServiceManager } from "./service-manager.ts";
import { JOURNAL_RESTRICTED } from "../printed/systemctl.ts";

/** A line of the journal. */
export interface JournalEntry {
  time: Date;
  /** The unit of the line. */
  unit: string;
  /** Whether the app or systemd wrote it. */
  from: "app" | "systemd";
  pid: number | undefined;
  /** As in syslog(3): 0 to 3 are errors, 4 warnings, 5 and 6 information, 7 debug messages. */
  priority: number;
  message: string;
  /** Its position in the journal. */
  cursor: string;
  /**
   * How a process of the unit ended, in a line of systemd: `exited` and its exit status, or `killed` or
   * `dumped` and the signal.
   */
  exit?: { code: string; status: string };
  /** Why the unit failed, as in `Result=`, in a line of systemd. */
  result?: string;
  /** Set if systemd reports that it restarts the unit after `RestartSec=`. */
  isRestart?: true;
}

export interface JournalOptions {
  /** The maximum number of lines, the newest ones. */
  lines?: number | undefined;
  /** The oldest time, in the form of journalctl: `"10min ago"`, or milliseconds since 1970. */
  since?: string | number | undefined;
  /** Only entries after the one with this cursor. */
  after?: string | undefined;
  /** Options of journalctl(1) with their values. */
  filters?: Readonly<Partial<Record<"until" | "grep" | "priority", string>>>;
}

/** The lines, and whether there may be more that this user may not read. */
export interface JournalLines {
  entries: JournalEntry[];
  isRestricted: boolean;
}

const FIELDS =
  "MESSAGE,PRIORITY,_PID,_UID,SYSLOG_IDENTIFIER,_SYSTEMD_UNIT,_SYSTEMD_USER_UNIT,UNIT,USER_UNIT,COREDUMP_UNIT,COREDUMP_USER_UNIT,EXIT_CODE,EXIT_STATUS,UNIT_RESULT,N_RESTARTS";

/** Without it, journalctl omits messages that are long or contain a NUL. */
const ALL = "--all";
const JSON_OPTIONS = ["--no-pager", "--output=json"];

/** A service with `LogNamespace=` has its own journal. Lines of systemd about it are in the main one. */
export const ALL_NAMESPACES = "--namespace=*";

/** The hint if the journal can't be read. */
export const JOURNAL_HINT =
  "Run it as root, or join the group that may read the journal, and log in again:\n  sudo usermod --append --groups systemd-journal $USER";

export function argumentsFor(
  manager: ServiceManager,
  units: readonly string[],
  { lines, since, after, filters = {} }: JournalOptions,
): string[] {
  const unit = manager.user ? "--user-unit" : "--unit";
  return [
    `--output-fields=${FIELDS}`,
    ...(lines === undefined ? [] : [`--lines=${lines}`]),
    ...(since === undefined
      ? []
      : [`--since=${typeof since === "number" ? `@${(since / 1000).toFixed(6)}` : since}`]),
    ...(after === undefined ? [] : [`--after-cursor=${after}`]),
    ...Object.entries(filters).map(([name, value]) => `--${name}=${value}`),
    ...units.map((name) => `${unit}=${name}`),
  ];
}

const ownText = (value: JournalFields[string]): string | undefined =>
  typeof value === "string" ? value : undefined;

/** The fields of an entry; see systemd.journal-fields(7). */
export type JournalFields = Record<string, string | number[] | null | undefined>;

/** The message of an entry. `undefined` if it is missing or too long. */
export function messageOf({ MESSAGE }: JournalFields): string | undefined {
  // A message that is not UTF-8 is a list of bytes.
  return Array.isArray(MESSAGE) ? Buffer.from(MESSAGE).toString() : ownText(MESSAGE);
}

/**
 * The fields for a system unit and a user unit. Those with an underscore are from journald, the others from
 * the writer.
 */
const unitFields = {
  system: { writer: "_SYSTEMD_UNIT", about: "UNIT", coredump: "COREDUMP_UNIT" },
  user: { writer: "_SYSTEMD_USER_UNIT", about: "USER_UNIT", coredump: "COREDUMP_USER_UNIT" },
} as const;

/**
 * The unit of an entry, according to this manager. Every user may write fields without an underscore, and may
 * have units of the same names. So entries about other units count only if they are from a manager: root's,
 * or that of the same user.
 */
function unitsOf(
  fields: JournalFields,
  user: boolean,
): { writer?: string | undefined; about?: string | undefined; coredump?: string | undefined } {
  const names = unitFields[user ? "user" : "system"];
  const [writer, about, coredump] = [names.writer, names.about, names.coredump].map((name) =>
    ownText(fields[name]),
  );
  const uid = ownText(fields["_UID"]);
  const isOwn = user && uid === String(process.getuid?.());
  const isTrusted = uid === "0" || isOwn;
  return {
    writer: user && !isTrusted ? undefined : writer,
    about: isTrusted || (!user && about === writer) ? about : undefined,
    coredump: isTrusted ? coredump : undefined,
  };
}

/** Parses the JSON of journalctl. If journalctl was killed, its output may end in the middle of a line. */
function fieldsIn(printed: string): JournalFields[] {
  return printed.split("\n").flatMap((line): JournalFields[] => {
    try {
      return [JSON.parse(line) as JournalFields];
    } catch {
      return [];
    }
  });
}

/** The entry with these fields; undefined if it has no message. */
export function entryOf(fields: JournalFields, user: boolean): JournalEntry | undefined {
  const message = messageOf(fields);
  if (message === undefined) return undefined;
  const { about, coredump, writer } = unitsOf(fields, user);
  const pid = Number(fields["_PID"]);
  // In an app's entry, these fields are not about the unit.
  const [code, status, result] =
    about === undefined
      ? []
      : [ownText(fields["EXIT_CODE"]), ownText(fields["EXIT_STATUS"]), ownText(fields["UNIT_RESULT"])];
  return {
    time: new Date(Number(fields["__REALTIME_TIMESTAMP"]) / 1000),
    unit: about ?? coredump ?? writer ?? "",
    from: about === undefined && coredump === undefined ? "app" : "systemd",
    pid: Number.isInteger(pid) ? pid : undefined,
    priority: Number(fields["PRIORITY"] ?? 6),
    message: message.trimEnd(),
    cursor: ownText(fields["__CURSOR"]) ?? "",
    ...(code !== undefined && status !== undefined && { exit: { code, status } }),
    ...(result !== undefined && { result }),
    ...(about !== undefined && fields["N_RESTARTS"] !== undefined && { isRestart: true }),
  };
}

/**
 * Matches what --unit matches, and lines of systemd processes that ended before journald could look up their
 * unit.
 */
export function unitMatches({ user }: ServiceManager, unit: string): string[] {
  const uid = `_UID=${user ? process.getuid?.() : 0}`;
  return user
    ? [`_SYSTEMD_USER_UNIT=${unit}`, uid, "+", `USER_UNIT=${unit}`, uid]
    : [`_SYSTEMD_UNIT=${unit}`, "+", `UNIT=${unit}`, uid];
}

/**
 * Reads the entries that journalctl finds with these options and matches, the oldest first, whatever its exit
 * status.
 */
export async function readFields(
  manager: ServiceManager,
  options: readonly string[],
): Promise<{ found: JournalFields[]; ended: Ended; isRestricted: boolean }> {
  const args = [...JSON_OPTIONS, ALL_NAMESPACES, ...options];
  // Includes long messages, unless the total is too long.
  const ended = await manager.runJournalctl(ALL, ...args).catch(() => manager.runJournalctl(...args));
  return { found: fieldsIn(ended.stdout), ended, isRestricted: JOURNAL_RESTRICTED.test(ended.stderr) };
}

/**
 * Reads the journal of these units, the oldest line first. A unit may be a pattern, such as `shop@*.service`.
 */
export async function readJournal(
  manager: ServiceManager,
  units: readonly string[],
  options: JournalOptions = {},
): Promise<JournalLines> {
  const { lines } = options;
  // A line of sockact may have a record beside it, which has no message.
  const args = argumentsFor(manager, units, { ...options, lines: lines && 2 * lines });
  const { found, ended, isRestricted } = await readFields(manager, args);
  if (hasFailed(ended.code, ended.stderr) && !isRestricted) throw journalError(ended.stderr, ended.code);
  const entries = found.flatMap((fields) => entryOf(fields, manager.user) ?? []);
  return { entries: lines ? entries.slice(-lines) : entries, isRestricted };
}

/** Whether journalctl has failed. With --grep, it exits with 1 and prints nothing if no line matches. */
export const hasFailed = (code: number | null, stderr: string): boolean =>
  code !== 0 && !(code === 1 && stderr === "");

/** The error of a failed journalctl. Its `cause` is what journalctl has written. */
export function journalError(stderr: string, code: number | null): CliError {
  const cause = stderr.trim();
  return new CliError("SOCKACT_ERR_JOURNAL", `journalctl exited with ${code}: ${cause}`, JOURNAL_HINT, {
    exitCode: EXIT.failed,
    cause,
  });
}

/**
 * Waits until journald has written the output of services so far. Only root can request that. The wait is
 * limited, because journald may hang.
 */
export async function syncJournal(manager: ServiceManager): Promise<void> {
  const namespaces = list("/run/systemd").flatMap((name) => /^journal\.(.+)$/.exec(name)?.[1] ?? []);
  const options = [[], ...namespaces.map((namespace) => [`--namespace=${namespace}`])];
  await Promise.all(options.map((own) => manager.runJournalctl("--sync", ...own).catch(() => {})));
}
