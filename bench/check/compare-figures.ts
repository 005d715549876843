import Table from "cli-table3";
import type { Figure } from "./figures.ts";

/** The accepted ratios, by the names of their figures: bench/accepted.json. */
export type Accepted = Record<string, number>;

/** A table of the figures and their limits, and a line for each figure that is worse or can't be compared. */
export function compareFigures(
  figures: readonly Figure[],
  accepted: Accepted,
): { table: string; problems: string[] } {
  const problems: string[] = [];
  const table = new Table({
    head: ["", "accepted", "now", "limit", ""],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, ratio, limit } of figures) {
    const before = accepted[name];
    if (before === undefined) problems.push(`${name} has no accepted ratio.`);
    const most = before === undefined ? undefined : before * limit;
    const isWorse = most !== undefined && ratio > most;
    if (isWorse)
      problems.push(
        `${name} is ${percent(ratio / before! - 1)} worse than accepted, and the limit is ${percent(limit - 1)}.`,
      );
    table.push([
      name,
      ...[before, ratio, most].map((each) => each?.toFixed(3) ?? ""),
      isWorse ? "worse" : "",
    ]);
  }
  for (const name of Object.keys(accepted))
    if (!figures.some((figure) => figure.name === name)) problems.push(`${name} is no longer measured.`);
  return { table: table.toString(), problems };
}

const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;
