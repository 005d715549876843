// What each format says, in its own markup.
import { site } from "@sockact/shared/site";
import type { Difference } from "../baseline.ts";
import type { BudgetResult } from "../budget.ts";
import type { CauseCode } from "../causes.ts";
import { type Figure, FIGURES } from "../figures.ts";
import type { Cause, Check, Place, Report } from "../report.ts";
import { CAUSE_WORDS, type CauseWords } from "./cause-words.ts";
import { fill, type Markup } from "./fill.ts";
import { CHECK_WORDS, FIGURE_WORDS, REASON_WORDS } from "./words.ts";

/** All that a run has found. */
export interface Findings {
  readonly report: Report;
  /** The results of `--budget`. */
  readonly budget: readonly BudgetResult[];
  /** What differs from the baseline; undefined without one. */
  readonly changes?: readonly Difference[] | undefined;
}

/** Whether all promises hold, and nothing is over its budget. */
export const isGood = ({ report, budget }: Findings): boolean =>
  report.held && budget.every(({ held }) => held);

const sentence = (template: string, markup: Markup): string => fill(template, {}, markup) ?? template;

/** The promise of a check. */
export const promiseText = ({ id }: Pick<Check, "id">, markup: Markup): string =>
  sentence(CHECK_WORDS[id].promise, markup);

/** The result of a check in a phrase: its figures, or why it has none, or else its promise if that holds. */
export function resultText(check: Check, markup: Markup): string {
  const { id, reason, figures } = check;
  if (reason !== undefined) {
    const words = REASON_WORDS[reason];
    return words === undefined ? markup.value(reason) : sentence(words, markup);
  }
  const parts = CHECK_WORDS[id].figures.flatMap((part) => fill(part, figures, markup) ?? []);
  if (parts.length > 0) return parts.join(", ");
  return check.verdict === "broken" ? "does not hold: see below" : promiseText(check, markup);
}

/** What is said of a broken promise without a cause. */
export const problemText = ({ problem }: Check, { value }: Markup): string =>
  problem === undefined ? "No cause was found in what the app does." : value(problem);

/** What a cause says, why it matters and what to change. */
export interface CauseText {
  readonly code: string;
  readonly says: string;
  readonly why: string;
  readonly fix: string;
  /** The page that explains the code. */
  readonly url: string;
}

const hasWords = (code: string): code is CauseCode => Object.hasOwn(CAUSE_WORDS, code);

export function causeText({ code, details }: Cause, markup: Markup): CauseText {
  const url = `${site}codes/${/^[\w-]{1,80}$/.test(code) ? code : ""}`;
  if (!hasWords(code)) {
    // What sockact install, or the doctor, has said.
    const said = (name: string) => fill(`{${name}}`, details, markup) ?? "";
    return { code, says: said("message"), why: "", fix: said("hint"), url };
  }
  const { says, why, fix }: CauseWords = CAUSE_WORDS[code];
  const [text = ""] = says.flatMap((template) => fill(template, details, markup) ?? []);
  return { code, says: text, why: sentence(why, markup), fix: sentence(fix, markup), url };
}

/** A place as editors and terminals link it. */
export const placeText = ({ file, line }: Place): string => `${file}:${line}`;

/** The same cause may break several promises. */
export const keyOf = ({ code, places: [place] }: Cause): string =>
  `${code} ${place === undefined ? "" : placeText(place)}`;

/** A value of a figure, with its unit. */
function figureText(name: Figure, value: number, markup: Markup): string {
  const { unit } = FIGURES[name];
  const form = { ms: ":ms", ratio: ":times", bytes: ":bytes", score: "", count: "" }[unit];
  return fill(`{value${form}}`, { value }, markup) ?? String(value);
}

/** How many promises hold, in a sentence. */
export function summaryText({ report, budget }: Findings): string {
  const count = (verdict: Check["verdict"]) =>
    report.checks.filter((check) => check.verdict === verdict).length;
  const [held, broken] = [count("held"), count("broken")];
  const over = budget.filter((result) => !result.held && result.value !== undefined).length;
  const unmeasured = budget.filter(({ value }) => value === undefined).length;
  const parts = [
    `${held} of ${held + broken} ${held + broken === 1 ? "promise holds" : "promises hold"}`,
    ...(over > 0 ? [`${over} over budget`] : []),
    ...(unmeasured > 0 ? [`${unmeasured} with a budget not measured`] : []),
    ...(count("untried") > 0 ? [`${count("untried")} could not be tried`] : []),
  ];
  return `${parts.join(", ")}.`;
}

/** What was tried with, in a phrase. */
export const versionsText = ({ versions: { sockact, node, systemd }, seconds }: Report): string =>
  `${Math.round(seconds)} s, sockact ${sockact}, Node ${node}, systemd ${systemd}`;

/** A limit and what was measured. */
export function budgetText({ figure, limit, value, held }: BudgetResult, markup: Markup): string {
  const name = FIGURE_WORDS[figure];
  const most = figureText(figure, limit, markup);
  if (value === undefined) return `${name}: not measured, the budget is ${most}`;
  return `${name}: ${figureText(figure, value, markup)}, ${held ? "within" : "over"} the budget of ${most}`;
}

/** What differs from the baseline. */
export function changeText(change: Difference, markup: Markup): string {
  if (change.what === "verdict") return `${change.check}: ${change.before}, now ${change.now}`;
  const { figure, before, now } = change;
  return `${FIGURE_WORDS[figure]}: ${figureText(figure, before, markup)}, now ${figureText(figure, now, markup)}`;
}
