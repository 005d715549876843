import {
  type AppDescription,
  explain,
  type Explanation,
  type Finding,
  lintUnits,
  UnitError,
} from "@sockact/units";
import { configText } from "../../../../../packages/cli/src/lib/init/config-text.ts";
import { aboutApp, type Code, codeOf } from "./code.ts";
import { describe } from "./description.ts";
import { type BuiltSite, forProxy, sitesOf, withSocketOfProxy } from "./hosts.ts";
import { explainInForm } from "./origins.ts";
import { oversized, problemsOf, type FieldProblem } from "./problems.ts";
import { problemInForm } from "./refusals.ts";
import { scoreOf, type Score } from "./score.ts";
import { asSentences } from "./sentences.ts";
import { shellLines, type ShellLines } from "./shell.ts";
import type { BuilderState } from "./state.ts";

export type { FieldProblem } from "./problems.ts";

/** One line of a unit file. */
export interface BuiltLine {
  readonly text: string;
  readonly section?: string;
  readonly directive?: string;
  /** The reason for the line. */
  readonly explanation?: Explanation;
  /** The part of the form that the line comes from, such as `from the field “User”`. */
  readonly source?: string;
  /** The findings of the linter at this line. */
  readonly findings: readonly Finding[];
}

/** One unit file. */
interface BuiltFile {
  readonly name: string;
  readonly text: string;
  readonly lines: readonly BuiltLine[];
}

/** Everything that the page shows for a state. */
export interface Built {
  /** The name of the app. */
  readonly name: string;
  /** The unit files. Empty if there are problems. */
  readonly files: readonly BuiltFile[];
  readonly problems: readonly FieldProblem[];
  readonly findings: readonly Finding[];
  /** The directives that would restrict the service more, but are left out. */
  readonly leftOut: readonly Explanation[];
  /** The score that `systemd-analyze security` gives the service. */
  readonly score: Score | undefined;
  /** How the app or the program gets its ports. For a program, also where it may write. */
  readonly about: string;
  /** The app's code, or `undefined` for a program that does not run on Node. */
  readonly code: Code | undefined;
  readonly config: { readonly file: "sockact.config.mjs"; readonly text: string };
  /** The commands that install the units. */
  readonly shell: ShellLines;
  /** The sites of the proxies, if the app has host names. */
  readonly sites: readonly BuiltSite[];
}

/**
 * The lines of a unit file, as `emitUnits` writes them. They come from the explanations, because `emitUnits`
 * would do the same work again.
 */
function linesOf(explained: readonly Explanation[], state: BuilderState): Omit<BuiltLine, "findings">[] {
  return explained.flatMap((explanation, index) => {
    const { section, directive, value = "" } = explanation;
    const before = explained[index - 1]?.section;
    return [
      ...(before === undefined || before === section ? [] : [{ text: "" }]),
      ...(before === section ? [] : [{ text: `[${section}]`, section }]),
      { text: `${directive}=${value}`, section, directive, ...explainInForm(explanation, state) },
    ];
  });
}

/** The parts of the result that need a description without problems. */
function builtUnits(state: BuilderState, described: AppDescription, code: Code | undefined) {
  const description = forProxy(described);
  const explanations = explain(description);
  const written = explanations.filter(({ status }) => status === "asked" || status === "added");
  const units = [...new Set(written.map(({ unit }) => unit))].map((name) => {
    const lines = linesOf(
      written.filter(({ unit }) => unit === name),
      state,
    );
    return { name, text: lines.map(({ text }) => `${text}\n`).join(""), lines };
  });
  const findings = lintUnits(Object.fromEntries(units.map(({ name, text }) => [name, text])));
  return {
    files: units.map(({ name, text, lines }) => ({
      name,
      text,
      lines: lines.map((line, index) => ({
        ...line,
        findings: findings.filter((finding) => finding.file === name && finding.line === index + 1),
      })),
    })),
    findings,
    leftOut: explanations
      .filter(({ status }) => status === "left out")
      .map((explanation) => explainInForm(explanation, state).explanation),
    score: scoreOf(units.find(({ name }) => name === `${description.name}.service`)!.text),
    shell: shellLines(
      state,
      units.map(({ name }) => name),
      code,
      description.preload === undefined ? [] : ["@sockact/register"],
    ),
    sites: sitesOf(description),
  };
}

const nothingBuilt = {
  name: "",
  about: "",
  files: [],
  findings: [],
  leftOut: [],
  score: undefined,
  shell: { byHand: "", withSockact: "", notes: [] },
  sites: [],
};

/**
 * Builds everything that the page shows for a state. Reports wrong values as problems, and does not throw for
 * them.
 */
export function build(given: BuilderState): Built {
  const state = withSocketOfProxy(given);
  const tooLarge = oversized(state);
  if (tooLarge.length > 0) {
    const config = { file: "sockact.config.mjs", text: "" } as const;
    return { ...nothingBuilt, problems: tooLarge.map(asSentences), code: undefined, config };
  }
  const description = describe(state);
  const problems = problemsOf(state);
  const code = codeOf(state);
  // `sockact install` writes the units for the systemd of the machine.
  const { systemd: _, ...forInstall } = description;
  const config = { file: "sockact.config.mjs", text: configText(forInstall, "js") } as const;
  const common = {
    name: description.name,
    problems: problems.map(asSentences),
    about: aboutApp(state),
    code,
    config,
  };
  try {
    const units = builtUnits(state, description, code);
    return { ...(problems.length === 0 ? units : nothingBuilt), ...common };
  } catch (error) {
    if (!(error instanceof UnitError)) throw error;
    const isTold = (field: string) => problems.some((problem) => problem.field === field);
    const refused = error.problems
      // Without the script, the rest of the command line has another meaning.
      .filter(({ path }) => path !== "exec" || !(isTold("script") || isTold("arguments")))
      .map((problem) => problemInForm(problem, state))
      .filter(
        ({ field, code: kind }, index, all) =>
          !isTold(field) && all.findIndex((one) => one.field === field && one.code === kind) === index,
      );
    return { ...nothingBuilt, ...common, problems: [...problems, ...refused].map(asSentences) };
  }
}
