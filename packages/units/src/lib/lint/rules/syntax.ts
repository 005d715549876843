import { refusedAddress } from "../../systemd/addresses.ts";
import { nearest, nearestAmong } from "@sockact/shared/nearest";
import { shown } from "../../problems.ts";
import { isCommand, type GivenFile, type GivenUnits, type Setting } from "../../parse/load.ts";
import type { Assignment, UnitEntry } from "../../parse/parse.ts";
import { expandSpecifiers, unknownSpecifier } from "../../systemd/expansion.ts";
import { hasInvisible, withoutInvisible } from "../../invisible.ts";
import { commandsOf } from "../../parse/words.ts";
import { directivesOf, type DirectiveFacts, type ValueKind } from "../../systemd/directives.ts";
import type { Found, Rule } from "../findings/finding.ts";
import { refusedValue } from "../values/refused-value.ts";
import { unitNameParts } from "../../systemd/unit-names.ts";
import { replaceSetting } from "../findings/edits.ts";
import { isLostStartLimit, movedStartLimit } from "../subjects/restarts.ts";
import { unitAmong } from "../subjects/subjects.ts";

/** A single file of a unit. */
export interface FileSubject extends GivenFile {
  /** The suffix of its unit. If it is unknown, only the syntax is checked. */
  type: string;
  /** The name of its unit. */
  name: string;
  given: GivenUnits;
  /** The assignments whose directive is allowed in their section, and the form of their values. */
  known: readonly { setting: Setting; kind: ValueKind }[];
}

/** The sections and directives that are allowed in a file. */
const directivesIn = ({ type }: Pick<FileSubject, "type">) =>
  Object.hasOwn(directivesOf, type) ? directivesOf[type] : undefined;

/** The directives that are allowed in a section. */
function directivesUnder(
  subject: Pick<FileSubject, "type">,
  section: string,
): ReadonlyMap<string, DirectiveFacts> | undefined {
  const sections = directivesIn(subject);
  return sections !== undefined && Object.hasOwn(sections, section) ? sections[section] : undefined;
}

const spelling = new Map<ReadonlyMap<string, DirectiveFacts>, (name: string) => string | undefined>();

/** The most similar directive. */
function nearestDirective(name: string, names: ReadonlyMap<string, DirectiveFacts>): string | undefined {
  const near = spelling.get(names) ?? nearestAmong(names.keys());
  spelling.set(names, near);
  return near(name);
}

const isOurs = (name: string): boolean => name.startsWith("X-");

export function fileSubject(file: Omit<FileSubject, "known">): FileSubject {
  const known: { setting: Setting; kind: ValueKind }[] = [];
  for (const setting of file.settings) {
    const facts = directivesUnder(file, setting.section)?.get(setting.key);
    if (facts !== undefined) known.push({ setting, kind: facts.kind });
  }
  return { ...file, known };
}

function misplaced(subject: FileSubject, { section, key }: Assignment): string | undefined {
  const sections = directivesIn(subject);
  const names = directivesUnder(subject, section);
  if (sections === undefined || names === undefined || names.has(key) || isOurs(key)) return undefined;
  return Object.keys(sections).find((other) => sections[other]!.has(key));
}

/** Names the unit of the same app in which the directive is allowed. */
function unitOf({ type, name }: FileSubject, key: string): string | undefined {
  const [other, section] = type === "service" ? ["socket", "Socket"] : ["service", "Service"];
  if (!/^(?:service|socket)$/.test(type) || !directivesOf[other]![section]!.has(key)) return undefined;
  const own = key === "Accept" ? name.replace("@.", ".") : name;
  return `put it under [${section}] in ${own.slice(0, -type.length)}${other}`;
}

const entriesOf = <Kind extends UnitEntry["kind"]>({ unit }: FileSubject, kind: Kind) =>
  unit.entries.filter((entry): entry is Extract<UnitEntry, { kind: Kind }> => entry.kind === kind);

const lastLine = (text: string): string => text.split(/[\n\r\0]/).findLast((line) => line !== "") ?? "";

/** A comment at the end of a value. A # alone can be part of a sentence, a shell command, or the value. */
function commentIn({ key, value }: Assignment): string | undefined {
  if (!value.includes("#") || key === "Description" || value.includes('"') || value.includes("'"))
    return undefined;
  const at = value.search(/(?<=[ \t])#(?=[ \t])/);
  return at < 0 ? undefined : value.slice(at);
}

/** systemd's replacements for old values. */
const replacements = [
  { keys: /^Standard(?:Output|Error)$/, old: /^syslog(?=$|\+console$)/, now: "journal" },
  {
    keys: /^(?:PIDFile|Listen(?:Stream|Datagram|SequentialPacket|FIFO))$/,
    old: /^\/var\/run\//,
    now: "/run/",
  },
];

/** What to write instead of a URL, or of several addresses on one line. */
function meantAddress({ key, value }: Assignment): string | undefined {
  const several = value.split(/[\s,]+/);
  if (several.length > 1 && several.every((address) => refusedAddress(address) === undefined))
    return several.map((address) => `${key}=${address}`).join(" and ") + ", each on its own line";
  const [, host, port = ""] = /^[a-z]+:\/\/(\[[^\]]*\]|[^:/]+):(\d+)\/?$/.exec(value) ?? [];
  if (host === undefined || refusedAddress(port) !== undefined) return undefined;
  const address = `${host}:${port}`;
  if (host === "localhost") return `${key}=127.0.0.1:${port} for this machine alone, or ${key}=${port}`;
  return /^(?:0\.0\.0\.0|\[::\])$/.test(host) || refusedAddress(address) !== undefined
    ? `${key}=${port}`
    : `${key}=${address}`;
}

export type SyntaxCode =
  | "file-unreadable"
  | "line-ignored"
  | "continuation-broken"
  | "comment-inline"
  | "section-unknown"
  | "directive-misplaced"
  | "directive-unknown"
  | "value-invalid"
  | "value-invisible"
  | "value-obsolete"
  | "address-invalid"
  | "command-refused"
  | "directory-refused"
  | "drop-in-name";

/**
 * Rules about ignored lines have no edits, because an edit must not activate such a line. The exception is
 * StartLimitIntervalSec=0, which only removes a limit.
 */
export const syntaxRules: Readonly<Record<SyntaxCode, Rule<FileSubject>>> = {
  "file-unreadable": {
    severity: "error",
    why: "systemd stops reading at such a line and does not load the unit.",
    man: "systemd.syntax(7)",
    find: (subject) =>
      entriesOf(subject, "unreadable").map(({ line, message }) => ({
        at: { file: subject.file, line },
        message,
        fix: "[Unit], [Service] or another section in brackets; UTF-8 and less than 1 MiB for a line",
      })),
  },
  "line-ignored": {
    severity: "warning",
    why: "systemd ignores the line.",
    man: "systemd.syntax(7)",
    find: (subject) =>
      entriesOf(subject, "line-ignored").map(({ line, message }) => ({
        at: { file: subject.file, line },
        message,
        fix: "Key=value below a section's header; a comment begins with #",
      })),
  },
  "continuation-broken": {
    severity: "warning",
    why: "A backslash continues a line only if it is the last character. A space after it ends the value. Without the space, the next directive becomes part of the value.",
    man: "systemd.syntax(7)",
    find: (subject) =>
      subject.settings.flatMap((setting) => {
        const { section, key, text, value } = setting;
        if (value.endsWith("\\") && /\\[ \t]+$/.test(lastLine(text)))
          return { at: setting, message: `${key}= ends in a backslash and a space`, fix: "remove the space" };
        if (!text.includes("\\")) return [];
        const names = directivesUnder(subject, section);
        const joined = [...text.matchAll(/\\(?:\r\n|[\r\n])([A-Z]\w+)=/g)].find(([, name]) =>
          names?.has(name!),
        );
        return joined === undefined
          ? []
          : {
              at: setting,
              message: `${joined[1]}= is part of ${key}=`,
              fix: "remove the backslash before it",
            };
      }),
  },
  "comment-inline": {
    severity: "warning",
    why: "A comment needs its own line. After a value, it becomes part of the value.",
    man: "systemd.syntax(7)",
    find: (subject) =>
      subject.settings.flatMap((setting) => {
        const comment = commentIn(setting);
        return comment === undefined
          ? []
          : {
              at: setting,
              message: `${shown(comment)} is part of ${setting.key}=`,
              fix: "put it on the line above",
            };
      }),
  },
  "section-unknown": {
    severity: "warning",
    why: "systemd ignores the whole section.",
    man: "systemd.unit(5)",
    find: (subject) => {
      const sections = directivesIn(subject);
      if (sections === undefined) return [];
      return entriesOf(subject, "section")
        .filter(({ section }) => !Object.hasOwn(sections, section) && !isOurs(section))
        .map(({ section, line }) => ({
          at: { file: subject.file, line },
          message: `a ${subject.type} has no section [${section}]`,
          fix: `[${nearest(section, Object.keys(sections)) ?? Object.keys(sections).join("], [")}]`,
        }));
    },
  },
  "directive-misplaced": {
    severity: "warning",
    why: "systemd ignores a directive in the wrong section.",
    man: "systemd.unit(5)",
    find: (subject) => {
      const lost = subject.dropInOf === undefined ? subject.settings.filter(isLostStartLimit) : [];
      const unit = lost.length === 0 ? undefined : unitAmong(subject.given, subject.name);
      const moved = unit?.file === subject.file ? movedStartLimit(unit) : undefined;
      return subject.settings.flatMap((setting) => {
        const section = misplaced(subject, setting);
        return section === undefined
          ? []
          : {
              at: setting,
              message: `${setting.key}= does not belong in [${setting.section}]`,
              fix: `put it under [${section}]`,
              edits:
                moved !== undefined && isLostStartLimit(setting) ? [replaceSetting(setting), ...moved] : [],
            };
      });
    },
  },
  "directive-unknown": {
    severity: "warning",
    why: "systemd ignores a directive that it does not know.",
    man: "systemd.directives(7)",
    find: (subject) =>
      subject.settings.flatMap((setting) => {
        const { section, key, value } = setting;
        const names = directivesUnder(subject, section);
        if (names === undefined || names.has(key) || isOurs(key)) return [];
        if (misplaced(subject, setting) !== undefined) return [];
        const elsewhere = unitOf(subject, key);
        // `systemctl show` prints all kinds of addresses as Listen=.
        const near = () =>
          key === "Listen" && section === "Socket" ? "ListenStream" : nearestDirective(key, names);
        const meant = elsewhere === undefined ? near() : undefined;
        return {
          at: setting,
          message: `${shown(key)} is not a directive of [${section}]`,
          fix: elsewhere ?? (meant === undefined ? "remove it" : [{ [meant]: value }]),
        };
      }),
  },
  "value-invalid": {
    severity: "warning",
    why: "systemd ignores a value that it cannot parse, and uses the earlier value or the default. For a few directives, such as User=, it refuses the whole unit.",
    man: "systemd.syntax(7)",
    find: (subject) =>
      subject.known.flatMap(({ setting, kind }) => {
        const refused =
          commentIn(setting) === undefined ? refusedValue(setting, kind, subject.name) : undefined;
        return refused === undefined
          ? []
          : {
              at: setting,
              message: `${setting.key}=${shown(setting.value).slice(1, -1)}: ${refused.is}`,
              fix: `write ${refused.write}`,
            };
      }),
  },
  "value-invisible": {
    severity: "warning",
    why: "An invisible character is part of the value, for example of a path or a variable. Some of these characters make an editor show the words of a command in another order.",
    man: "Unicode Technical Standard #55",
    find: (subject) =>
      subject.settings.flatMap((setting) => {
        // It is only displayed, and some scripts need such characters.
        if (setting.key === "Description" || !hasInvisible(setting.value)) return [];
        return {
          at: setting,
          message: `${setting.key}= contains invisible characters: ${shown(setting.value)}`,
          fix: [{ [setting.key]: withoutInvisible(setting.value) }],
        };
      }),
  },
  "value-obsolete": {
    severity: "info",
    why: "systemd uses the new value instead, and logs a warning each time it reads the unit.",
    man: "systemd.exec(5)",
    find: (subject) =>
      subject.known.flatMap(({ setting }) => {
        const { key, value } = setting;
        const today = replacements.find(({ keys }) => keys.test(key));
        const instead = today && value.replace(today.old, today.now);
        return instead === undefined || instead === value
          ? []
          : {
              at: setting,
              message: `${key}=${value} is an old name`,
              fix: `${key}=${instead}`,
              edits: [replaceSetting(setting, instead)],
            };
      }),
  },
  "address-invalid": {
    severity: "error",
    why: "systemd ignores the address. It does not load a socket unit that has no other address.",
    man: "systemd.socket(5)",
    find: (subject) =>
      subject.known.flatMap(({ setting }) => {
        const { section, key, value } = setting;
        if (section !== "Socket" || !/^Listen(?:Stream|Datagram|SequentialPacket)$/.test(key)) return [];
        if (value === "" || commentIn(setting) !== undefined) return [];
        // The name of the instance is unknown.
        if (unitNameParts(subject.name).instance === "" && /%[iIjJnN]/.test(value)) return [];
        const address = expandSpecifiers(value, subject.name);
        const unknown = unknownSpecifier(value);
        const refused = address.includes("%") && !address.includes("]") ? undefined : refusedAddress(address);
        const percent =
          unknown === undefined
            ? undefined
            : { message: `${unknown} is not a specifier`, hint: "%% for a percent sign" };
        const problem = refused ?? percent;
        return problem === undefined
          ? []
          : {
              at: setting,
              message: `${key}=${value}: ${problem.message}`,
              fix: meantAddress(setting) ?? problem.hint,
            };
      }),
  },
  "command-refused": {
    severity: "error",
    why: "systemd does not load the unit, or ignores the command.",
    man: "systemd.service(5)",
    find: (subject) =>
      !/^(?:service|socket)$/.test(subject.type)
        ? []
        : subject.settings.filter(isCommand).flatMap((setting) => {
            const { problem } = commandsOf(setting.value, subject.name);
            return problem === undefined
              ? []
              : {
                  at: setting,
                  message: `${setting.key}=: ${problem}`,
                  fix: "the program's absolute path, then its arguments; quotes in pairs, and %% for a percent sign",
                };
          }),
  },
  "directory-refused": {
    severity: "error",
    why: "systemd does not load the unit. It reads WorkingDirectory= literally: quotes are part of the path, and ~/ is not a home directory.",
    man: "systemd.exec(5)",
    find: (subject) =>
      subject.known.flatMap(({ setting }): readonly Found[] => {
        if (setting.key !== "WorkingDirectory") return [];
        const path = expandSpecifiers(setting.value, subject.name).replace(/^-/, "");
        if (path === "" || path === "~" || path.startsWith("/") || path.startsWith("%")) return [];
        const unquoted = /^(["'])(\/[^"'\\]*)\1$/.exec(setting.value)?.[2];
        return [
          {
            at: setting,
            message: `WorkingDirectory=${setting.value} is not an absolute path`,
            fix: unquoted === undefined ? "begin it with /" : `WorkingDirectory=${unquoted}`,
          },
        ];
      }),
  },
  "drop-in-name": {
    severity: "warning",
    why: "In a drop-in folder systemd reads only files whose names end in .conf.",
    man: "systemd.unit(5)",
    find: ({ file, base, dropInOf }) =>
      dropInOf === undefined || base.endsWith(".conf")
        ? []
        : [
            {
              at: { file, line: 1 },
              message: `${base} is not read`,
              fix: `name it ${base.replace(/\.[^.]*$/, "")}.conf`,
            },
          ],
  },
};
