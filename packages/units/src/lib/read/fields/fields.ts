import { member, shown, type UnitProblem } from "../../problems.ts";
import { nearest } from "../../nearest.ts";
import { boolean, type Read } from "../values/readers.ts";

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

/** The value as an object, or `undefined` once the problem is reported. */
export function objectOf(
  value: unknown,
  path: string,
  hint: string,
  problems: UnitProblem[],
): Record<string, unknown> | undefined {
  if (isObject(value)) return value;
  problems.push({ code: "ERR_UNIT_TYPE", path, message: `${shown(value)} is not an object`, hint });
  return undefined;
}

/** By name, so that the text does not depend on the order in which an object was built. */
export function entriesByName(record: Readonly<Record<string, unknown>>): [string, unknown][] {
  return Object.entries(record).toSorted(([one], [other]) => (one < other ? -1 : 1));
}

/** What to do with a key that is no field: too many to name have `raw` beside them. */
function withoutField(known: readonly string[]): string {
  return known.includes("raw")
    ? "leave it out; a directive that has no field goes into raw"
    : `the fields are ${known.join(", ")}`;
}

/**
 * Reads the fields of `table` out of `source`, and reports each key of `source` that is neither there nor in `others`.
 *
 * @param elsewhere what to write instead of names that mean a field of another name, or in another place.
 */
export function readFields<Field extends string>(
  table: Record<Field, Directive>,
  others: readonly string[],
  source: Record<string, unknown>,
  path: string,
  problems: UnitProblem[],
  elsewhere: Readonly<Record<string, string>> = {},
): Asked<Field> {
  const known = [...others, ...Object.keys(table)];
  const namesOf = (field: string) => [field, table[field as Field]?.key ?? field];
  // Of several hints for one name, the last is kept.
  const ofFields = known
    .toReversed()
    .flatMap((field) => namesOf(field).map((name) => [name, `write ${field}`] as const));
  // What is here comes first: of names that are equally near, the first is meant.
  const hints = new Map([...ofFields, ...Object.entries(elsewhere), ...ofFields]);
  for (const key of Object.keys(source)) {
    if (known.includes(key)) continue;
    const meant = nearest(key, hints.keys());
    problems.push({
      code: "ERR_UNIT_FIELD",
      path: member(path, key),
      message: `${shown(key)} is not a field`,
      hint: meant === undefined ? withoutField(known) : hints.get(meant)!,
    });
  }
  const asked = {} as Asked<Field>;
  for (const field of Object.keys(table) as Field[]) {
    const value = source[field];
    asked[field] = value === undefined ? [] : table[field].read(value, member(path, field), problems);
  }
  return asked;
}

/** A value, or an object with the value under `under` and flags of which each that is true is a character before it. */
export function flagged(under: string, flags: Readonly<Record<string, string>>, read: Read): Read {
  return (value, path, problems) => {
    if (!isObject(value) || !Object.hasOwn(value, under)) return read(value, path, problems);
    const table = Object.fromEntries(Object.keys(flags).map((flag) => [flag, { key: flag, read: boolean }]));
    const asked = readFields(table, [under], value, path, problems);
    const prefix = Object.entries(flags).map(([flag, mark]) => (asked[flag]![0] === "true" ? mark : ""));
    return read(value[under], `${path}.${under}`, problems).map((text) => prefix.join("") + text);
  };
}
