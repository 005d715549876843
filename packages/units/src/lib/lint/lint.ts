import { refusedEdits } from "../parse/edit.ts";
import { readFiles, type GivenFile } from "../parse/load.ts";
import { assignments } from "../parse/parse.ts";
import { conflictsAmong } from "./subjects/conflicts.ts";
import { checkFiles } from "./files.ts";
import type { FileEdit, Found, Rule, Severity } from "./findings/finding.ts";
import { serviceRules, type ServiceCode } from "./rules/service.ts";
import { socketRules, type SocketCode } from "./rules/socket.ts";
import { subjectsOf } from "./subjects/subjects.ts";
import { syntaxRules, type FileSubject, type SyntaxCode } from "./rules/syntax.ts";
import { unitNameParts } from "../systemd/unit-names.ts";

/** All that the linter looks for, by its code. */
export const rules: Readonly<Record<FindingCode, Pick<Rule<never>, "severity" | "why" | "man">>> = {
  ...syntaxRules,
  ...socketRules,
  ...serviceRules,
};

/** What is wrong, in one word; docs/lint.md has them all. */
export type FindingCode = SyntaxCode | SocketCode | ServiceCode;

/** Something in a unit file that systemd refuses, or that will hurt. */
export interface Finding {
  /** The file, as it was named. */
  readonly file: string;
  /** The line, counted from 1: of the directive, or of the section in which one is missing. */
  readonly line: number;
  /** `error`: systemd does not load the unit, or it does not serve; `warning`: it will hurt; `info`: it could be better. */
  readonly severity: Severity;
  readonly code: FindingCode;
  /** What was seen. */
  readonly message: string;
  /** What comes of it. */
  readonly why: string;
  /** What to write instead. */
  readonly fix: string;
  /** The same as changes for `fixUnits`; left out where it takes a person to choose. */
  readonly edits?: readonly FileEdit[];
}

/** What the files do not tell. */
export interface LintOptions {
  /** Whether they are for a user's service manager; by default those are that lie in a folder `systemd/user`, or open `/run/user/<uid>/systemd/notify` with `OpenFile=`. */
  user?: boolean | undefined;
}

/** Whose drop-in it is, or the unit itself. */
function subjectOf(given: GivenFile): FileSubject {
  const { file, unit, dropInOf, base } = given;
  const name = dropInOf === undefined ? base : dropInOf.includes(".") ? dropInOf : `unit.${dropInOf}`;
  const settings = assignments(unit).map((assignment) => ({ ...assignment, file }));
  return { ...given, name, type: unitNameParts(name).type, settings };
}

function found<Subject>(
  table: Readonly<Record<string, Rule<Subject>>>,
  subjects: readonly Subject[],
): Finding[] {
  return Object.entries(table).flatMap(([code, { severity, why, find }]) =>
    subjects.flatMap(find).map(({ at: { file, line }, message, fix, edits = [] }: Found) => ({
      file,
      line,
      severity,
      code: code as FindingCode,
      message,
      why,
      fix,
      // A name or a value that would not stay on its line cannot be written.
      ...(edits.length > 0 && refusedEdits(edits).length === 0 && { edits }),
    })),
  );
}

/**
 * Looks for what is wrong in unit files that belong together: services, their sockets and drop-ins.
 *
 * `files` has their texts by name: `app.socket`, `app.service`, `app.service.d/10-port.conf`; folders may stand before. A service or socket that is not
 * among them counts as missing. Files of other kinds are looked at for their syntax alone. Returns the findings in the order of the files and their
 * lines; none is good news. Any text is a file. Throws a `TypeError` if `files` is not an object whose values are strings.
 */
export function lintUnits(
  files: Readonly<Record<string, string>>,
  options: LintOptions = {},
): readonly Finding[] {
  checkFiles(files);
  const given = readFiles(files);
  const { sockets, services } = subjectsOf(given, options.user === true);
  const conflicts = conflictsAmong(sockets);
  const findings = [
    ...found(syntaxRules, given.all.map(subjectOf)),
    ...found(
      socketRules,
      sockets.map((socket) => ({ ...socket, conflicts: conflicts.get(socket)! })),
    ),
    ...found(serviceRules, services),
  ];
  const order = new Map(given.all.map(({ file }, index) => [file, index]));
  return findings.toSorted(
    (one, other) => order.get(one.file)! - order.get(other.file)! || one.line - other.line,
  );
}
