/** One thing in a description that cannot be written into a unit file. */
export interface UnitProblem {
  /** Where it is, written as one would reach it in JavaScript: `sockets[1].listen`. */
  path: string;
  /** What is wrong, with the value that was seen. */
  message: string;
  /** What to write instead. */
  hint: string;
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
  /** What to change: one line for each problem. */
  readonly hint: string;
  /** At least one, in the order of the description. */
  readonly problems: readonly UnitProblem[];

  constructor(problems: readonly UnitProblem[]) {
    super(problems.map(({ path, message }) => `${path}: ${message}`).join("\n"));
    this.hint = problems.map(({ path, hint }) => `${path}: ${hint}`).join("\n");
    this.problems = problems;
  }
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
export function notAList(value: unknown): string {
  if (value === undefined) return "it is missing";
  return Array.isArray(value) ? "an empty array" : `${shown(value)} is not an array`;
}

/** The path of a member, on one line whatever its key. */
export function member(path: string, key: string): string {
  if (!/^\w+$/.test(key)) return `${path}[${shown(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}
