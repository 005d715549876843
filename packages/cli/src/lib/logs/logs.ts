import process from "node:process";
import { entryText } from "../output/entry-text.ts";
import { jsonText } from "../shared/clean.ts";
import { print } from "../output/print.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { colour } from "../shared/messages.ts";
import { BAD_LEVEL, BAD_PATTERN, BAD_TIME } from "../printed/systemctl.ts";
import { untilSignal } from "../shared/until-signal.ts";
import { type ActivatedService, journalUnits } from "../systemd/activated-units.ts";
import { JOURNAL_HINT, type JournalEntry, type JournalOptions } from "../systemd/journal.ts";
import { newestLines, streamJournal } from "../systemd/follow-journal.ts";
import { ServiceManager } from "../systemd/service-manager.ts";
import { findOwn } from "../systemd/timed-service.ts";

/** The options of `sockact logs`. */
export interface LogsOptions {
  follow?: boolean;
  lines?: number;
  since?: string;
  until?: string;
  grep?: string;
  priority?: string;
  json?: boolean;
  user?: boolean;
}

/** How many lines to show without `--lines` and `--since`. */
const LINES = 50;

/** An entry as a line of `sockact logs --json`. */
function jsonLine({ time, unit, from, pid, priority, message }: JournalEntry): string {
  return jsonText({ time: time.toISOString(), unit, from, pid: pid ?? null, priority, message });
}

/** Shows the journal of a service and its sockets together, and returns the exit code. */
export async function logs(
  name: string,
  { follow = false, lines, since, json, user, ...filters }: LogsOptions,
): Promise<number> {
  const manager = new ServiceManager({ user });
  const service = await findOwn(manager, name);
  const options = { lines: lines ?? (since === undefined ? LINES : undefined), since, filters };
  const write = (entry: JournalEntry) => print(`${json ? jsonLine(entry) : entryText(entry)}\n`);
  try {
    return await showLogs(manager, service, { follow, ...options }, write);
  } catch (error) {
    throw wrongValue(error) ?? error;
  }
}

/** The error for a value of an option that journalctl can't read, or undefined. */
function wrongValue(error: unknown): CliError | undefined {
  const cause = error instanceof CliError && typeof error.cause === "string" ? error.cause : "";
  const hints = [
    [BAD_TIME, 'Write a time as systemd.time(7) has it: "10min ago", "today", "12:30".'],
    [BAD_LEVEL, 'Write a level as syslog(3) has it: "err", "warning", "debug".'],
    [BAD_PATTERN, "Write a regular expression as pcre2pattern(3) has it."],
  ] as const;
  const hint = hints.find(([pattern]) => pattern.test(cause))?.[1];
  return hint === undefined ? undefined : new CliError("SOCKACT_ERR_USAGE", cause, hint);
}

type ReadOptions = Pick<JournalOptions, "lines" | "since" | "filters">;
type Write = (entry: JournalEntry) => boolean;

function restricted(name: string): CliError {
  return new CliError("SOCKACT_ERR_JOURNAL", `you may not read the journal of ${name}`, JOURNAL_HINT, {
    exitCode: EXIT.failed,
  });
}

async function showLogs(
  manager: ServiceManager,
  service: ActivatedService,
  { follow, ...options }: ReadOptions & { follow: boolean },
  write: Write,
): Promise<number> {
  return untilSignal(async (signal) => {
    const gone = new AbortController();
    const end = AbortSignal.any([signal, gone.signal]);
    let isEmpty = true;
    const onEntry = (entry: JournalEntry) => {
      isEmpty = false;
      if (!write(entry)) gone.abort();
    };
    const { isRestricted } = await showService(manager, service, { follow, ...options }, onEntry, end);
    if (isRestricted && (follow || isEmpty) && !end.aborted) throw restricted(service.name);
    if (isEmpty && !follow && options.lines !== 0 && !signal.aborted)
      process.stderr.write(
        `${colour("dim", `The journal has no ${Object.keys(options.filters ?? {}).length > 0 ? "such lines" : "lines"} of ${service.name}.`)}\n`,
      );
    return 0;
  });
}

async function showService(
  manager: ServiceManager,
  service: ActivatedService,
  { follow, lines, since, filters = {} }: ReadOptions & { follow: boolean },
  onEntry: (entry: JournalEntry) => void,
  signal: AbortSignal,
): Promise<{ isRestricted: boolean }> {
  const units = journalUnits(service);
  const isEach = service.kind === "accept";
  const from = { ...(since !== undefined && { since }), filters };
  if (lines === undefined && !(follow && isEach))
    return streamJournal(manager, units, { follow, ...from }, onEntry, signal);
  let after: string | undefined;
  const onOldEntry = (entry: JournalEntry) => {
    after = entry.cursor;
    onEntry(entry);
  };
  let isRestricted: boolean;
  if (lines === undefined)
    ({ isRestricted } = await streamJournal(manager, units, { follow: false, ...from }, onOldEntry, signal));
  else {
    const newest = await newestLines(manager, units, { lines, ...from }, signal);
    ({ isRestricted } = newest);
    for (const entry of newest.entries) onOldEntry(entry);
  }
  if (!follow || signal.aborted) return { isRestricted };
  const place = after === undefined ? { lines: 0 } : { after };
  // A pattern matches only units that are already in the journal, and each connection has a new unit.
  const isOurs = ({ unit }: JournalEntry) =>
    !isEach ||
    service.sockets.includes(unit) ||
    (unit.startsWith(`${service.name}@`) && unit.endsWith(".service"));
  return streamJournal(
    manager,
    isEach ? [] : units,
    { follow, ...place, filters },
    (entry) => isOurs(entry) && onEntry(entry),
    signal,
  );
}
