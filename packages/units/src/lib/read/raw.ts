import { isSpecifier } from "../specifier.ts";
import type { Line, Section } from "../write/unit-text.ts";
import { objectOf, type Directive } from "./fields.ts";
import { member, shown, type UnitProblem } from "./problems.ts";
import { currentName, overriding, refusedInRaw, sameName, unsetVariables } from "./raw-refusals.ts";
import { rawText, type Read } from "./readers.ts";
import { refuseNewer } from "./versions.ts";

/** The lines of raw sections, by the section. */
export type RawSections = Partial<Record<Section["name"], Line[]>>;

const anything = rawText(() => undefined);

/** One value of a directive; `anything` makes sure that it stays in its line. */
const rawValue: Read = (value, path, problems) => {
  if (typeof value === "boolean" || Number.isFinite(value)) return [String(value)];
  if (typeof value === "string" || isSpecifier(value)) return anything(value, path, problems);
  problems.push({
    code: "ERR_UNIT_TYPE",
    path,
    message: `${shown(value)} is not a value`,
    hint: "write a string, a number, a boolean or { specifier: '…' }, or an array of them",
  });
  return [];
};

/**
 * Reads directives that have no field: by section and directive a value, or an array of them, a line each.
 *
 * @param known the directives that have a field, which is the one way to write them.
 */
export function readRaw(
  raw: unknown,
  sections: readonly Section["name"][],
  known: Readonly<Record<string, Directive>>,
  systemd: number | undefined,
  path: string,
  problems: UnitProblem[],
): RawSections {
  if (raw === undefined) return {};
  const shape = "write sections and directives: { Service: { LimitRTPRIO: 5 } }";
  const lines: RawSections = {};
  for (const [name, given] of Object.entries(objectOf(raw, path, shape, problems) ?? {})) {
    const section = sections.find((candidate) => candidate === name);
    const at = member(path, name);
    if (section === undefined) {
      problems.push({
        code: "ERR_UNIT_FIELD",
        path: at,
        message: `${shown(name)} is no section of this unit`,
        hint: `the sections are ${sections.join(", ")}; those of a socket are written in its own raw`,
      });
      continue;
    }
    const directives = objectOf(given, at, shape, problems) ?? {};
    lines[section] = Object.entries(directives).flatMap(([key, value]) =>
      readDirective(section, key, value, known, systemd, member(at, key), problems),
    );
  }
  return lines;
}

function readDirective(
  section: Section["name"],
  key: string,
  value: unknown,
  known: Readonly<Record<string, Directive>>,
  systemd: number | undefined,
  path: string,
  problems: UnitProblem[],
): Line[] {
  const refuse = (message: string, hint: string) =>
    problems.push({ code: "ERR_UNIT_FIELD", path, message, hint });
  const current = currentName(key);
  const field = Object.keys(known).find((name) => sameName(known[name]!.key, current));
  if (!/^[A-Za-z0-9]+$/.test(key)) {
    refuse(
      `${shown(key)} is not the name of a directive`,
      "letters and digits alone, as in the manual: LimitRTPRIO",
    );
  } else if (!sameName(current, key))
    refuse(`${key}= is an old name of ${current}=`, `write ${field ?? current}`);
  else if (field !== undefined) refuse(`${key}= has a field of its own`, `write ${field}`);
  else {
    const values = (Array.isArray(value) ? value : [value]).flatMap((entry: unknown, index) =>
      rawValue(entry, Array.isArray(value) ? `${path}[${index}]` : path, problems),
    );
    const refusal = refusedInRaw(section, key, values);
    if (refusal !== undefined) refuse(`${key}= ${refusal.why}`, refusal.instead);
    refuseNewer(systemd, key, values, path, problems);
    return values.map((text) => ({ key, value: text }));
  }
  return [];
}

/** What to write instead of a directive that is there already, where leaving it out is not all there is. */
const insteadOf: Readonly<Record<string, string>> = {
  DynamicUser: "write user: 'shop', or leave it out",
};

/** The sections of a unit with its raw lines after the others; reports each that would override a line which is written anyway. */
export function withRaw(
  sections: readonly Section[],
  raw: RawSections,
  path: string,
  problems: UnitProblem[],
): Section[] {
  return sections.map(({ name, lines }) => {
    const further = raw[name] ?? [];
    for (const key of new Set(further.map((line) => line.key))) {
      const refuse = (message: string, hint: string) =>
        problems.push({ code: "ERR_UNIT_CONFLICT", path: `${path}.${name}.${key}`, message, hint });
      const written = lines.find((line) => sameName(line.key, key));
      const overridden = lines.find((line) => line.key === overriding[key]?.key && line.value === "yes");
      if (written !== undefined) {
        refuse(
          `${written.key}=${written.value} is written already${written.reason === undefined ? "" : `: ${written.reason}`}`,
          insteadOf[written.key] ?? "leave it out",
        );
      }
      if (overridden !== undefined) {
        refuse(
          `${key}= would win over ${overridden.key}=yes`,
          `leave it out, or write ${overriding[key]!.field}: false in hardening`,
        );
      }
    }
    for (const variable of further
      .filter(({ key }) => key === "UnsetEnvironment")
      .flatMap(({ value }) => unsetVariables(value))) {
      if (
        !lines.some(
          ({ key, value }) => key === "Environment" && value.replace('"', "").startsWith(`${variable}=`),
        )
      )
        continue;
      problems.push({
        code: "ERR_UNIT_CONFLICT",
        path: `${path}.${name}.UnsetEnvironment`,
        message: `UnsetEnvironment= would take ${variable} away, which the unit sets`,
        hint: "take it out",
      });
    }
    return { name, lines: [...lines, ...further] };
  });
}
