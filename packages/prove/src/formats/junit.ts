import { printable } from "@sockact/shared/clean";
import type { Check } from "../report.ts";
import type { Markup } from "./fill.ts";
import {
  budgetText,
  causeText,
  type Findings,
  placeText,
  problemText,
  promiseText,
  resultText,
} from "./sentences.ts";

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};
const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character]!);

/** XML can't contain most control characters, not even escaped, nor these two. */
const allowed = (text: string): string => printable(text).replaceAll(/[\uFFFE\uFFFF]/g, "?");

const markup: Markup = { code: (text) => text, value: allowed };

type Attributes = Readonly<Record<string, string | number>>;

/** An element with escaped attributes. Its content is XML. */
function element(name: string, attributes: Attributes, content = ""): string {
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key}="${escape(String(value))}"`);
  return `<${name}${pairs.join("")}${content === "" ? "/>" : `>${content}</${name}>`}`;
}

/** Why a promise is broken, as plain text. */
function explanation({ causes }: Check): string {
  const blocks = causes.map((cause) => {
    const { code, says, why, fix, url } = causeText(cause, markup);
    const places = cause.places.map((place) => `  at ${allowed(placeText(place))}`);
    return [allowed(code), says, ...places, why, fix, url].filter((line) => line !== "").join("\n");
  });
  return blocks.join("\n\n");
}

function outcomeOf(check: Check): string {
  const message = resultText(check, markup);
  if (check.verdict === "absent" || check.verdict === "untried") return element("skipped", { message });
  if (check.verdict === "held") return "";
  const [cause] = check.causes;
  const says = cause === undefined ? "" : causeText(cause, markup).says;
  const type = allowed(cause?.code ?? "broken");
  return element(
    "failure",
    { type, message: says || message },
    escape(explanation(check) || problemText(check, markup)),
  );
}

/** JUnit XML: a test case for each promise and for each budget. */
export function formatJUnit({ report, budget }: Findings): string {
  const { checks, seconds } = report;
  const suite = `@sockact/prove ${allowed(report.app)}`;
  const cases = checks.map((check) =>
    element(
      "testcase",
      {
        classname: suite,
        name: `${check.id}: ${promiseText(check, markup)}`,
        time: check.seconds.toFixed(3),
      },
      outcomeOf(check),
    ),
  );
  const limits = budget.map((result) => {
    const text = budgetText(result, markup);
    const failure = result.held ? "" : element("failure", { type: "budget", message: text }, escape(text));
    return element("testcase", { classname: suite, name: `budget: ${result.figure}`, time: 0 }, failure);
  });
  const count = (...verdicts: string[]) => checks.filter(({ verdict }) => verdicts.includes(verdict)).length;
  const totals = {
    tests: cases.length + limits.length,
    failures: count("broken") + budget.filter(({ held }) => !held).length,
    errors: 0,
    skipped: count("absent", "untried"),
    time: seconds.toFixed(3),
  };
  const body = [...cases, ...limits].map((line) => `\n    ${line}`).join("");
  const suites = element("testsuite", { name: suite, ...totals }, `${body}\n  `);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element("testsuites", { name: suite, ...totals }, `\n  ${suites}\n`)}\n`;
}
