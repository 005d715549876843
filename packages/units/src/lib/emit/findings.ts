import { lintUnits, rules, type Finding, type FindingCode } from "../lint/lint.ts";
import { booleanOf } from "../systemd/booleans.ts";
import { sandboxDirectives } from "../read/sandbox/directives.ts";
import { isObject, type Directive } from "../read/fields/fields.ts";
import { nearest } from "../nearest.ts";
import { member, refusing, shown, type UnitProblem } from "../problems.ts";
import { each, refuse, type Read } from "../read/values/readers.ts";
import { lineAt, type Line, type Section } from "../write/lines.ts";
import type { Service } from "../read/service.ts";
import type { Socket } from "../read/sockets.ts";
import { serviceDirectives } from "../read/fields/service-directives.ts";
import { socketDirectives } from "../read/fields/socket-directives.ts";

/** A unit file as it is written, without its comments. */
export interface WrittenUnit {
  unit: string;
  sections: Section[];
  text: string;
}

/** A description that was read, and the units that were made from it. */
interface Written {
  units: readonly WrittenUnit[];
  service: Service;
  sockets: readonly Socket[];
  description: Record<string, unknown>;
}

/** A finding of the linter, and the line that it is about, unless it is about a missing line. */
export interface PlacedFinding extends Finding {
  section: Section["name"];
  at: Line | undefined;
}

const code: Read = (value, path, problems) => {
  if (typeof value === "string" && Object.hasOwn(rules, value)) return [value];
  const near = typeof value === "string" ? nearest(value, Object.keys(rules)) : undefined;
  return refuse(
    "ERR_UNIT_CHOICE",
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
  const files = Object.fromEntries(units.map(({ unit, text }) => [unit, text]));
  const findings = lintUnits(files, { user: service.arrangement.manager === "user" })
    .filter(({ severity }) => severity !== "info")
    .map((finding): PlacedFinding => {
      const { sections } = units.find(({ unit }) => unit === finding.file)!;
      const { section, line } = lineAt(sections, finding.line);
      return { ...finding, section, at: line };
    });
  for (const finding of findings) {
    if (acknowledged.includes(finding.code)) continue;
    problems.push({
      code: "ERR_UNIT_LINT",
      finding: finding.code,
      path: fieldOf(finding, written),
      message: `${finding.code}: ${finding.message}. ${finding.why.replace(/\.$/, "")}`,
      hint: `${asRequest(fixInDescription(finding.fix, finding.file, written))}. If you want the units as they are, write acknowledge: ['${finding.code}']`,
    });
  }
  for (const [index, one] of acknowledged.entries()) {
    const isFound = findings.some((finding) => finding.code === one);
    if (isFound && acknowledged.indexOf(one) === index) continue;
    const message = isFound
      ? `${shown(one)} is already in the list`
      : `the linter reports no error or warning ${shown(one)} for these units`;
    problems.push({
      ...refusing("ERR_UNIT_CONFLICT")(message, "leave it out"),
      path: `acknowledge[${index}]`,
    });
  }
  return findings.filter((finding) => acknowledged.includes(finding.code));
}

/** The path of the field that wrote the line with the finding. If no field did, the unit and the directive. */
function fieldOf({ file, section, at }: PlacedFinding, { service, sockets, description }: Written): string {
  const index = sockets.findIndex(({ unit }) => unit === file);
  const socket = sockets[index];
  if (at === undefined) return socket === undefined ? file : `sockets[${index}]`;
  const { key, value } = at;
  const isHere = (lines: readonly Line[] | undefined) =>
    lines?.some((line) => line.key === key && line.value === value) === true;
  const { raw, rawPath } = socket ?? { raw: service.raw, rawPath: "raw" };
  if ((socket !== undefined || file === service.unit) && isHere(raw[section]))
    return `${rawPath}.${section}.${key}`;

  const [table, values, path] =
    socket === undefined
      ? [serviceDirectives, service.values, ""]
      : [socketDirectives, socket.values, `sockets[${index}]`];
  const field = Object.entries<Directive>(table).find(
    ([name, directive]) =>
      directive.key === key && (values as Record<string, string[]>)[name]!.includes(value),
  )?.[0];
  if (field === "environment") return member(field, /\w+/.exec(value)![0]);
  if (field !== undefined) return member(path, field);
  if (service.preloadMap.some((line) => line.value === value)) return "preload.map";
  if (service.proxyProtocol.some((line) => line.value === value)) return proxyProtocolField(description);
  const { hardening } = description;
  const option = Object.entries(sandboxDirectives).find(
    ([name, directive]) => directive.key === key && isObject(hardening) && hardening[name] !== undefined,
  )?.[0];
  return option === undefined ? `${file} ${key}=` : `hardening.${option}`;
}

/** The field of the first socket to which everybody may send a PROXY header, since the linter warns of that alone. */
function proxyProtocolField({ sockets }: Record<string, unknown>): string {
  const index = (sockets as unknown[]).findIndex(
    (socket) => isObject(socket) && socket["proxyProtocol"] === true,
  );
  return `sockets[${index}].proxyProtocol`;
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

/** What to write for a whole fix, if a translation directive by directive would not make a sentence. */
const wholeFixes: Readonly<Record<string, string>> = {
  "DynamicUser=yes, or User= with an account that only this service has":
    "leave user out, or name an account that only this service has, such as user: 'shop'",
  "the address of each load balancer instead of *, as in web:10.0.0.1,10.0.0.2":
    "write the address of each load balancer, as in proxyProtocol: { from: ['10.0.0.1', '10.0.0.2'] }",
  "ExecStart=/usr/bin/node --import tsx with the app's file":
    "exec: ['/usr/bin/node', '--import', 'tsx', '/srv/shop/server.ts'] with the app's file",
};

/** A fix with its directives replaced by the fields that write them, if a field accepts the value. */
function fixInDescription(fix: string, file: string, { sockets }: Written): string {
  const isSocket = sockets.some(({ unit }) => unit === file);
  if (wholeFixes[fix] !== undefined) return wholeFixes[fix];
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
