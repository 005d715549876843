import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { JOURNAL_RESTRICTED } from "../printed/systemctl.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { systemEnvironment } from "../shared/system-path.ts";
import {
  ALL_NAMESPACES,
  argumentsFor,
  entryOf,
  hasFailed,
  type JournalEntry,
  type JournalLines,
  journalError,
  type JournalFields,
  type JournalOptions,
  readJournal,
} from "./journal.ts";
import { exportReader } from "./journal-export.ts";
import type { ServiceManager } from "./service-manager.ts";

/**
 * Returns a function that reads the lines of these units since a time in milliseconds. Each call returns only
 * new lines.
 */
export function newLines(
  manager: ServiceManager,
  units: readonly string[],
  since: number,
): () => Promise<JournalEntry[]> {
  let after: string | undefined;
  return async () => {
    const { entries } = await readJournal(manager, units, after === undefined ? { since } : { after });
    after = entries.at(-1)?.cursor ?? after;
    return entries;
  };
}

/**
 * Reads the journal of these units line by line, whatever its size, until the signal is aborted. With
 * `follow`, new lines are included. Without units, it reads the whole journal, because a pattern matches only
 * units that are already in the journal.
 */
export async function streamJournal(
  manager: ServiceManager,
  units: readonly string[],
  { follow, isReversed = false, ...options }: JournalOptions & { follow: boolean; isReversed?: boolean },
  onEntry: (entry: JournalEntry) => void,
  signal: AbortSignal,
): Promise<{ isRestricted: boolean }> {
  const follows = [...(follow ? ["--follow"] : []), ...(isReversed ? ["--reverse"] : [])];
  const onFields = (fields: JournalFields) => {
    const entry = entryOf(fields, manager.user);
    if (entry) onEntry(entry);
  };
  return streamFields([...follows, ...argumentsFor(manager, units, options)], onFields, signal);
}

/** Reads the entries that journalctl finds with these options and matches, until the signal is aborted. */
export async function streamFields(
  options: readonly string[],
  onFields: (fields: JournalFields) => void,
  signal: AbortSignal,
): Promise<{ isRestricted: boolean; complaint: string }> {
  // A separate process group, so that Ctrl-C reaches only this process, which then ends journalctl.
  const child: ChildProcess = spawn(
    "journalctl",
    ["--no-pager", "--output=export", ALL_NAMESPACES, ...options],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: systemEnvironment(),
      detached: true,
    },
  );
  const abort = () => child.kill("SIGKILL");
  signal.addEventListener("abort", abort, { once: true });
  let complaint = "";
  child.stderr!.setEncoding("utf8").on("data", (chunk: string) => (complaint += chunk));
  const read = exportReader((fields) => {
    if (!signal.aborted) onFields(fields);
  });
  child.stdout!.on("data", read);
  try {
    if (signal.aborted) abort();
    const [code] = (await once(child, "close")) as [number | null];
    if (hasFailed(code, complaint) && !signal.aborted && !JOURNAL_RESTRICTED.test(complaint))
      throw journalError(complaint, code);
    return { isRestricted: JOURNAL_RESTRICTED.test(complaint), complaint };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new CliError(
      "SOCKACT_ERR_JOURNAL",
      "journalctl was not found",
      "Run it on a machine with systemd.",
      {
        exitCode: EXIT.failed,
        cause: error,
      },
    );
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/**
 * The newest lines of these units, the oldest first. For `--lines`, journalctl also counts records of sockact,
 * which have no message.
 */
export async function newestLines(
  manager: ServiceManager,
  units: readonly string[],
  { lines, ...options }: JournalOptions & { lines: number },
  signal: AbortSignal,
): Promise<JournalLines> {
  const entries: JournalEntry[] = [];
  if (lines === 0) return { entries, isRestricted: false };
  const enough = new AbortController();
  const { isRestricted } = await streamJournal(
    manager,
    units,
    { follow: false, isReversed: true, ...options },
    (entry) => {
      if (entries.push(entry) === lines) enough.abort();
    },
    AbortSignal.any([signal, enough.signal]),
  );
  return { entries: entries.toReversed(), isRestricted };
}
