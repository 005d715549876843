import { printable } from "@sockact/shared/clean";
import type { Cause, Check, Verdict } from "../report.ts";
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

/**
 * A value of the app as code, in which GitHub sees no mention, no link, no issue and no HTML. A bar would end
 * the cell of a table, even in code.
 */
function span(text: string): string {
  const line = printable(text).replaceAll("|", "¦");
  const longest = Math.max(0, ...Array.from(line.matchAll(/`+/g), ([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  const space = longest > 0 || line.trim() === "" ? " " : "";
  return `${fence}${space}${line}${space}${fence}`;
}

const markup: Markup = { code: (text) => `\`${text}\``, value: span };

const signs: Readonly<Record<Verdict, string>> = {
  held: "✅ held",
  broken: "❌ broken",
  absent: "➖ absent",
  untried: "⚠️ untried",
};

function causeItem(cause: Cause, known: Set<string>): string {
  const key = keyOf(cause);
  const [place] = cause.places;
  const at = place === undefined ? "" : ` at ${span(placeText(place))}`;
  const { code, says, fix, url } = causeText(cause, markup);
  if (known.has(key)) return `- ${span(code)}${at}, as above\n`;
  known.add(key);
  const parts = [says, fix === "" ? "" : `**Fix:** ${fix}`].filter((part) => part !== "");
  return `- [${span(code)}](${url})${at}: ${parts.join(" ")}\n`;
}

function brokenPart(checks: readonly Check[]): string {
  const known = new Set<string>();
  const parts = checks
    .filter(({ verdict }) => verdict === "broken")
    .map((check) => {
      const items = check.causes.map((cause) => causeItem(cause, known));
      return `**${check.id}:** ${promiseText(check, markup)}\n\n${items.join("") || `- ${problemText(check, markup)}\n`}`;
    });
  return parts.map((part) => `\n${part}`).join("");
}

/** Markdown for a pull request: a table of the promises, then what to change. */
export function formatMarkdown(findings: Findings): string {
  const { report, budget, changes } = findings;
  const rows = report.checks.map(
    (check) => `| ${signs[check.verdict]} | ${check.id} | ${resultText(check, markup)} |\n`,
  );
  const limits = budget.map(
    (result) => `| ${result.held ? "✅ held" : "❌ over"} | budget | ${budgetText(result, markup)} |\n`,
  );
  const changed = changes?.map((change) => `- ${changeText(change, markup)}\n`);
  return [
    `### ${isGood(findings) ? "✅" : "❌"} ${span(report.app)}: ${summaryText(findings)}\n\n`,
    `| verdict | check | result |\n| --- | --- | --- |\n`,
    ...rows,
    ...limits,
    brokenPart(report.checks),
    changed === undefined ? "" : `\n**Since the baseline**\n\n${changed.join("") || "- nothing is worse\n"}`,
    `\n<sub>${versionsText(report)}</sub>\n`,
  ].join("");
}
