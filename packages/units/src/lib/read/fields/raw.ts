import { isSpecifier } from "../../systemd/specifiers.ts";
import { asked, type Line, type Section } from "../../write/lines.ts";
import { objectOf } from "./fields.ts";
import { member, shown, type Refusal, type UnitProblem } from "../../problems.ts";
import { overridingDirectives, refusedInRaw, unsetVariables } from "./raw-refusals.ts";
import { rawText, type Read } from "../values/readers.ts";
import { reportNewer } from "./versions.ts";
import { currentName, sameName } from "../../systemd/aliases.ts";

/** The lines of raw sections, by section. */
export type RawSections = Partial<Record<Section["name"], Line[]>>;

/**
 * Directives of [Container] that are named like a directive of systemd, whose field does not apply to a
 * container.
 */
const ofPodman = ["NoNewPrivileges", "ReloadSignal"];

const anything = rawText(() => undefined);

/** Reads a value of a directive. `anything` ensures that it is one line. */
const rawValue: Read = (value, path, problems) => {
  if (typeof value === "boolean" || Number.isFinite(value)) return [String(value)];
  if (typeof value === "string" || isSpecifier(value)) return anything(value, path, problems);
  problems.push({
    code: "SOCKACT_ERR_UNIT_TYPE",
    path,
    message: `${shown(value)} is not a value`,
    hint: "write a string, a number, a boolean or { specifier: '…' }, or an array of them",
  });
  return [];
};

/**
 * Reads raw directives: for each section and directive, a value or an array with a value per line.
 *
 * @param fieldOf returns the field of a directive that must be written with its field.
 */
export function readRaw(
  raw: unknown,
  sections: readonly Section["name"][],
  fieldOf: (directive: string) => string | undefined,
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
        code: "SOCKACT_ERR_UNIT_FIELD",
        path: at,
        message: `${shown(name)} is not a section of this unit`,
        hint: `the sections are ${sections.join(", ")}; write those of a socket in its own raw`,
      });
      continue;
    }
    if (given === undefined) continue;
    const directives = objectOf(given, at, shape, problems) ?? {};
    lines[section] = Object.entries(directives).flatMap(([key, value]) =>
      readDirective(section, key, value, fieldOf, systemd, member(at, key), problems),
    );
  }
  return lines;
}

function readDirective(
  section: Section["name"],
  key: string,
  value: unknown,
  fieldOf: (directive: string) => string | undefined,
  systemd: number | undefined,
  path: string,
  problems: UnitProblem[],
): Line[] {
  const report = (message: string, hint: string) =>
    problems.push({ code: "SOCKACT_ERR_UNIT_FIELD", path, message, hint });
  const current = currentName(key);
  const isPodmans = section === "Container" && ofPodman.some((name) => sameName(name, key));
  const field = isPodmans ? undefined : fieldOf(current);
  if (!/^[A-Za-z0-9]+$/.test(key)) {
    report(
      `${shown(key)} is not the name of a directive`,
      "only letters and digits, as in the manual: LimitRTPRIO",
    );
  } else if (!sameName(current, key))
    report(`${key}= is an old name of ${current}=`, `write ${field ?? current}`);
  else if (field !== undefined) report(`${key}= has its own field`, `write ${field}`);
  else {
    const values = (Array.isArray(value) ? value : [value]).flatMap((entry: unknown, index) =>
      rawValue(entry, Array.isArray(value) ? `${path}[${index}]` : path, problems),
    );
    const refusal = refusedInRaw(section, key, values);
    if (refusal !== undefined) report(`${key}= ${refusal.why}`, refusal.instead);
    // Podman's directives do not depend on the version of systemd.
    if (section !== "Container") reportNewer(systemd, key, values, path, problems);
    return asked(key, values, path);
  }
  return [];
}

/** Hints for directives that are already written, if removing them is not enough. */
const insteadOf: Readonly<Record<string, string>> = {
  DynamicUser: "write user: 'shop', or leave it out",
};

/** Reports a raw line that contradicts an existing line. */
function conflictOf({ key, value }: Line, lines: readonly Line[]): Omit<Refusal, "code"> | undefined {
  const written = lines.find((line) => sameName(line.key, key));
  if (written !== undefined) {
    const why = written.reason === undefined ? "" : `: ${written.reason}`;
    return {
      message: `${written.key}=${written.value} is already written${why}`,
      hint: insteadOf[written.key] ?? "leave it out",
    };
  }
  const overridden = lines.find(
    (line) => line.key === overridingDirectives[key]?.key && line.value === "yes",
  );
  if (overridden !== undefined) {
    return {
      message: `${key}= would override ${overridden.key}=yes`,
      hint: `leave it out, or write ${overridingDirectives[key]!.field}: false in hardening`,
    };
  }
  if (key !== "UnsetEnvironment") return undefined;
  const set = lines.filter((line) => line.key === "Environment").map((line) => line.value.replace(/^"/, ""));
  const taken = unsetVariables(value).find((name) => set.some((text) => text.startsWith(`${name}=`)));
  return taken === undefined
    ? undefined
    : { message: `${key}= would remove ${taken}, which the unit sets`, hint: "remove it" };
}

/**
 * The sections of a unit, with raw lines at the end. Reports each raw directive that would override another
 * line.
 */
export function withRaw(sections: readonly Section[], raw: RawSections, problems: UnitProblem[]): Section[] {
  return sections.map(({ name, lines }) => {
    const further = raw[name] ?? [];
    const reported = new Set<string>();
    for (const line of further) {
      const conflict = reported.has(line.key) ? undefined : conflictOf(line, lines);
      if (conflict === undefined) continue;
      reported.add(line.key);
      problems.push({ code: "SOCKACT_ERR_UNIT_CONFLICT", path: line.field!, ...conflict });
    }
    return { name, lines: [...lines, ...further] };
  });
}
