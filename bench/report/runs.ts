import { max, median, min } from "simple-statistics";
import {
  type Figure,
  type Goal,
  type MeasuredTable,
  type Outcome,
  outcomesOf,
  type Row,
  rowsOf,
} from "../lib/measured.ts";
import type { BenchResult, Results } from "../lib/results.ts";

/** One bench in one recorded run, with the facts of the whole run. */
export interface RecordedBench extends BenchResult {
  run: Omit<Results, "benches">;
}

/** One value a run, in the order of the runs. */
interface OverRuns {
  median: number;
  least: number;
  most: number;
  values: number[];
}

/** One figure of one arm, over all runs. */
export interface Cell {
  arm: string;
  figure: Figure;
  /** The medians of the runs. */
  medians: OverRuns;
  /** The minimum and maximum of all rounds of all runs. */
  rounds: [least: number, most: number];
  /** The ratios to another arm, one a run. */
  ratios?: OverRuns & { against: string };
}

/** A table of a bench, over all runs. */
export interface RecordedTable {
  title: string;
  figures: Figure[];
  /** The names of the arms, and of those that they are compared with. */
  arms: { name: string; against: string }[];
  cells: Cell[];
  goals: RecordedGoal[];
}

/** The result of a goal over all runs. */
export interface RecordedGoal {
  goal: Goal;
  row: Row;
  values: OverRuns;
  /** How many of the runs meet it. */
  met: number;
}

/** The runs of each bench, oldest first. */
export function benchesOf(recorded: readonly Results[]): Map<string, RecordedBench[]> {
  const benches = new Map<string, RecordedBench[]>();
  for (const { benches: results, ...run } of recorded.toSorted((a, b) => a.date.localeCompare(b.date)))
    for (const result of results)
      benches.set(result.name, [...(benches.get(result.name) ?? []), { ...result, run }]);
  return benches;
}

/** The tables of the runs of one bench. Tables with the same title belong together. */
export function tablesOf(runs: readonly RecordedBench[]): RecordedTable[] {
  const titles = new Set(runs.flatMap(({ tables }) => tables.map(({ title }) => title)));
  return Array.from(titles, (title) =>
    combined(runs.flatMap(({ tables }) => tables.filter((table) => table.title === title))),
  );
}

function combined(tables: MeasuredTable[]): RecordedTable {
  const { title, figures, arms } = tables.at(-1)!;
  const rows = tables.flatMap(rowsOf);
  const cells = arms.flatMap(({ name }) =>
    figures.flatMap((figure) => {
      const own = rows.filter((row) => row.arm === name && row.figure.name === figure.name);
      return own.length === 0 ? [] : [cellOf(own)];
    }),
  );
  const outcomes = tables.flatMap(outcomesOf);
  const goals = tables.at(-1)!.goals.flatMap((goal): RecordedGoal[] => {
    const own = outcomes.filter(
      ({ goal: other }) => other.arm === goal.arm && other.figure === goal.figure && other.of === goal.of,
    );
    return own.length === 0 ? [] : [goalOf(goal, own)];
  });
  return { title, figures, arms: arms.map(({ name, against }) => ({ name, against })), cells, goals };
}

function cellOf(rows: Row[]): Cell {
  const { arm, figure } = rows[0]!;
  const compared = rows.flatMap((row) => row.compared ?? []);
  return {
    arm,
    figure,
    medians: overRuns(rows.map((row) => row.median)),
    rounds: [min(rows.map(({ least }) => least)), max(rows.map(({ most }) => most))],
    ...(compared.length > 0 && {
      ratios: { against: compared[0]!.against, ...overRuns(compared.map(({ ratio }) => ratio)) },
    }),
  };
}

function goalOf(goal: Goal, outcomes: Outcome[]): RecordedGoal {
  const values = overRuns(outcomes.map(({ value }) => value));
  const met = values.values.filter(
    (value) => value <= (goal.atMost ?? Infinity) && value >= (goal.atLeast ?? -Infinity),
  );
  return { goal, row: outcomes[0]!.row, values, met: met.length };
}

function overRuns(values: number[]): OverRuns {
  return { median: median(values), least: min(values), most: max(values), values };
}
