import { findingsIn, type Finding, type FindingCode, rules } from "../lint/lint.ts";
import { fixText, type Fix } from "../lint/findings/finding.ts";
import type { UnitSet } from "../model/unit-set.ts";
import { booleanOf } from "../systemd/booleans.ts";
import { sandboxDirectives } from "../read/sandbox/directives.ts";
import type { Directive } from "../read/fields/fields.ts";
import { nearest } from "@sockact/shared/nearest";
import { refusing, shown, type UnitProblem } from "../problems.ts";
import { each, report, type Read } from "../read/values/readers.ts";
import type { UnitEntry } from "../parse/parse.ts";
import type { Service } from "../read/service.ts";
import type { Socket } from "../read/sockets.ts";
import { serviceDirectives } from "../read/fields/service-directives.ts";
import { socketDirectives } from "../read/fields/socket-directives.ts";

/** A description and the units that were built from it. */
interface Written {
  units: UnitSet;
  service: Service;
  sockets: readonly Socket[];
}

/** A finding of the linter and its line, or the section header if a line is missing. */
export interface PlacedFinding extends Finding {
  at: Extract<UnitEntry, { section: string }>;
}

const code: Read = (value, path, problems) => {
  if (typeof value === "string" && Object.hasOwn(rules, value)) return [value];
  const near = typeof value === "string" ? nearest(value, Object.keys(rules)) : undefined;
  return report(
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
 * Reports the linter's errors and warnings at the field that wrote the line, and each acknowledged code that
 * the linter does not report. Returns the acknowledged findings.
 */
export function reportFindings(
  written: Written,
  acknowledged: readonly FindingCode[],
  problems: UnitProblem[],
): PlacedFinding[] {
  const { units, service, sockets } = written;
  const user = service.arrangement.manager === "user";
  const findings = findingsIn(units, { user }, { withInfo: false }).map(({ finding, ...said }) => ({
    ...said,
    finding: {
      ...finding,
      at: units.files.get(finding.file)!.entries[finding.line - 1] as PlacedFinding["at"],
    },
  }));
  for (const { finding, fix, inDescription } of findings) {
    if (acknowledged.includes(finding.code)) continue;
    const isSocket = sockets.some(({ unit }) => unit === finding.file);
    problems.push({
      code: "SOCKACT_ERR_UNIT_LINT",
      finding: finding.code,
      path: inDescription?.field ?? fieldOf(finding, written),
      message: `${finding.code}: ${finding.message}. ${finding.why.replace(/\.$/, "")}`,
      hint: inDescription?.fix ?? fixWithFields(fix, isSocket),
    });
  }
  for (const [index, one] of acknowledged.entries()) {
    const isFound = findings.some(({ finding }) => finding.code === one);
    if (isFound && acknowledged.indexOf(one) === index) continue;
    const message = isFound
      ? `${shown(one)} is already in the list`
      : `the linter reports no error or warning ${shown(one)} for these units`;
    problems.push({
      ...refusing("SOCKACT_ERR_UNIT_CONFLICT")(message, "leave it out"),
      path: `acknowledge[${index}]`,
    });
  }
  return findings.map(({ finding }) => finding).filter((finding) => acknowledged.includes(finding.code));
}

/** The path of the field that wrote the line with the finding, or else the unit and the directive. */
function fieldOf({ file, at }: PlacedFinding, { sockets }: Written): string {
  if (at.kind !== "assignment") return sockets.find(({ unit }) => unit === file)?.path ?? file;
  return at.field ?? `${file} ${at.key}=`;
}

/** What to write for lines whose value is an example. */
const examples: Readonly<Record<string, string>> = {
  "ExecStart=/usr/bin/node": "exec: ['/usr/bin/node', '/srv/shop/server.js']",
  "ExecStart=/usr/bin/node --import tsx": "exec: ['/usr/bin/node', '--import', 'tsx', '/srv/shop/server.ts']",
};

/** A fix as an instruction, in terms of the fields that write its lines. */
function fixWithFields(fix: Fix, isSocket: boolean): string {
  const fieldOfLine = (key: string, value: string): string => {
    const field = fieldText(isSocket ? socketDirectives : serviceDirectives, key, value);
    const option = isSocket ? undefined : fieldText(sandboxDirectives, key, value);
    return (
      examples[`${key}=${value}`] ??
      field ??
      (option === undefined ? `${key}=${value}` : `hardening: { ${option} }`)
    );
  };
  return `${typeof fix[0] === "object" ? "write " : ""}${fixText(fix, fieldOfLine)}`;
}

/** A field with the value that writes the line: `killMode: 'mixed'`. */
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
