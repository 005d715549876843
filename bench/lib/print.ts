import { table } from "../../packages/cli/src/lib/output/table.ts";
import {
  ENOUGH_ROUNDS,
  type Goal,
  isTooNoisy,
  type MeasuredTable,
  type Outcome,
  type Row,
  rowsOf,
} from "./measured.ts";

/** A number with three significant digits, or all of its integer part. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return value.toPrecision(3);
}

function formatRange(values: readonly number[], format: (value: number) => string): string {
  return values.map(format).join(" to ");
}

export const formatRatio = (ratio: number): string => ratio.toFixed(2);

/** The ratio, its interval, and the arm that it is compared with. */
function ratioCells(row: Row): string[] {
  if (!row.compared) return ["", "", ""];
  const { ratio, interval, against } = row.compared;
  const remark = isTooNoisy(row) ? " (too noisy)" : "";
  return [formatRatio(ratio), `${formatRange(interval, formatRatio)}${remark}`, against];
}

/** Prints the figures of a table: a block of lines for each figure. */
export function printTable(measured: MeasuredTable): void {
  const rows = rowsOf(measured);
  console.log(`\n${measured.title}; rounds: ${Math.max(0, ...rows.map(({ rounds }) => rounds))}`);
  for (const { name, unit } of measured.figures) {
    const own = rows.filter(({ figure }) => figure.name === name);
    if (own.length === 0) continue;
    const cells = own.map((row) => [
      row.arm,
      formatNumber(row.median),
      formatRange([row.least, row.most], formatNumber),
      ...ratioCells(row),
    ]);
    const heading = [
      unit === "" ? name : `${name}, ${unit}`,
      { title: "median", align: "right" },
      { title: "least to most", optional: 2 },
      { title: "ratio", align: "right" },
      "95 % of it",
      { title: "to", optional: 1 },
    ] as const;
    const isCompared = own.some(({ compared }) => compared);
    const columns = isCompared ? heading.length : 3;
    const lines = cells.map((line) => line.slice(0, columns));
    console.log(`\n${table(heading.slice(0, columns), lines).trimEnd()}`);
  }
  if (rows.some(isTooNoisy)) console.log("\nToo noisy: more rounds make a ratio exact. Set --runs.");
  if (rows.some(({ rounds, compared }) => compared && rounds < ENOUGH_ROUNDS))
    console.log(`\nThe ratios are rough, because there are fewer than ${ENOUGH_ROUNDS} rounds. Set --runs.`);
}

/** The words for a goal. */
export function formatGoal({ atMost, atLeast, of }: Goal, { figure, compared }: Row): string {
  const limits = [
    atMost !== undefined && `at most ${atMost.toLocaleString("en")}`,
    atLeast !== undefined && `at least ${atLeast.toLocaleString("en")}`,
  ].filter((limit) => limit !== false);
  return `${limits.join(" and ")} ${of === "ratio" ? `times ${compared?.against}` : figure.unit}`.trim();
}

/** Prints the results of the goals of a table. */
export function printGoals(title: string, outcomes: readonly Outcome[]): void {
  if (outcomes.length === 0) return;
  const cells = outcomes.map(({ goal, row, value, is }) => {
    const range = goal.of === "ratio" ? row.compared!.interval : [row.least, row.most];
    const format = goal.of === "ratio" ? formatRatio : formatNumber;
    const measured = `${format(value)} (${formatRange(range, format)})`;
    return [`${goal.arm}: ${goal.figure}`, is, measured, formatGoal(goal, row)];
  });
  console.log(`\n${table([`Goals: ${title}`, "result", "measured", "goal"], cells).trimEnd()}`);
}
