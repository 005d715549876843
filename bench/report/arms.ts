import type { Cell, RecordedTable } from "./runs.ts";

/** Who made what an arm measures: `bare` is Node, or an app, without sockact and without a peer. */
export type Maker = "sockact" | "bare" | "peer";

const BARE =
  /^(?:\d+ )?(?:node\b|\w+-node$)|^(?:Express|Koa|Fastify)$|listen\(|^an empty module$|no change$|always on$/;
const SOCKACT = /sockact|, asleep$|(?:^|\d |faster |-)(?:core|express|koa|fastify)\b/;

/** Arms that show a figure without the measured effect, so none can be as good. */
const LIMIT = /^an empty module$|no change$|^node, .*sandbox$/;

/** By the name of the arm. */
export function makerOf(arm: string): Maker {
  return BARE.test(arm) ? "bare" : SOCKACT.test(arm) ? "sockact" : "peer";
}

/** The arms that are compared with each other. Arms without a comparison are one group. */
export function groupsOf({ arms }: Pick<RecordedTable, "arms">): string[][] {
  const groups: Set<string>[] = [];
  for (const { name, against } of arms) {
    const joined = groups.filter((group) => group.has(name) || group.has(against));
    const others = groups.filter((group) => !joined.includes(group));
    groups.splice(0, Infinity, ...others, new Set([...joined.flatMap((group) => [...group]), name, against]));
  }
  const isAlone = (group: Set<string>): boolean => group.size === 1;
  const alone = groups.filter(isAlone).flatMap((group) => [...group]);
  const whole = [...groups.filter((group) => !isAlone(group)).map((group) => [...group]), alone];
  const order = arms.map(({ name }) => name);
  return whole
    .filter((group) => group.length > 0)
    .map((group) => order.filter((name) => group.includes(name)))
    .toSorted((a, b) => order.indexOf(a[0]!) - order.indexOf(b[0]!));
}

/**
 * The best cells of a group for one figure: several if they are equal. None if sockact is not compared with
 * anything else.
 */
export function bestOf(cells: readonly Cell[]): Cell[] {
  const compared = cells.filter(({ arm }) => !LIMIT.test(arm));
  const isOurs = new Set(compared.map(({ arm }) => makerOf(arm) === "sockact"));
  return isOurs.size < 2 ? [] : compared.filter((cell) => compared.every((other) => !isBetter(other, cell)));
}

/** The arms without sockact that were better in every run than sockact's best arm in their group. */
export interface Advantage {
  of: Cell[];
  over: Cell;
}

export function advantagesOf(table: RecordedTable): Advantage[] {
  return groupsOf(table).flatMap((group) =>
    table.figures.flatMap(({ name }) => {
      const cells = table.cells.filter((cell) => group.includes(cell.arm) && cell.figure.name === name);
      const ours = cells.filter(({ arm }) => makerOf(arm) === "sockact");
      const over = ours.find((cell) => ours.every((other) => !isBetter(other, cell)));
      if (over === undefined) return [];
      const others = cells.filter(({ arm }) => makerOf(arm) !== "sockact" && !LIMIT.test(arm));
      const of = others.filter((cell) => wasBetterInEachRun(cell, over));
      return of.length === 0 ? [] : [{ of, over }];
    }),
  );
}

function isBetter({ figure, medians }: Cell, than: Cell): boolean {
  return isBetterValue(figure, medians.median, than.medians.median);
}

function wasBetterInEachRun({ figure, medians }: Cell, than: Cell): boolean {
  // If a run lacks one of them, the values cannot be matched.
  if (medians.values.length !== than.medians.values.length) return false;
  return medians.values.every((value, run) => {
    const other = than.medians.values[run];
    return other !== undefined && isBetterValue(figure, value, other);
  });
}

function isBetterValue({ better }: Cell["figure"], value: number, than: number): boolean {
  return better === "lower" ? value < than : value > than;
}
