import Table from "cli-table3";
import { type Goal, isTooNoisy, type MeasuredTable, type Outcome, type Row, rowsOf } from "./measured.ts";

const style = { head: [], border: [], compact: true };

/** A number with three digits that count, or all of its whole part. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return value.toPrecision(3);
}

function formatRatio({ compared, ...row }: Row): string[] {
  if (!compared) return ["", "", ""];
  const interval = compared.interval.map((each) => each.toFixed(2)).join(" to ");
  const remark = isTooNoisy({ compared, ...row }) ? ", too noisy: more runs" : "";
  return [compared.ratio.toFixed(2), `${interval}${remark}`, compared.against];
}

/** Prints the figures of a table. */
export function printTable(measured: MeasuredTable): void {
  const rows = rowsOf(measured);
  const table = new Table({
    head: ["", "", "median", "spread", "least", "most", "ratio", "95 % of it", "to"],
    style,
  });
  for (const row of rows) {
    const { name, unit } = row.figure;
    table.push([
      row.arm,
      unit === "" ? name : `${name}, ${unit}`,
      ...[row.median, row.spread, row.least, row.most].map(formatNumber),
      ...formatRatio(row),
    ]);
  }
  console.log(`\n${measured.title}; rounds: ${Math.max(0, ...rows.map(({ rounds }) => rounds))}`);
  console.log(table.toString());
}

/** The words for a goal. */
export function formatGoal({ atMost, atLeast, of }: Goal, { figure, compared }: Row): string {
  const limits = [
    atMost !== undefined && `at most ${atMost.toLocaleString("en")}`,
    atLeast !== undefined && `at least ${atLeast.toLocaleString("en")}`,
  ].filter((limit) => limit !== false);
  return `${limits.join(" and ")} ${of === "ratio" ? `times ${compared?.against}` : figure.unit}`.trim();
}

/** Prints how the goals came out. */
export function printGoals(outcomes: readonly { title: string; outcome: Outcome }[]): void {
  if (outcomes.length === 0) return;
  const table = new Table({ head: ["", "", "goal", "measured", ""], style });
  for (const { title, outcome } of outcomes) {
    const { goal, row, value, is } = outcome;
    const interval = goal.of === "ratio" ? row.compared?.interval : [row.least, row.most];
    const shown = `${formatNumber(value)} (${interval?.map(formatNumber).join(" to ")})`;
    table.push([title, `${goal.arm}, ${goal.figure}`, formatGoal(goal, row), shown, is]);
  }
  console.log("\nGoals");
  console.log(table.toString());
}
