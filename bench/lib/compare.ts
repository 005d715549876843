import { loadavg } from "node:os";
import Table from "cli-table3";
import { median, medianAbsoluteDeviation, quantile, sampleWithReplacement, shuffle } from "simple-statistics";
import { seededRandom } from "./random.ts";

/** One of the things that are compared. */
export interface Arm {
  name: string;
  /** The name of the arm that this one is compared with. */
  against: string;
  /** Measures once, and returns each figure by its name, in milliseconds. */
  measure(): Promise<Record<string, number>>;
}

/** One figure of one arm. Times are in milliseconds. */
interface Row {
  arm: string;
  figure: string;
  median: number;
  /** The median of the distances from the median. */
  spread: number;
  /** The shortest time. Other processes can only make a time longer, so on a busy machine this says more than the median. */
  least: number;
  against: string;
  /** This median divided by that of the other arm. */
  ratio: number;
  /** The interval that contains the ratio with a confidence of 95 %. */
  interval: [low: number, high: number];
}

export interface Comparison {
  title: string;
  rounds: number;
  /** The load average of the last minute. When it is above the number of cores, the figures are not worth much. */
  load: { before: number; after: number };
  rows: Row[];
}

/** How often the rounds are drawn again for the interval of a ratio. */
const DRAWS = 2000;

/** The arms whose name contains a string, and the arms that they are compared with. */
export function armsNamed<T extends Pick<Arm, "name" | "against">>(arms: readonly T[], text: string): T[] {
  const bases = arms.filter(({ name }) => name.includes(text)).map(({ against }) => against);
  return arms.filter(({ name }) => name.includes(text) || bases.includes(name));
}

/**
 * Measures every arm once in each round, in an order that is shuffled for each round with a fixed seed. So other work on the machine
 * disturbs all arms alike. The first round fills the caches of the kernel, and does not count.
 */
export async function compare(title: string, arms: readonly Arm[], rounds: number): Promise<Comparison> {
  const random = seededRandom();
  const before = loadavg()[0] ?? 0;
  const measured = new Map<string, Record<string, number>[]>(arms.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const { name, measure } of shuffle([...arms], random)) {
      const figures = await measure();
      if (round > 0) measured.get(name)?.push(figures);
    }
  }
  const valuesOf = (arm: string, figure: string): number[] =>
    measured.get(arm)?.map((figures) => figures[figure] as number) ?? [];
  const rows = arms.flatMap(({ name, against }) =>
    Object.keys(measured.get(name)?.[0] ?? {}).map((figure): Row => {
      const [values, others] = [valuesOf(name, figure), valuesOf(against, figure)];
      return {
        arm: name,
        figure,
        median: median(values),
        spread: medianAbsoluteDeviation(values),
        least: Math.min(...values),
        against,
        ratio: median(values) / median(others),
        interval: ratioInterval(values, others, random),
      };
    }),
  );
  return { title, rounds, load: { before, after: loadavg()[0] ?? 0 }, rows };
}

/** Draws the rounds again many times (a bootstrap), and takes the ratio of the medians each time. */
function ratioInterval(values: number[], others: number[], random: () => number): [number, number] {
  const draw = (from: number[]): number => median(sampleWithReplacement(from, from.length, random));
  const ratios = Array.from({ length: DRAWS }, () => draw(values) / draw(others));
  return [quantile(ratios, 0.025), quantile(ratios, 0.975)];
}

/** Fewer rounds than this do not show how much the figures vary. */
const ENOUGH_ROUNDS = 10;

/** When the interval of a ratio is at most this wide, the ratio is exact enough, however small the effect is. */
const NARROW = 0.1;

/** Whether the interval of a ratio is wider than the effect, which is the distance of the ratio from 1. */
function isTooNoisy({ ratio, interval: [low, high] }: Pick<Row, "ratio" | "interval">): boolean {
  return high - low > Math.max(Math.abs(ratio - 1), NARROW);
}

function formatInterval(row: Pick<Row, "ratio" | "interval">, rounds: number): string {
  const interval = row.interval.map((each) => each.toFixed(2)).join(" to ");
  return rounds < ENOUGH_ROUNDS || isTooNoisy(row) ? `${interval}, too noisy: more runs` : interval;
}

export function printComparison({ title, rounds, load, rows }: Comparison): void {
  const table = new Table({
    head: ["", "", "median, ms", "spread, ms", "least, ms", "ratio", "95 % of it", "to"],
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) {
    const { arm, figure, median: value, spread, least, against } = row;
    const compared =
      arm === against ? ["", "", ""] : [row.ratio.toFixed(2), formatInterval(row, rounds), against];
    table.push([arm, figure, ...[value, spread, least].map((each) => each.toFixed(2)), ...compared]);
  }
  console.log(
    `\n${title}, ${rounds} rounds. Load average: ${load.before.toFixed(1)} before, ${load.after.toFixed(1)} after`,
  );
  console.log(table.toString());
}
