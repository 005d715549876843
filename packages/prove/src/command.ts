import { existsSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { nearest } from "@sockact/shared/nearest";
import { describeObstacle, privateSystemdObstacle } from "@sockact/testing";
import { compareReports, parseBaseline } from "./baseline.ts";
import { checkBudgets, parseBudget } from "./budget.ts";
import { formatFindings, formatNamed, parseOutput } from "./formats/formats.ts";
import { formatJson } from "./formats/json.ts";
import { type Findings, isGood } from "./formats/sentences.ts";
import { checkText, endText, plainStyle, progressText, type TextStyle } from "./formats/text.ts";
import type { ProveOptions } from "./options.ts";
import { prove } from "./prove.ts";
import { ProveError } from "./prove-error.ts";
import { CHECKS, type CheckId } from "./report.ts";

/** The options of `sockact prove`, as texts. */
export interface CommandOptions extends Omit<ProveOptions, "only" | "requests" | "answer"> {
  /** The path that is requested. The default is `/`. */
  readonly path?: string | undefined;
  /** Checks, such as `restart,sleep`. */
  readonly only?: readonly string[] | undefined;
  /** What to print: `text`, `json`, `junit`, `markdown` or `sarif`. */
  readonly format?: string | undefined;
  /** Files to write, such as `junit=report.xml`. */
  readonly output?: readonly string[] | undefined;
  /** Limits, such as `wake=300ms,lost=0`. */
  readonly budget?: readonly string[] | undefined;
  /** The JSON of an earlier run, to compare with. */
  readonly baseline?: string | undefined;
  /** Where to write the JSON of this run. */
  readonly save?: string | undefined;
}

/** Where the output goes, and the files. */
export interface Screen extends TextStyle {
  /** Prints a part of the result. */
  print(text: string): void;
  /** Prints a line that is not part of the result. */
  log(text: string): void;
  /** Shows what happens now, until the next output. */
  progress(text: string): void;
  read(file: string): string;
  write(file: string, text: string): Promise<void>;
}

/**
 * Runs `sockact prove`.
 *
 * @returns whether all promises that could be tried hold, and nothing is over its budget
 * @throws ProveError with `SOCKACT_ERR_PROVE_OPTION` or `SOCKACT_ERR_PROVE_BASELINE` before anything is tried,
 *   and with `SOCKACT_ERR_PROVE_UNAVAILABLE` if nothing can be tried here
 */
export async function runCommand(
  entry: string | undefined,
  options: CommandOptions,
  screen: Screen,
): Promise<boolean> {
  const format = formatNamed(options.format ?? "text");
  const outputs = (options.output ?? []).map(parseOutput);
  const budgets = (options.budget ?? []).flatMap(parseBudget);
  const only = options.only?.flatMap(parseChecks);
  const { baseline, path = "/", save } = options;
  if (!path.startsWith("/"))
    throw new ProveError(
      "SOCKACT_ERR_PROVE_OPTION",
      `a path begins with /; got ${JSON.stringify(path)}`,
      `Write --path /${path}.`,
    );
  for (const file of [...outputs.map((output) => output.file), ...(save === undefined ? [] : [save])])
    assertFolder(file);
  const before = baseline === undefined ? undefined : parseBaseline(readBaseline(baseline, screen), baseline);
  checkMachine();

  screen.progress("Booting systemd");
  const isText = format === "text";
  const report = await prove(entry, { ...options, only, requests: [{ method: "GET", path }] }, (event) => {
    if (event.event !== "checked") screen.progress(progressText(event));
    else if (isText) screen.print(checkText(event.check, screen));
    else screen.log(checkText(event.check, { ...plainStyle, width: screen.width }));
  });
  const findings: Findings = {
    report,
    budget: checkBudgets(report, budgets),
    ...(before !== undefined && { changes: compareReports(before, report) }),
  };
  const prefix = pathInRepository(resolve(options.folder ?? "."));
  screen.print(isText ? endText(findings, screen) : formatFindings(format, findings, prefix));
  for (const output of outputs)
    await screen.write(output.file, formatFindings(output.format, findings, prefix));
  if (save !== undefined) await screen.write(save, formatJson({ report, budget: [] }));
  return isGood(findings);
}

/** Reads checks such as `restart,sleep`. */
function parseChecks(text: string): CheckId[] {
  return text.split(",").map((part) => {
    const name = part.trim();
    const check = CHECKS.find((known) => known === name);
    if (check !== undefined) return check;
    const near = nearest(name, CHECKS);
    throw new ProveError(
      "SOCKACT_ERR_PROVE_OPTION",
      `unknown check ${JSON.stringify(name)}`,
      near === undefined ? `The checks are ${CHECKS.join(", ")}.` : `Did you mean ${near}?`,
    );
  });
}

/** Nobody should learn at the end that the report has no place. */
function assertFolder(file: string): void {
  const folder = dirname(resolve(file));
  if (existsSync(folder)) return;
  throw new ProveError(
    "SOCKACT_ERR_PROVE_OPTION",
    `can't write ${file}: the folder ${folder} does not exist`,
    "Create it first, or name another file.",
  );
}

function readBaseline(file: string, screen: Screen): string {
  try {
    return screen.read(file);
  } catch (cause) {
    throw new ProveError(
      "SOCKACT_ERR_PROVE_BASELINE",
      `can't read the baseline ${file}: ${(cause as Error).message}`,
      "Name the file that an earlier run has written with --save.",
      { cause },
    );
  }
}

function checkMachine(): void {
  const obstacle = privateSystemdObstacle();
  if (obstacle === undefined) return;
  const { reason, hint } = describeObstacle(obstacle);
  throw new ProveError("SOCKACT_ERR_PROVE_UNAVAILABLE", reason, hint);
}

/** The path of a folder from the root of its Git repository. Empty without one. */
function pathInRepository(folder: string): string {
  for (let above = folder; above !== dirname(above); above = dirname(above))
    if (existsSync(join(above, ".git"))) return relative(above, folder);
  return "";
}
