import { refusedEdits } from "../parse/edit.ts";
import { givenOf, parseUnits, UnitSet } from "../model/unit-set.ts";
import type { GivenFile, GivenUnits } from "../parse/load.ts";
import { conflictsAmong } from "./subjects/conflicts.ts";
import { fixText, type FileEdit, type Found, type Rule, type Severity } from "./findings/finding.ts";
import { serviceRules, type ServiceCode } from "./rules/service.ts";
import { socketRules, type SocketCode } from "./rules/socket.ts";
import { subjectsOf } from "./subjects/subjects.ts";
import { fileSubject, syntaxRules, type FileSubject, type SyntaxCode } from "./rules/syntax.ts";
import { unitNameParts } from "../systemd/unit-names.ts";

/** All rules of the linter, by code. */
export const rules: Readonly<Record<FindingCode, Pick<Rule<never>, "severity" | "why" | "man">>> = {
  ...syntaxRules,
  ...socketRules,
  ...serviceRules,
};

/** The code of a finding. docs/codes/lint.md explains each one. */
export type FindingCode = SyntaxCode | SocketCode | ServiceCode;

/** Something in a unit file that systemd rejects, or that will cause problems. */
export interface Finding {
  /** The name of the file, as passed. */
  readonly file: string;
  /** The line, counted from 1: that of the directive, or of the section if a directive is missing. */
  readonly line: number;
  /**
   * `error`: systemd does not load the unit, or the app does not work. `warning`: it will cause problems.
   * `info`: it could be better.
   */
  readonly severity: Severity;
  /** The code of the rule. docs/codes/lint.md explains it. */
  readonly code: FindingCode;
  /** What is wrong. */
  readonly message: string;
  /** What happens if you do not fix it. */
  readonly why: string;
  /** What to write instead. */
  readonly fix: string;
  /** The fix as edits for `fixUnits`. Missing if the fix needs a decision. */
  readonly edits?: readonly FileEdit[];
}

/** Facts that the linter cannot find in the files. */
export interface LintOptions {
  /**
   * Whether a user's service manager runs the units. The default is true for units in a folder
   * `systemd/user`, and for units with `/run/user/<uid>/systemd/notify` in `OpenFile=`.
   */
  user?: boolean | undefined;
}

/** The unit, or the unit that a drop-in belongs to. */
function subjectOf(file: GivenFile, given: GivenUnits): FileSubject {
  const { dropInOf, base } = file;
  const name = dropInOf === undefined ? base : dropInOf.includes(".") ? dropInOf : `unit.${dropInOf}`;
  return fileSubject({ ...file, name, type: unitNameParts(name).type, given });
}

/** A finding with its fix. */
export interface RuleFinding extends Pick<Found, "fix" | "inDescription"> {
  finding: Finding;
}

function found<Subject>(
  table: Readonly<Record<string, Rule<Subject>>>,
  subjects: readonly Subject[],
  withInfo: boolean,
): RuleFinding[] {
  const all: RuleFinding[] = [];
  for (const [code, { severity, why, find }] of Object.entries(table)) {
    if (severity === "info" && !withInfo) continue;
    for (const subject of subjects)
      for (const { at, message, fix, inDescription, edits = [] } of find(subject)) {
        const finding = {
          file: at.file,
          line: at.line,
          severity,
          code: code as FindingCode,
          message,
          why,
          fix: fixText(fix),
          // Names and values with a line break can't be written.
          ...(edits.length > 0 && refusedEdits(edits).length === 0 && { edits }),
        };
        all.push({ fix, inDescription, finding });
      }
  }
  return all;
}

/**
 * Finds problems in related unit files: services, their sockets and drop-ins.
 *
 * `files` is a {@link UnitSet}, or an object of strings by name: `app.socket`, `app.service`,
 * `app.service.d/10-port.conf`. A name may include folders. A service or socket that is not passed counts as
 * missing. In files of other kinds, only the syntax is checked. Returns the findings in the order of files
 * and lines; an empty array means that there are none. Any string is accepted. Throws a `TypeError` if
 * `files` is not an object of strings.
 */
export function lintUnits(
  files: Readonly<Record<string, string>> | UnitSet,
  options: LintOptions = {},
): readonly Finding[] {
  const units = files instanceof UnitSet ? files : parseUnits(files);
  return findingsIn(units, options).map(({ finding }) => finding);
}

/** The findings of `lintUnits` with their fixes, optionally without those of severity `info`. */
export function findingsIn(
  set: UnitSet,
  options: LintOptions = {},
  { withInfo = true }: { withInfo?: boolean } = {},
): readonly RuleFinding[] {
  const units = givenOf(set);
  const { sockets, services } = subjectsOf(units, options.user === true);
  const conflicts = conflictsAmong(sockets);
  const findings = [
    ...found(
      syntaxRules,
      units.all.map((file) => subjectOf(file, units)),
      withInfo,
    ),
    ...found(
      socketRules,
      sockets.map((socket) => ({ ...socket, conflicts: conflicts.get(socket)! })),
      withInfo,
    ),
    ...found(serviceRules, services, withInfo),
  ];
  const order = new Map(units.all.map(({ file }, index) => [file, index]));
  return findings.toSorted(
    ({ finding: one }, { finding: other }) =>
      order.get(one.file)! - order.get(other.file)! || one.line - other.line,
  );
}
