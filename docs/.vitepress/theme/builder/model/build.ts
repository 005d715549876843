import { emitUnits, explain, lintUnits, UnitError, type Explanation, type Finding } from "@sockact/units";
import { configText } from "../../../../../packages/cli/src/lib/init/config-text.ts";
import { codeOf } from "./code.ts";
import { describe, fieldOf, problemsOf, type FieldProblem } from "./description.ts";
import { scoreOf, type Score } from "./score.ts";
import { shellLines } from "./shell.ts";
import type { BuilderState } from "./state.ts";

export type { FieldProblem } from "./description.ts";

/** One line of a unit file. */
export interface BuiltLine {
  readonly text: string;
  readonly section?: string;
  readonly directive?: string;
  /** Why the line is there. */
  readonly explanation?: Explanation;
  /** What the linter says of this line. */
  readonly findings: readonly Finding[];
}

/** One unit file. */
export interface BuiltFile {
  readonly name: string;
  readonly text: string;
  readonly lines: readonly BuiltLine[];
}

/** Everything that the page shows for a state. */
export interface Built {
  /** The unit files. Empty if there are problems. */
  readonly files: readonly BuiltFile[];
  readonly problems: readonly FieldProblem[];
  readonly findings: readonly Finding[];
  /** The directives that could confine the service more, and are not written. */
  readonly leftOut: readonly Explanation[];
  /** What `systemd-analyze security` says of the service. */
  readonly score: Score | undefined;
  /** The app's code. A program that is not Node has none. */
  readonly code: { readonly file: string; readonly language: "js" | "ts"; readonly text: string } | undefined;
  readonly config: { readonly file: "sockact.config.js"; readonly text: string };
  /** The lines that install the units. */
  readonly shell: { readonly byHand: string; readonly withSockact: string };
}

/** The lines of a unit file, each with its explanation. `explained` has one entry for each directive, in their order. */
function linesOf(text: string, explained: readonly Explanation[], findings: readonly Finding[]): BuiltLine[] {
  const rest = [...explained];
  let section = "";
  return text
    .trimEnd()
    .split("\n")
    .map((line, index): BuiltLine => {
      section = /^\[(\w+)\]$/.exec(line)?.[1] ?? section;
      const explanation = /^\w+=/.test(line) ? rest.shift() : undefined;
      return {
        text: line,
        ...(section === "" || line === "" ? {} : { section }),
        ...(explanation === undefined ? {} : { directive: explanation.directive, explanation }),
        findings: findings.filter((finding) => finding.line === index + 1),
      };
    });
}

/** Builds everything for a state. Never throws. */
export function build(state: BuilderState): Built {
  const description = describe(state);
  const problems = problemsOf(state);
  const code = codeOf(state);
  const isPreloaded = description.preload !== undefined;
  const packages = [...(code?.packages ?? []), ...(isPreloaded ? ["@sockact/register"] : [])];
  const always = {
    code,
    config: { file: "sockact.config.js", text: configText(description, "js") },
  } as const;
  try {
    const units = emitUnits(description);
    if (problems.length === 0) {
      const explanations = explain(description);
      const written = explanations.filter(({ status }) => status === "asked" || status === "added");
      const findings = lintUnits(units);
      return {
        ...always,
        files: Object.entries(units).map(([name, text]) => ({
          name,
          text,
          lines: linesOf(
            text,
            written.filter(({ unit }) => unit === name),
            findings.filter(({ file }) => file === name),
          ),
        })),
        problems,
        findings,
        leftOut: explanations.filter(({ status }) => status === "left out"),
        score: scoreOf(units[`${description.name}.service`] ?? ""),
        shell: shellLines(state, Object.keys(units), packages),
      };
    }
  } catch (error) {
    if (!(error instanceof UnitError)) throw error;
    for (const { path, code: kind, message, hint } of error.problems)
      problems.push({ field: fieldOf(path, state), code: kind, message, hint });
  }
  return {
    ...always,
    files: [],
    problems,
    findings: [],
    leftOut: [],
    score: undefined,
    shell: { byHand: "", withSockact: "" },
  };
}
