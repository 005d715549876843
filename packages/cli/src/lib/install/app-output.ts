import { type JournalEntry, readJournal, syncJournal } from "../systemd/journal.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";

/** How many lines are shown. */
const MOST_LINES = 12;

/**
 * The lines that the first process of an app has printed since then; or the lines of systemd about its units, if the app has printed nothing. systemd may have
 * started the app several times, and the reason is the same each time.
 *
 * @param since milliseconds since 1970
 */
export async function appOutput(
  manager: ServiceManager,
  units: readonly string[],
  since: number,
): Promise<string[]> {
  await syncJournal(manager);
  const entries = withoutOldProcess((await readJournal(manager, units, { since })).entries);
  const first = entries.find(({ from }) => from === "app");
  const said =
    first === undefined ? entries : entries.filter(({ from, pid }) => from === "app" && pid === first.pid);
  const lines = said
    .map(({ message }) => message)
    .filter((message) => message !== "" && !/^\s+at .*node:internal/.test(message));
  // systemd writes the same lines at each start.
  return (first === undefined ? [...new Set(lines)] : lines).slice(0, MOST_LINES);
}

/** Leaves out the lines of the process that ran before a restart, such as those about draining. */
function withoutOldProcess(entries: JournalEntry[]): JournalEntry[] {
  const said = (pattern: RegExp) =>
    entries.findIndex(({ from, message }) => from === "systemd" && pattern.test(message));
  const stopped = said(/^Stopped /);
  const starting = said(/^Start(?:ing|ed) /);
  return starting === -1 || stopped < starting ? entries.slice(stopped + 1) : entries;
}
