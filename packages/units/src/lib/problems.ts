import { showInvisible } from "./invisible.ts";

/**
 * The kind of a problem: `SOCKACT_ERR_UNIT_…`
 *
 * - `FIELD`: there is no such field.
 * - `MISSING`: a required field is missing.
 * - `TYPE`: the value has the wrong JavaScript type.
 * - `CHOICE`: the field does not have this value.
 * - `TEXT`: a unit file can't contain this string here, for example because of a line break.
 * - `ADDRESS`, `PATH`, `NAME`, `DURATION`, `NUMBER`: systemd would reject the value.
 * - `VARIABLE`: an environment variable that can't be set.
 * - `LENGTH`: the value is too long for systemd or the kernel.
 * - `REPEATED`: the same value occurs twice.
 * - `CONFLICT`: the value contradicts another field.
 * - `VERSION`: newer than the systemd of the description.
 * - `LINT`: an error or warning of the linter that the description does not acknowledge.
 */
export type UnitProblemCode =
  | "SOCKACT_ERR_UNIT_FIELD"
  | "SOCKACT_ERR_UNIT_MISSING"
  | "SOCKACT_ERR_UNIT_TYPE"
  | "SOCKACT_ERR_UNIT_CHOICE"
  | "SOCKACT_ERR_UNIT_TEXT"
  | "SOCKACT_ERR_UNIT_ADDRESS"
  | "SOCKACT_ERR_UNIT_PATH"
  | "SOCKACT_ERR_UNIT_NAME"
  | "SOCKACT_ERR_UNIT_DURATION"
  | "SOCKACT_ERR_UNIT_NUMBER"
  | "SOCKACT_ERR_UNIT_VARIABLE"
  | "SOCKACT_ERR_UNIT_LENGTH"
  | "SOCKACT_ERR_UNIT_REPEATED"
  | "SOCKACT_ERR_UNIT_CONFLICT"
  | "SOCKACT_ERR_UNIT_VERSION"
  | "SOCKACT_ERR_UNIT_LINT";

/** A problem in a description. */
export interface UnitProblem {
  /** The kind of the problem. docs/codes/errors.md explains each one. */
  readonly code: UnitProblemCode;
  /** The place in the description, as a JavaScript expression: `sockets[1].listen`. */
  readonly path: string;
  /** What is wrong, with the value in question. */
  readonly message: string;
  /** What to write instead. */
  readonly hint: string;
  /**
   * With `SOCKACT_ERR_UNIT_LINT`, the code of the linter's finding, such as `kill-mode`. The field
   * `acknowledge` accepts it.
   */
  readonly finding?: string;
}

/** The hint, and for a finding how to acknowledge it. */
const wayOut = ({ hint, finding }: UnitProblem): string =>
  finding === undefined ? hint : `${hint}. To keep the units as they are, write acknowledge: ['${finding}']`;

/**
 * The error that `emitUnits` throws for an invalid description.
 *
 * It contains every problem of the fields. If there are none, it contains everything that the linter finds in
 * the units.
 */
export class UnitError extends Error {
  /** Always `UnitError`. */
  override readonly name = "UnitError";
  /** Always `SOCKACT_ERR_UNIT_DESCRIPTION`. */
  readonly code = "SOCKACT_ERR_UNIT_DESCRIPTION";
  /** What to change: one line for each problem. The message includes it. */
  readonly hint: string;
  /** At least one, in the order of the description. */
  readonly problems: readonly UnitProblem[];

  constructor(problems: readonly UnitProblem[]) {
    super(problems.map((one) => `${one.path}: ${one.message}; ${wayOut(one)}`).join("\n"));
    this.hint = problems.map((one) => `${one.path}: ${wayOut(one)}`).join("\n");
    this.problems = problems;
  }
}

/** Why a value is invalid. The caller adds the place. */
export type Refusal = Omit<UnitProblem, "path">;

/** Returns a function that creates problems of one kind. */
export function refusing(code: UnitProblemCode): (message: string, hint: string) => Refusal {
  return (message, hint) => ({ code, message, hint });
}

/** Reports contradicting fields. */
export function conflictsIn(problems: UnitProblem[]): (path: string, message: string, hint: string) => void {
  return (path, message, hint) =>
    void problems.push({ code: "SOCKACT_ERR_UNIT_CONFLICT", path, message, hint });
}

/** Formats a value for a message: shortened, and on one line. */
export function shown(value: unknown): string {
  if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number" || value === undefined) return String(value);
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  const text = showInvisible(JSON.stringify(value));
  return text.length > 80 ? `${text.slice(0, 76)}…"` : text;
}

/** Explains that a value is not an array with at least one entry. */
export function notAList(value: unknown): Omit<Refusal, "hint"> {
  if (value === undefined) return { code: "SOCKACT_ERR_UNIT_MISSING", message: "it is missing" };
  return Array.isArray(value)
    ? { code: "SOCKACT_ERR_UNIT_MISSING", message: "an empty array" }
    : { code: "SOCKACT_ERR_UNIT_TYPE", message: `${shown(value)} is not an array` };
}

/** The path of a member, on one line even if its key is not. */
export function member(path: string, key: string): string {
  if (!/^\w+$/.test(key)) return `${path}[${shown(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}
