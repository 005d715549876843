import { member, shown, type UnitProblem } from "./problems.ts";
import type { Read } from "./readers.ts";

/** How one field of a description becomes a directive. */
export interface Directive {
  key: string;
  read: Read;
}

/** By field, the values that were asked for; a field left out has none. */
export type Asked<Field extends string> = Record<Field, string[]>;

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads the fields of `table` out of `source`, and reports each key of `source` that is neither there nor in `others`. */
export function readFields<Field extends string>(
  table: Record<Field, Directive>,
  others: readonly string[],
  source: Record<string, unknown>,
  path: string,
  problems: UnitProblem[],
): Asked<Field> {
  const known = [...others, ...Object.keys(table)];
  for (const key of Object.keys(source)) {
    if (known.includes(key)) continue;
    const names = (field: string) => [field, table[field as Field]?.key];
    const near = known.find((field) =>
      names(field).some((name) => name?.toLowerCase() === key.toLowerCase()),
    );
    problems.push({
      code: "ERR_UNIT_FIELD",
      path: member(path, key),
      message: `${shown(key)} is not a field`,
      hint: near === undefined ? `the fields are ${known.join(", ")}` : `write ${near}`,
    });
  }
  const asked = {} as Asked<Field>;
  for (const field of Object.keys(table) as Field[]) {
    const value = source[field];
    asked[field] = value === undefined ? [] : table[field].read(value, member(path, field), problems);
  }
  return asked;
}
