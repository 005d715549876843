import { member, shown, type UnitProblem } from "../../problems.ts";
import { nearest } from "@sockact/shared/nearest";
import { boolean, type Read } from "../values/readers.ts";

/** How a field of a description becomes a directive. */
export interface Directive {
  key: string;
  read: Read;
}

/** The values of the fields in the description. Empty for an omitted field. */
export type Asked<Field extends string> = Record<Field, string[]>;

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns a function that finds the field of a directive, ignoring case. */
export function fieldsByDirective(
  table: Readonly<Record<string, Directive>>,
): (directive: string) => string | undefined {
  // If several fields write the same directive, the first one is used.
  const fields = new Map(
    Object.entries(table)
      .toReversed()
      .map(([field, { key }]) => [key.toLowerCase(), field]),
  );
  return (directive) => fields.get(directive.toLowerCase());
}

/** The value as an object, or `undefined` after the problem is reported. */
export function objectOf(
  value: unknown,
  path: string,
  hint: string,
  problems: UnitProblem[],
): Record<string, unknown> | undefined {
  if (isObject(value)) return value;
  problems.push({ code: "SOCKACT_ERR_UNIT_TYPE", path, message: `${shown(value)} is not an object`, hint });
  return undefined;
}

/** Sorted by name, so that the units do not depend on the order of properties. */
export function entriesByName(record: Readonly<Record<string, unknown>>): [string, unknown][] {
  return Object.entries(record).toSorted(([one], [other]) => (one < other ? -1 : 1));
}

/** The hint for an unknown field. If there are too many fields to list, it mentions `raw`. */
function withoutField(known: readonly string[]): string {
  return known.includes("raw")
    ? "leave it out; write a directive without a field in raw"
    : `the fields are ${known.join(", ")}`;
}

/**
 * Reads the fields of `table` from `source`, and reports each key of `source` that is neither in the table
 * nor in `others`.
 *
 * @param elsewhere returns hints for other names or places of fields. It is called only for an unknown key.
 */
export function readFields<Field extends string>(
  table: Record<Field, Directive>,
  others: readonly string[],
  source: Record<string, unknown>,
  path: string,
  problems: UnitProblem[],
  elsewhere: () => Readonly<Record<string, string>> = () => ({}),
): Asked<Field> {
  const unknown = Object.keys(source).filter((key) => !Object.hasOwn(table, key) && !others.includes(key));
  if (unknown.length > 0)
    reportFields(
      unknown,
      table,
      [...new Set([...others, ...Object.keys(table)])],
      path,
      problems,
      elsewhere(),
    );
  const asked = {} as Asked<Field>;
  for (const field of Object.keys(table) as Field[]) {
    const value = source[field];
    asked[field] = value === undefined ? [] : table[field].read(value, member(path, field), problems);
  }
  return asked;
}

/** Reports unknown fields, with suggestions. */
function reportFields(
  unknown: readonly string[],
  table: Readonly<Record<string, Directive>>,
  known: readonly string[],
  path: string,
  problems: UnitProblem[],
  elsewhere: Readonly<Record<string, string>>,
): void {
  const namesOf = (field: string) => [field, table[field]?.key ?? field];
  // If a name has several hints, the last one is used.
  const ofFields = known
    .toReversed()
    .flatMap((field) => namesOf(field).map((name) => [name, `write ${field}`] as const));
  // The fields of this table come first, because the first of several equally similar names is used.
  const hints = new Map([...ofFields, ...Object.entries(elsewhere), ...ofFields]);
  for (const key of unknown) {
    const meant = nearest(key, hints.keys());
    problems.push({
      code: "SOCKACT_ERR_UNIT_FIELD",
      path: member(path, key),
      message: `${shown(key)} is not a field`,
      hint: meant === undefined ? withoutField(known) : hints.get(meant)!,
    });
  }
}

/**
 * A value, or an object with the value under `under` and with flags. Each true flag adds a prefix to the
 * value.
 */
export function flagged(under: string, flags: Readonly<Record<string, string>>, read: Read): Read {
  return (value, path, problems) => {
    if (!isObject(value) || !Object.hasOwn(value, under)) return read(value, path, problems);
    const table = Object.fromEntries(Object.keys(flags).map((flag) => [flag, { key: flag, read: boolean }]));
    const asked = readFields(table, [under], value, path, problems);
    const prefix = Object.entries(flags).map(([flag, mark]) => (asked[flag]![0] === "true" ? mark : ""));
    return read(value[under], `${path}.${under}`, problems).map((text) => prefix.join("") + text);
  };
}
