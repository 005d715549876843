import { sum } from "simple-statistics";
import { formatGoal, formatNumber, formatRatio } from "../lib/print.ts";
import type { Results } from "../lib/results.ts";
import { advantagesOf, bestOf, groupsOf } from "./arms.ts";
import type { Cell, RecordedGoal, RecordedTable } from "./runs.ts";

type Lines = readonly (readonly string[])[];

/** A table in Markdown, without the alignment of the columns, which oxfmt adds. */
function markdownTable(head: readonly string[], rows: Lines): string {
  const escaped = rows.map((cells) => cells.map((cell) => cell.replaceAll(/[|<]/g, "\\$&")));
  const lines = [head, head.map(() => "---"), ...escaped].map((cells) => `| ${cells.join(" | ")} |`);
  return lines.join("\n");
}

/** A number, with the minimum and maximum in brackets unless all three look the same. */
function withRange(shown: (value: number) => string, value: number, least: number, most: number): string {
  const range = [least, most].map(shown);
  return range.every((each) => each === shown(value))
    ? shown(value)
    : `${shown(value)} (${range.join(" to ")})`;
}

/** The name of a figure with its unit. */
export function headOf({ name, unit }: Cell["figure"]): string {
  return unit === "" || name.endsWith(unit) ? name : `${name}, ${unit}`;
}

/** A table with more figures than this has no space for ratios. */
const MOST_WITH_RATIOS = 3;

/** The figures of a table: the best one of each group is bold, and a ratio has a column of its own. */
export function figuresTable(table: RecordedTable): string {
  const { figures, cells } = table;
  const groups = groupsOf(table);
  const bases = new Set(cells.flatMap(({ ratios }) => ratios?.against ?? []));
  const [base] = bases.size === 1 ? bases : [];
  const hasRatio = (figure: Cell["figure"]): boolean =>
    figures.length <= MOST_WITH_RATIOS &&
    cells.some((cell) => cell.figure.name === figure.name && cell.ratios);
  const showsBases = bases.size > 1 && figures.some(hasRatio);
  const head = [
    "",
    ...figures.flatMap((figure) => [
      headOf(figure),
      ...(hasRatio(figure) ? [base === undefined ? "ratio" : `ratio to ${base}`] : []),
    ]),
    ...(showsBases ? ["compared with"] : []),
  ];
  const rows = groups.flatMap((group) => {
    const best = figures.flatMap(({ name }) =>
      bestOf(cells.filter((cell) => group.includes(cell.arm) && cell.figure.name === name)),
    );
    return group.map((arm) => {
      const own = cells.filter((cell) => cell.arm === arm);
      const against = own.find(({ ratios }) => ratios)?.ratios?.against ?? "";
      return [
        arm,
        ...figures.flatMap((figure) => {
          const cell = own.find((each) => each.figure.name === figure.name);
          return [
            cell ? valueOf(cell, hasRatio(figure), best.includes(cell)) : "",
            ...(hasRatio(figure) ? [ratioOf(cell)] : []),
          ];
        }),
        ...(showsBases ? [against] : []),
      ];
    });
  });
  return markdownTable(head, rows);
}

function valueOf({ medians, rounds, ratios }: Cell, hasRatio: boolean, isBest: boolean): string {
  const value =
    hasRatio && ratios ? formatNumber(medians.median) : withRange(formatNumber, medians.median, ...rounds);
  return isBest ? value.replace(/^\S+/, "**$&**") : value;
}

function ratioOf(cell: Cell | undefined): string {
  return cell?.ratios ? withRange(formatRatio, cell.ratios.median, cell.ratios.least, cell.ratios.most) : "";
}

/** The goals of each table, with the command that measures it. */
export function goalsTables(tables: ReadonlyMap<string, readonly RecordedTable[]>): string | undefined {
  const parts = [...tables].flatMap(([bench, each]) =>
    each
      .filter(({ goals }) => goals.length > 0)
      .flatMap(({ title, goals }) => [
        `**${title}** (\`npm run bench -- ${bench}\`)`,
        markdownTable(["what", "result", "measured", "goal"], goals.map(goalCells)),
      ]),
  );
  return parts.length === 0 ? undefined : parts.join("\n\n");
}

function goalCells({ goal, row, values, met }: RecordedGoal): string[] {
  const shown = goal.of === "ratio" ? formatRatio : formatNumber;
  return [
    `${goal.arm}: ${goal.figure}`,
    met === values.values.length ? "reached" : `**reached in ${met} of ${values.values.length} runs**`,
    withRange(shown, values.median, values.least, values.most),
    formatGoal(goal, row),
  ];
}

/** For each table, the arms that were better than sockact in every run. */
export function advantagesList(tables: ReadonlyMap<string, readonly RecordedTable[]>): string | undefined {
  const lines = [...tables.values()].flat().flatMap((table) => {
    const advantages = advantagesOf(table);
    const figures = table.figures.flatMap((figure) => {
      const own = advantages.filter(({ over }) => over.figure.name === figure.name);
      if (own.length === 0) return [];
      const pairs = own.map(({ of, over }) => `${of.map(named).join(", ")} (${named(over)})`);
      return [`${figure.name}: ${pairs.join(", ")}`];
    });
    return figures.length === 0 ? [] : [`- **${table.title}:** ${figures.join("; ")}`];
  });
  return lines.length === 0 ? undefined : lines.join("\n");
}

const named = ({ arm }: Cell): string => `_${arm}_`;

/** What each run measured, and on what. */
export function runsTable(recorded: readonly Results[]): string {
  const rows = recorded
    .toSorted((a, b) => a.date.localeCompare(b.date))
    .map(({ date, commit, machine, benches }) => [
      date.replace(/T(\d+:\d+).*/, ", $1 UTC"),
      commit,
      machine.node,
      machine.systemd ?? "",
      machine.kernel,
      `${machine.processor}, ${machine.cores} cores, ${machine.memory} GB`,
      machine.virtualization,
      formatNumber(Math.ceil(sum(benches.map(({ seconds }) => seconds)) / 60)),
    ]);
  const head = ["began", "commit", "Node", "systemd", "Linux", "machine", "virtualization", "minutes"];
  return markdownTable(head, rows);
}
