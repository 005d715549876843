import { findingsIn, type Finding, type FindingCode, type RuleFinding, rules } from "../lint/lint.ts";
import type { UnitSet } from "../model/unit-set.ts";
import { booleanOf } from "../systemd/booleans.ts";
import { sandboxDirectives } from "../read/sandbox/directives.ts";
import type { Directive } from "../read/fields/fields.ts";
import { nearest } from "../nearest.ts";
import { refusing, shown, type UnitProblem } from "../problems.ts";
import { each, refuse, type Read } from "../read/values/readers.ts";
import type { UnitEntry } from "../parse/parse.ts";
import type { Service } from "../read/service.ts";
import type { Socket } from "../read/sockets.ts";
import { serviceDirectives } from "../read/fields/service-directives.ts";
import { socketDirectives } from "../read/fields/socket-directives.ts";

/** A description that was read, and the units that were made from it. */
interface Written {
  units: UnitSet;
  service: Service;
  sockets: readonly Socket[];
}

/** A finding of the linter, and the line that it is about. If a line is missing, this is the header of its section. */
export interface PlacedFinding extends Finding, Omit<RuleFinding, "finding"> {
  at: Extract<UnitEntry, { section: string }>;
}

const code: Read = (value, path, problems) => {
  if (typeof value === "string" && Object.hasOwn(rules, value)) return [value];
  const near = typeof value === "string" ? nearest(value, Object.keys(rules)) : undefined;
  return refuse(
    "SOCKACT_ERR_UNIT_CHOICE",
    path,
    problems,
    `${shown(value)} is not a code of the linter`,
    near === undefined ? "write a code of lintUnits(), such as 'kill-mode'" : `write '${near}'`,
  );
};

/** Reads the codes that a description acknowledges. */
export function readAcknowledged(value: unknown, problems: UnitProblem[]): FindingCode[] {
  return value === undefined ? [] : (each(code)(value, "acknowledge", problems) as FindingCode[]);
}

/**
 * Reports each error and warning of the linter at the field that wrote the line, and each acknowledged code that the linter does not report.
 * Returns the findings that are acknowledged.
 */
export function refuseFindings(
  written: Written,
  acknowledged: readonly FindingCode[],
  problems: UnitProblem[],
): PlacedFinding[] {
  const { units, service } = written;
  const findings = findingsIn(units, { user: service.arrangement.manager === "user" })
    .filter(({ finding }) => finding.severity !== "info")
    .map(({ finding, fixInDescription }): PlacedFinding => ({
      ...finding,
      fixInDescription,
      at: units.files.get(finding.file)!.entries[finding.line - 1] as PlacedFinding["at"],
    }));
  for (const finding of findings) {
    if (acknowledged.includes(finding.code)) continue;
    problems.push({
      code: "SOCKACT_ERR_UNIT_LINT",
      finding: finding.code,
      path: fieldOf(finding, written),
      message: `${finding.code}: ${finding.message}. ${finding.why.replace(/\.$/, "")}`,
      hint: `${finding.fixInDescription ?? asRequest(fixWithFields(finding, written))}. If you want the units as they are, write acknowledge: ['${finding.code}']`,
    });
  }
  for (const [index, one] of acknowledged.entries()) {
    const isFound = findings.some((finding) => finding.code === one);
    if (isFound && acknowledged.indexOf(one) === index) continue;
    const message = isFound
      ? `${shown(one)} is already in the list`
      : `the linter reports no error or warning ${shown(one)} for these units`;
    problems.push({
      ...refusing("SOCKACT_ERR_UNIT_CONFLICT")(message, "leave it out"),
      path: `acknowledge[${index}]`,
    });
  }
  return findings.filter((finding) => acknowledged.includes(finding.code));
}

/** The path of the field that asks for the line with the finding. If no field does, the unit and the directive. */
function fieldOf({ file, at }: PlacedFinding, { sockets }: Written): string {
  if (at.kind !== "assignment") return sockets.find(({ unit }) => unit === file)?.path ?? file;
  return at.field ?? `${file} ${at.key}=`;
}

/** Phrases a fix as an instruction if it is a field with its value. */
function asRequest(fix: string): string {
  return /^\w+: /.test(fix) ? `write ${fix}` : fix;
}

/** What to write in the description for lines that no single field writes. */
const textOfLines: Readonly<Record<string, string>> = {
  "DynamicUser=yes": "leave user out",
  "ExecStart=/usr/bin/node": "exec: ['/usr/bin/node', '/srv/shop/server.js']",
  "OpenFile=/run/systemd/notify:notify": "openFile: true",
};

/** A fix with its directives replaced by the fields that write them, if a field accepts the value. */
function fixWithFields({ fix, file }: PlacedFinding, { sockets }: Written): string {
  const isSocket = sockets.some(({ unit }) => unit === file);
  return fix.replace(/\b([A-Z][A-Za-z\d]+)=([^\s,;]*)/g, (line, key: string, value: string) => {
    const field = isSocket
      ? fieldText(socketDirectives, key, value)
      : fieldText(serviceDirectives, key, value);
    const option = isSocket || field !== undefined ? undefined : fieldText(sandboxDirectives, key, value);
    return textOfLines[line] ?? field ?? (option === undefined ? line : `hardening: { ${option} }`);
  });
}

/** A field with the value that makes it write the line: `killMode: 'mixed'`. */
function fieldText(
  table: Readonly<Record<string, Directive>>,
  key: string,
  value: string,
): string | undefined {
  const field = Object.keys(table).find((name) => table[name]!.key === key);
  if (field === undefined || value === "") return field;
  const { read } = table[field]!;
  const takes = (candidate: unknown) => {
    const refused: UnitProblem[] = [];
    const written = read(candidate, field, refused).join(" ");
    const isSame = typeof candidate === "boolean" ? booleanOf(value) === candidate : written === value;
    return isSame && refused.length === 0;
  };
  const text = `'${value}'`;
  const candidates: [unknown, string][] = [
    [value, text],
    [true, "true"],
    [false, "false"],
    [Number(value), value],
    [[value], `[${text}]`],
  ];
  const taken = candidates.find(([candidate]) => takes(candidate));
  return taken === undefined ? undefined : `${field}: ${taken[1]}`;
}
