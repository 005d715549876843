import { max, median, medianAbsoluteDeviation, min, quantile, sample } from "simple-statistics";
import { randomFrom } from "../../packages/testing/programs/load/random.mjs";

/** A figure that is measured for each arm. */
export interface Figure {
  name: string;
  /** As it is printed: `ms`, `requests/s`. Empty for a count. */
  unit: string;
  better: "lower" | "higher";
}

/** One of the things that are compared. */
export interface MeasuredArm {
  name: string;
  /** The name of the arm for comparison. Its own name: none. */
  against: string;
  /** One value per round, by the name of the figure. Figures without a measurement are missing. */
  values: Record<string, number[]>;
}

/** What we want to reach. */
export interface Goal {
  arm: string;
  figure: string;
  /** The ratio to the arm for comparison, the median itself, or the maximum of all rounds. */
  of: "ratio" | "value" | "most";
  atMost?: number;
  atLeast?: number;
}

/** Plain data for a JSON file. Everything that is printed or drawn is computed from it. */
export interface MeasuredTable {
  title: string;
  figures: Figure[];
  arms: MeasuredArm[];
  goals: Goal[];
}

/** One figure of one arm. */
export interface Row {
  arm: string;
  figure: Figure;
  median: number;
  /** The median absolute deviation. */
  spread: number;
  least: number;
  most: number;
  rounds: number;
  /** How it compares with another arm. */
  compared?: Comparison;
}

type Interval = [low: number, high: number];

/** How many bootstrap samples the interval of a ratio uses. */
const DRAWS = 2000;

/** Each figure of each arm. */
export function rowsOf({ figures, arms }: MeasuredTable): Row[] {
  return arms.flatMap(({ name, against, values: measured }) =>
    figures.flatMap((figure): Row[] => {
      const values = measured[figure.name];
      if (!values || values.length === 0) return [];
      const others = arms.find((arm) => arm.name === against)?.values[figure.name];
      // A ratio to 0 is undefined, for example to no failed requests.
      const isComparable = others && against !== name && median(others) > 0;
      return [
        {
          arm: name,
          figure,
          median: median(values),
          spread: medianAbsoluteDeviation(values),
          least: min(values),
          most: max(values),
          rounds: values.length,
          ...(isComparable && { compared: new Comparison(against, values, others) }),
        },
      ];
    }),
  );
}

/** Compares the values of an arm with those of another one. */
class Comparison {
  readonly against: string;
  /** The ratio of the medians. */
  readonly ratio: number;
  readonly #values: readonly number[];
  readonly #others: readonly number[];

  constructor(against: string, values: number[], others: number[]) {
    this.against = against;
    this.ratio = median(values) / median(others);
    this.#values = values;
    this.#others = others;
  }

  /**
   * The 95 % confidence interval of the ratio, by a bootstrap. Each sample uses the same rounds for both
   * arms, because other work on the machine affects both alike in a round.
   */
  get interval(): Interval {
    const random = randomFrom(1);
    const rounds = [...Array(Math.min(this.#values.length, this.#others.length)).keys()];
    const ratios = Array.from({ length: DRAWS }, () => {
      const drawn = rounds.map(() => sample(rounds, 1, random)[0] as number);
      const medianOf = (values: readonly number[]): number => median(drawn.map((round) => values[round]!));
      return medianOf(this.#values) / medianOf(this.#others);
    });
    return [quantile(ratios, 0.025), quantile(ratios, 0.975)];
  }
}

/** Fewer rounds than this do not show how exact a ratio is. */
export const ENOUGH_ROUNDS = 5;

/** With fewer rounds, the interval of a ratio is meaningless. */
const ENOUGH_FOR_GOALS = 3;

/**
 * When the interval of a ratio is at most this wide, the ratio is exact enough, however small the effect is.
 */
const NARROW = 0.1;

/** Whether the interval of a ratio is wider than the effect, which is the distance of the ratio from 1. */
export function isTooNoisy({ rounds, compared }: Row): boolean {
  if (!compared) return false;
  const [low, high] = compared.interval;
  return rounds >= ENOUGH_ROUNDS && high - low > Math.max(Math.abs(compared.ratio - 1), NARROW);
}

/** A goal, and what was measured. */
export interface Outcome {
  goal: Goal;
  row: Row;
  value: number;
  /**
   * `unclear`: the interval of the ratio is on both sides of the limit, or there are too few rounds for an
   * interval.
   */
  is: "reached" | "missed" | "unclear";
}

/** The result of each goal. A goal without a measurement of its arm is left out. */
export function outcomesOf(table: MeasuredTable): Outcome[] {
  const rows = rowsOf(table);
  return table.goals.flatMap((goal) => {
    const row = rows.find(({ arm, figure }) => arm === goal.arm && figure.name === goal.figure);
    if (!row) return [];
    const value = { ratio: row.compared?.ratio, value: row.median, most: row.most }[goal.of];
    if (value === undefined) return [];
    const meets = (number: number): boolean =>
      number <= (goal.atMost ?? Infinity) && number >= (goal.atLeast ?? -Infinity);
    const interval = goal.of === "ratio" ? row.compared?.interval : undefined;
    const met = interval === undefined ? [meets(value)] : interval.map(meets);
    const isEnough = interval === undefined || row.rounds >= ENOUGH_FOR_GOALS;
    const is = !isEnough || new Set(met).size > 1 ? "unclear" : met[0] === true ? "reached" : "missed";
    return [{ goal, row, value, is }];
  });
}
