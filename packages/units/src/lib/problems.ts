/**
 * What kind of fault a problem is. `ERR_UNIT_…`
 *
 * - `FIELD`: there is no such field.
 * - `MISSING`: a field that must be there is not.
 * - `TYPE`: another JavaScript type than the field's.
 * - `CHOICE`: none of the values that the field has.
 * - `TEXT`: a text that no unit file can say there, such as a line break.
 * - `ADDRESS`, `PATH`, `NAME`, `DURATION`, `NUMBER`: systemd would refuse it as one.
 * - `VARIABLE`: an environment variable that cannot be set.
 * - `LENGTH`: more than systemd, or the kernel, takes.
 * - `REPEATED`: given twice.
 * - `CONFLICT`: right by itself, and at odds with another field.
 * - `VERSION`: newer than the systemd that the description names.
 * - `LINT`: the linter finds an error or a warning in the units, and the description does not acknowledge it.
 */
export type UnitProblemCode =
  | "ERR_UNIT_FIELD"
  | "ERR_UNIT_MISSING"
  | "ERR_UNIT_TYPE"
  | "ERR_UNIT_CHOICE"
  | "ERR_UNIT_TEXT"
  | "ERR_UNIT_ADDRESS"
  | "ERR_UNIT_PATH"
  | "ERR_UNIT_NAME"
  | "ERR_UNIT_DURATION"
  | "ERR_UNIT_NUMBER"
  | "ERR_UNIT_VARIABLE"
  | "ERR_UNIT_LENGTH"
  | "ERR_UNIT_REPEATED"
  | "ERR_UNIT_CONFLICT"
  | "ERR_UNIT_VERSION"
  | "ERR_UNIT_LINT";

/** One thing in a description that cannot be written into a unit file. */
export interface UnitProblem {
  /** What kind of fault it is; each stands in docs/errors.md. */
  readonly code: UnitProblemCode;
  /** Where it is, written as one would reach it in JavaScript: `sockets[1].listen`. */
  readonly path: string;
  /** What is wrong, with the value that was seen. */
  readonly message: string;
  /** What to write instead. */
  readonly hint: string;
}

/**
 * Thrown by `emitUnits` for a description that cannot be written into unit files.
 *
 * It carries every problem of the description, not the first alone.
 */
export class UnitError extends Error {
  override readonly name = "UnitError";
  /** Always `ERR_UNIT_DESCRIPTION`. */
  readonly code = "ERR_UNIT_DESCRIPTION";
  /** What to change: one line for each problem. The message has it too. */
  readonly hint: string;
  /** At least one, in the order of the description. */
  readonly problems: readonly UnitProblem[];

  constructor(problems: readonly UnitProblem[]) {
    super(problems.map(({ path, message, hint }) => `${path}: ${message}; ${hint}`).join("\n"));
    this.hint = problems.map(({ path, hint }) => `${path}: ${hint}`).join("\n");
    this.problems = problems;
  }
}

/** Why a value is refused, wherever it stands. */
export type Refusal = Omit<UnitProblem, "path">;

/** What makes refusals of one kind. */
export function refusing(code: UnitProblemCode): (message: string, hint: string) => Refusal {
  return (message, hint) => ({ code, message, hint });
}

/** What reports fields that are right by themselves, and at odds with another. */
export function conflictsIn(problems: UnitProblem[]): (path: string, message: string, hint: string) => void {
  return (path, message, hint) => void problems.push({ code: "ERR_UNIT_CONFLICT", path, message, hint });
}

/** Shows a value in a message without letting it flood or break the line. */
export function shown(value: unknown): string {
  if (typeof value === "function" || typeof value === "symbol") return `a ${typeof value}`;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number" || value === undefined) return String(value);
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 76)}…"` : text;
}

/** Says why a value is no array with something in it. */
export function notAList(value: unknown): Omit<Refusal, "hint"> {
  if (value === undefined) return { code: "ERR_UNIT_MISSING", message: "it is missing" };
  return Array.isArray(value)
    ? { code: "ERR_UNIT_MISSING", message: "an empty array" }
    : { code: "ERR_UNIT_TYPE", message: `${shown(value)} is not an array` };
}

/** The path of a member, on one line whatever its key. */
export function member(path: string, key: string): string {
  if (!/^\w+$/.test(key)) return `${path}[${shown(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}
