import fc from "fast-check";
import type { RawSection } from "../../src/index.ts";
import type { Shown } from "./shown.ts";
import * as values from "./values.ts";
import type { Said } from "./values.ts";

/** How a field is filled in, and what systemd shows of it; `otherwise` if it is left out. */
export interface Field<Value> {
  values: fc.Arbitrary<{ value: Value; shown: Shown }>;
  otherwise: Shown;
}

/** Every field of a description; `undefined` for one that the campaign leaves to other tests. */
export type Fields<Description> = {
  [Name in keyof Description]-?: Field<NonNullable<Description[Name]>> | undefined;
};

/** A field that the campaign does not fill in. The string says where it is tested. */
export const elsewhere: (where: string) => undefined = () => undefined;

export function property<Value>(
  name: string,
  said: fc.Arbitrary<Said<Value>>,
  otherwise?: unknown,
): Field<Value> {
  return {
    values: said.map(({ value, shown }) => ({ value, shown: { [name]: shown } })),
    otherwise: otherwise === undefined ? {} : { [name]: otherwise },
  };
}

/** A field whose traces are more than a property; `serviceShown` and its like have them. */
export function apart<Value>(arbitrary: fc.Arbitrary<Value>): Field<Value> {
  return { values: arbitrary.map((value) => ({ value, shown: {} })), otherwise: {} };
}
/** A field that has several properties. */
export function properties<Value>(
  said: fc.Arbitrary<{ value: Value; shown: Shown }>,
  otherwise: Shown = {},
): Field<Value> {
  return { values: said, otherwise };
}

/** What raw sections of every unit can have. */
export const ofUnit = values
  .list(
    values
      .expanding(values.path)
      .map(({ value, shown }) => ({ value, shown: ["AssertPathExists", false, false, shown, 0] })),
    1,
  )
  .map(({ value, shown }) => ({ value: { AssertPathExists: value }, shown: { Asserts: shown } }));
export const ofInstall = values.otherUnit.map(({ value }) => ({ value: { RequiredBy: value }, shown: {} }));

/** Raw sections, each of which may be left out. */
export function raw<Name extends string>(
  sections: Record<Name, fc.Arbitrary<{ value: RawSection; shown: Shown }>>,
): Field<Partial<Record<Name, RawSection>>> {
  const names = Object.keys(sections) as Name[];
  return properties(
    fc.tuple(...names.map((name) => fc.option(sections[name], { nil: undefined }))).map((filled) => ({
      value: Object.fromEntries(
        filled.flatMap((section, index) => (section === undefined ? [] : [[names[index], section.value]])),
      ) as Partial<Record<Name, RawSection>>,
      shown: Object.assign({}, ...filled.map((section) => section?.shown)) as Shown,
    })),
  );
}

/** systemd.service(5): 0 means no limit, as in old versions. */
export function infinityForZero<Value>({ value, shown }: Said<Value, number>): Said<Value, number> {
  return { value, shown: shown === 0 ? values.infinity.shown : shown };
}
