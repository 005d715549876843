import process from "node:process";
import { entryOf, type JournalEntry, readFields } from "./journal.ts";
import type { ServiceManager } from "./service-manager.ts";

/**
 * The lines of the last main processes of these units to which journald has given no unit. For a user's own
 * manager, journald learns the unit from the control group of the process. If the process has ended before
 * journald reads its line, only its ID is left. The system's manager tells journald the unit.
 *
 * @param since milliseconds since 1970. Earlier, the ID may be that of another process
 */
export async function linesWithoutUnit(
  manager: ServiceManager,
  units: readonly string[],
  since: number,
): Promise<JournalEntry[]> {
  const named = units.filter((unit) => !/[*?[]/.test(unit));
  if (!manager.user || named.length === 0) return [];
  const shown = await manager.show(named, ["Id", "ExecMainPID"]);
  const own = [`--since=@${(since / 1000).toFixed(6)}`, `_UID=${process.getuid?.()}`, "_TRANSPORT=stdout"];
  const found = shown.map(async ({ Id, ExecMainPID }) => {
    if (ExecMainPID === "0") return [];
    const { found: all } = await readFields(manager, [...own, `_PID=${ExecMainPID}`]);
    return all
      .filter((fields) => fields["_SYSTEMD_UNIT"] === undefined)
      .flatMap((fields) => entryOf(fields, true) ?? [])
      .map((entry): JournalEntry => ({ ...entry, unit: Id, from: "app" }));
  });
  return (await Promise.all(found)).flat();
}

/** Lines of the journal together, the oldest first. */
export const inOrder = (...lines: readonly JournalEntry[][]): JournalEntry[] =>
  lines.flat().toSorted((one, other) => Number(one.time) - Number(other.time));
