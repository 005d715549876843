import { type JournalEntry, readJournal, syncJournal } from "./journal.ts";
import { inOrder, linesWithoutUnit } from "./lines-without-unit.ts";
import type { ServiceManager } from "./service-manager.ts";

/** The lines of a failed start, the oldest first. systemd may have restarted the service since. */
export async function readFailedStart(
  manager: ServiceManager,
  unit: string,
  options: { since: number; lines: number },
): Promise<readonly JournalEntry[]> {
  await syncJournal(manager);
  const [{ entries }, others] = await Promise.all([
    readJournal(manager, [unit], options),
    linesWithoutUnit(manager, [unit], options.since),
  ]);
  return untilRestart(inOrder(entries, others));
}

/** The lines before systemd restarted a failed service. */
export function untilRestart(entries: readonly JournalEntry[]): readonly JournalEntry[] {
  const end = entries.findIndex(({ exit, result }) => exit !== undefined || result !== undefined);
  const restart = entries.findIndex(({ isRestart }, index) => isRestart && index > end);
  return end === -1 || restart === -1 ? entries : entries.slice(0, restart);
}
