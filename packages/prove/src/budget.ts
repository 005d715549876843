import { durationOf } from "@sockact/shared/durations";
import { withUnits } from "@sockact/shared/duration-units";
import { nearest } from "@sockact/shared/nearest";
import { type Figure, FIGURES, type Unit } from "./figures.ts";
import { ProveError } from "./prove-error.ts";
import type { Report } from "./report.ts";

/** Figures that say how much was tried. More of them is no worse. */
const EXTENT: ReadonlySet<string> = new Set(["requests", "restarts", "reloadRequests", "reloads"]);

/** Whether less of a figure is better. */
export const isLessBetter = (name: Figure): boolean => !EXTENT.has(name);

/** The figures that may have a budget. */
export const BUDGET_FIGURES: readonly Figure[] = (Object.keys(FIGURES) as Figure[]).filter(isLessBetter);

/** A limit for a figure, in its unit. */
export interface Budget {
  readonly figure: Figure;
  readonly limit: number;
}

/** A budget with what was measured. */
export interface BudgetResult extends Budget {
  /** The highest value of all checks, or their sum if it is a count. Undefined if it was not measured. */
  readonly value?: number;
  /** Whether the value is at most the limit. `false` if it was not measured: a gate must not open for that. */
  readonly held: boolean;
}

const bytes: Readonly<Record<string, number>> = { "": 1, b: 1, kb: 1024, mb: 1024 ** 2 };

const number = (text: string): number => (/^\d{1,15}(?:\.\d{1,6})?$/.test(text) ? Number(text) : NaN);

/** The number that a text stands for; NaN if it is not of the unit. */
const parsers: Readonly<Record<Unit, (text: string) => number>> = {
  ms: (text) => durationOf(text) ?? NaN,
  ratio: (text) => number(text.replace(/x$/, "")),
  score: number,
  count: (text) => (/^\d{1,15}$/.test(text) ? Number(text) : NaN),
  bytes(text) {
    const [, amount = "", unit = ""] = /^([\d.]+) ?([kM]?B?)$/.exec(text) ?? [];
    return number(amount) * (bytes[unit.toLowerCase()] ?? NaN);
  },
};

/** What a value of the unit is, and an example. */
const examples: Readonly<Record<Unit, readonly [what: string, example: string]>> = {
  ms: ["a duration", "300ms"],
  ratio: ["a ratio", "1.5"],
  score: ["a score from 0 to 10,", "2.0"],
  count: ["a whole number", "0"],
  bytes: ["a size", "2kB"],
};

/**
 * Reads budgets such as `wake=300ms,score=2.0,lost=0`.
 *
 * @throws ProveError with `SOCKACT_ERR_PROVE_OPTION` for an unknown figure, or a value that is not of its unit
 */
export function parseBudget(text: string): Budget[] {
  return text.split(",").map((part) => {
    const [name = "", value = "", ...more] = part
      .trim()
      .split("=")
      .map((word) => word.trim());
    const figure = BUDGET_FIGURES.find((known) => known === name);
    if (figure === undefined) throw unknown(name);
    const { unit } = FIGURES[figure];
    const limit = more.length === 0 ? parsers[unit](value) : NaN;
    if (Number.isFinite(limit)) return { figure, limit };
    const [what, example] = examples[unit];
    const durations = unit === "ms" ? withUnits(value) : undefined;
    throw new ProveError(
      "SOCKACT_ERR_PROVE_OPTION",
      `the budget of ${name} must be ${what} such as ${example}; got ${JSON.stringify(value)}`,
      durations === undefined ? `Write ${name}=${example}.` : `Add a unit: ${durations}.`,
    );
  });
}

function unknown(name: string): ProveError {
  const near = nearest(name, BUDGET_FIGURES);
  const isExtent = EXTENT.has(name);
  return new ProveError(
    "SOCKACT_ERR_PROVE_OPTION",
    isExtent
      ? `${name} can't have a budget: it says how much was tried`
      : `unknown figure ${JSON.stringify(name)} in the budget`,
    near === undefined ? `The figures are ${BUDGET_FIGURES.join(", ")}.` : `Did you mean ${near}?`,
  );
}

/** What a report says of a figure: the sum of a count over all checks, or the highest value of another one. */
export function valueOf({ checks }: Pick<Report, "checks">, figure: Figure): number | undefined {
  const values = checks.flatMap(({ figures }) => figures[figure] ?? []);
  if (values.length === 0) return undefined;
  return FIGURES[figure].unit === "count"
    ? values.reduce((sum, value) => sum + value, 0)
    : Math.max(...values);
}

/** Compares the figures of a report with budgets. */
export function checkBudgets(report: Pick<Report, "checks">, budgets: readonly Budget[]): BudgetResult[] {
  return budgets.map(({ figure, limit }) => {
    const value = valueOf(report, figure);
    return value === undefined
      ? { figure, limit, held: false }
      : { figure, limit, value, held: value <= limit };
  });
}
