import { buffer } from "node:stream/consumers";
import process from "node:process";
import type { Severity } from "@sockact/units";
import { colouredDiff, unifiedDiff } from "../output/diff.ts";
import { print } from "../output/print.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { count, warn } from "../shared/messages.ts";
import { didYouMean, nearestNames } from "../shared/nearest.ts";
import { findingsIn, fixedTexts, groupsOf, type LintFilesOptions, type Texts } from "./lint-files.ts";
import { printReport, type Format } from "./report/print-report.ts";
import { replaceFile } from "./replace-file.ts";
import { isAtLeast, lintCodes, reported, type Report, type UnreadFile } from "./report/report.ts";
import { readUnitFiles, type UnitFiles } from "./unit-files.ts";
import { ownCommand } from "../shared/own-command.ts";

/** The options of `sockact lint`. */
export interface LintOptions {
  format: Format;
  json?: boolean;
  fix?: boolean;
  diff?: boolean;
  severity: Severity;
  quiet?: boolean;
  ignore?: string[];
  user?: boolean;
  stdinFilename: string;
}

/** Checks the codes from the user, which are codes of the linter or of the command. */
export function readIgnoredCodes(
  given: readonly string[],
  others: readonly string[] = [],
): ReadonlySet<string> {
  const known = new Set([...lintCodes().keys(), ...others]);
  const codes = given.flatMap((list) => list.split(",")).map((code) => code.trim());
  for (const code of codes.filter((one) => !known.has(one))) {
    throw new CliError(
      "SOCKACT_ERR_LINT_CODE",
      `the linter does not know the code ${code}`,
      didYouMean(nearestNames(code, known)) ?? `${ownCommand("explain")} lists the codes.`,
    );
  }
  return new Set(codes);
}

/** The error of `sockact lint` and `sockact verify` if there are no files. */
export function noUnitFiles(paths: readonly string[]): CliError {
  return new CliError(
    "SOCKACT_ERR_LINT_FILE",
    `found no unit files in ${paths.join(", ")}`,
    "Name the files, or a folder with *.service, *.socket or their drop-ins.",
  );
}

/** Warns on stderr about files that could not be read. */
export function warnOfUnread(unread: readonly UnreadFile[]): void {
  for (const { file, message } of unread) warn(`${file} was not checked: ${message}`);
}

/** The findings in the files that the user named. */
export function findingsOf({ files }: UnitFiles, options: LintFilesOptions): Report["findings"] {
  const asked = new Map(files.filter(({ isAsked }) => isAsked).map(({ path, text }) => [path, text]));
  const urls = lintCodes();
  return groupsOf(files)
    .flatMap((texts) => findingsIn(texts, options))
    .filter(({ file }) => asked.has(file))
    .map((finding) => reported(finding, asked.get(finding.file)!, urls.get(finding.code) ?? ""));
}

/** `sockact lint`: returns the exit code. */
export async function lint(paths: readonly string[], options: LintOptions): Promise<number> {
  const lintOptions = { user: options.user === true, ignore: readIgnoredCodes(options.ignore ?? []) };
  const isStdin = paths.includes("-");
  if (isStdin && paths.length > 1)
    throw new CliError("SOCKACT_ERR_USAGE", "- can't be used together with files", "Leave one of them out.");
  const given = isStdin ? { path: options.stdinFilename, bytes: await buffer(process.stdin) } : undefined;
  let read = await readUnitFiles(isStdin ? [] : paths, given);
  const asked = read.files.filter(({ isAsked }) => isAsked);
  if (asked.length === 0 && read.unread.length === 0) throw noUnitFiles(paths);

  let changed: string[] = [];
  let isAllChanged = true;
  if (options.fix || options.diff) {
    const texts = textsAfterFix(read, lintOptions);
    changed = asked.map(({ path }) => path).filter((path) => texts[path] !== textOf(read, path));
    if (options.diff) {
      print(
        changed
          .map((path) => unifiedDiff({ path, text: textOf(read, path) }, { path, text: texts[path]! }))
          .map(colouredDiff)
          .join(""),
      );
      return endOfDiff(read, changed, options);
    }
    const unchanged = isStdin ? [] : await writeChanged(read, changed, texts);
    changed = changed.filter((path) => !unchanged.includes(path));
    read = {
      ...read,
      files: read.files.map((file) =>
        unchanged.includes(file.path) ? file : { ...file, text: texts[file.path]! },
      ),
    };
    isAllChanged = unchanged.length === 0;
    if (isStdin) print(textOf(read, asked[0]!.path));
  }

  const all = findingsOf(read, lintOptions);
  const counting = all.filter(({ severity }) => isAtLeast(severity, options.severity));
  const findings = options.quiet ? counting : all;
  warnOfUnread(read.unread);
  // The output is then only the changed unit.
  if (!(isStdin && options.fix)) {
    const report = { files: asked.length, findings, unread: read.unread, fixed: changed };
    const isClean = findings.length + changed.length === 0;
    const format = options.json ? "json" : options.format;
    if (!(options.quiet && isClean && format === "human")) printReport(report, format);
  }
  return counting.length + read.unread.length > 0 || !isAllChanged ? EXIT.failed : 0;
}

/** Writes the changed files, reports failures, and returns the written files. */
async function writeChanged(read: UnitFiles, changed: readonly string[], texts: Texts): Promise<string[]> {
  const unchanged: string[] = [];
  for (const path of changed) {
    try {
      await replaceFile(path, textOf(read, path), texts[path]!);
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      warn(`${error.message} (${error.code})`);
      unchanged.push(path);
    }
  }
  return unchanged;
}

const textOf = ({ files }: UnitFiles, path: string): string => files.find((file) => file.path === path)!.text;

/** The contents of the user's files after the fixes. */
function textsAfterFix({ files }: UnitFiles, options: LintFilesOptions): Texts {
  const writable = new Set(files.filter(({ isAsked, isUtf8 }) => isAsked && isUtf8).map(({ path }) => path));
  const groups = groupsOf(files).map((texts) => fixedTexts(texts, (path) => writable.has(path), options));
  return Object.assign({}, ...groups) as Texts;
}

function endOfDiff(read: UnitFiles, changed: readonly string[], { quiet }: LintOptions): number {
  warnOfUnread(read.unread);
  if (!quiet && changed.length > 0)
    process.stderr.write(`--fix would change ${count(changed.length, "file")}.\n`);
  return changed.length + read.unread.length > 0 ? EXIT.failed : 0;
}
