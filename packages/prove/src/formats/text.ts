import { printable } from "@sockact/shared/clean";
import { wrap } from "@sockact/shared/wrap";
import type { Cause, Check, Verdict } from "../report.ts";
import type { ProveEvent } from "../options.ts";
import type { Markup } from "./fill.ts";
import {
  budgetText,
  causeText,
  changeText,
  type Findings,
  isGood,
  keyOf,
  placeText,
  problemText,
  promiseText,
  resultText,
  summaryText,
  versionsText,
} from "./sentences.ts";

/** The colors that are used, of `util.styleText()`. */
export type Color = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** How text is shown. */
export interface TextStyle {
  /** In columns. */
  readonly width: number;
  /** Colors a string, or returns it as it is. */
  readonly color: (color: Color, text: string) => string;
}

/** For a file. */
export const plainStyle: TextStyle = { width: 80, color: (_, text) => text };

const colors: Readonly<Record<Verdict, Color>> = {
  held: "green",
  broken: "red",
  absent: "dim",
  untried: "yellow",
};

/** A line may be wrapped inside code, so each word is colored. */
const markupOf = ({ color }: TextStyle): Markup => ({
  code: (text) =>
    text
      .split(" ")
      .map((word) => color("cyan", word))
      .join(" "),
  value: printable,
});

/** Wraps text, but not between a number and its unit. */
const wrapped = (text: string, options: { width: number; indent: string }): string =>
  wrap(text.replaceAll(/(?<=\d) (?=(?:ms|s|min|[kMGT]?B)\b)/g, "\u00A0"), options).replaceAll("\u00A0", " ");

/** Text after a label, with its other lines below the first one. */
function labeled(label: string, text: string, { width }: TextStyle, space: number): string {
  return label + wrapped(text, { width, indent: " ".repeat(space) }).trimStart();
}

/** The line of a check, when it has ended. */
export function checkText(check: Check, style: TextStyle): string {
  const { color } = style;
  const { verdict, id } = check;
  const label = `${color(colors[verdict], verdict.padEnd(9))}${color("bold", id.padEnd(10))}`;
  return `${labeled(label, resultText(check, markupOf(style)), style, 19)}\n`;
}

/** What happens now, for as long as it takes. */
export function progressText(event: ProveEvent): string {
  if (event.event === "booted") return "Installing the app";
  if (event.event === "installed") return "Starting the app";
  if (event.event === "check") return `Trying: ${event.id}`;
  return event.event === "diagnosis" ? `Looking for the cause: ${event.id}` : "";
}

function causeBlock(cause: Cause, style: TextStyle): string {
  const { color, width } = style;
  const { code, says, why, fix } = causeText(cause, markupOf(style));
  const labels = { why, fix };
  return [
    `  ${color("yellow", printable(code))}\n`,
    says === "" ? "" : `${wrap(says, { width, indent: "  " })}\n`,
    ...cause.places.slice(0, 3).map((place) => `    ${color("bold", printable(placeText(place)))}\n`),
    ...Object.entries(labels).map(([label, text]) =>
      text === "" ? "" : `${labeled(`  ${color("dim", label)}  `, text, style, 7)}\n`,
    ),
  ].join("");
}

/** What is known about each broken promise. A cause is explained once. */
function brokenText(checks: readonly Check[], style: TextStyle): string {
  const { color, width } = style;
  const known = new Set<string>();
  const blocks = checks
    .filter(({ verdict }) => verdict === "broken")
    .map((check) => {
      const causes = check.causes.map((cause) => {
        const key = keyOf(cause);
        if (known.has(key)) return `  ${color("yellow", printable(key.trim()))}, as above\n`;
        known.add(key);
        return causeBlock(cause, style);
      });
      return [
        `\n${color("bold", color("red", `broken: ${check.id}`))}\n`,
        `${wrap(promiseText(check, markupOf(style)), { width, indent: "  " })}\n`,
        ...(causes.length === 0
          ? [`${wrap(problemText(check, markupOf(style)), { width, indent: "  " })}\n`]
          : causes),
      ].join("");
    });
  return blocks.join("");
}

function list(title: string, lines: readonly string[], { color, width }: TextStyle): string {
  if (lines.length === 0) return "";
  const items = lines.map((line) => `${wrap(line, { width, indent: "  " })}\n`);
  return `\n${color("bold", title)}\n${items.join("")}`;
}

/** Everything after the lines of the checks: the causes, the budget, what has changed, and how many hold. */
export function endText(findings: Findings, style: TextStyle): string {
  const { report, budget, changes } = findings;
  const { color, width } = style;
  const markup = markupOf(style);
  const budgetLines = budget.map((result) =>
    result.held ? budgetText(result, markup) : color("red", budgetText(result, markup)),
  );
  const changed = changes?.map((change) => changeText(change, markup)) ?? [];
  const summary = color(isGood(findings) ? "green" : "red", summaryText(findings));
  return [
    brokenText(report.checks, style),
    list("Budget", budgetLines, style),
    list("Since the baseline", changes?.length === 0 ? ["nothing is worse"] : changed, style),
    `\n${wrap(`${color("bold", printable(report.app))}: ${summary}`, { width })}\n`,
    `${color("dim", printable(versionsText(report)))}\n`,
  ].join("");
}

/** The whole report as text. */
export const formatText = (findings: Findings, style: TextStyle = plainStyle): string =>
  findings.report.checks.map((check) => checkText(check, style)).join("") + endText(findings, style);
