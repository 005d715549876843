import { isObject, readFields } from "../fields/fields.ts";
import { integer } from "./numbers.ts";
import { refusedAddress } from "../../systemd/addresses.ts";
import { durationOf, durationText, withUnits } from "../../systemd/durations.ts";
import { item, raw } from "../../systemd/escaping.ts";
import { refusing, shown, type Refusal, type UnitProblem, type UnitProblemCode } from "../../problems.ts";
import { isSpecifier, said, sample, unknownSpecifier, type Text } from "../../systemd/specifiers.ts";
import { byteLength, unfitForRaw, unspeakable } from "../../systemd/text.ts";
import { refusedInstance, refusedName, refusedUnitName } from "../../systemd/unit-names.ts";

/** Turns a field's value into what stands after `=`, one entry a line, or reports why it cannot. */
export type Read = (value: unknown, path: string, problems: UnitProblem[]) => string[];

/** PATH_MAX of limits.h counts the NUL. */
const longestPath = 4095;

export function refuse(
  code: UnitProblemCode,
  path: string,
  problems: UnitProblem[],
  message: string,
  hint: string,
): [] {
  problems.push({ code, path, message, hint });
  return [];
}

/** The value as a text that systemd can be told, or `undefined` once the problem is reported. */
export function textOf(value: unknown, path: string, problems: UnitProblem[]): Text | undefined {
  if (typeof value !== "string" && !isSpecifier(value)) {
    const hint = typeof value === "number" ? `write '${value}', a string` : "write a string";
    refuse("ERR_UNIT_TYPE", path, problems, `${shown(value)} is not a string`, hint);
    return undefined;
  }
  const reason = unspeakable(said(value));
  const unknown = isSpecifier(value) ? unknownSpecifier(value) : undefined;
  if (reason === undefined && unknown === undefined) return value;
  refuse(
    "ERR_UNIT_TEXT",
    path,
    problems,
    `${shown(said(value))}: ${reason ?? `${shown(unknown)} is no specifier`}`,
    reason === undefined ? "systemd.unit(5) lists them; %% is a percent sign" : "take it out",
  );
  return undefined;
}

/** A value that systemd reads unquoted, checked further by `refused`. */
export function rawText(refused: (text: string) => Refusal | undefined): Read {
  return (value, path, problems) => {
    const text = textOf(value, path, problems);
    if (text === undefined) return [];
    const unfit = unfitForRaw(said(text));
    if (unfit !== undefined)
      return refuse("ERR_UNIT_TEXT", path, problems, `${shown(said(text))}: ${unfit}`, "take it out");
    const refusal = refused(sample(text));
    if (refusal !== undefined)
      return refuse(refusal.code, path, problems, `${shown(said(text))}: ${refusal.message}`, refusal.hint);
    return [raw(text)];
  };
}

const refusedAsPath = refusing("ERR_UNIT_PATH");

export function refusedPath(path: string): Refusal | undefined {
  if (!path.startsWith("/")) return refusedAsPath("not an absolute path", "begin it with /");
  if (path.split("/").includes("..")) return refusedAsPath("it holds ..", "write the path without .. in it");
  return byteLength(path) > longestPath
    ? {
        code: "ERR_UNIT_LENGTH",
        message: `it has ${byteLength(path)} bytes`,
        hint: `a path has at most ${longestPath} bytes`,
      }
    : undefined;
}

export const matching =
  (code: UnitProblemCode, pattern: RegExp, message: string, hint: string) =>
  (text: string): Refusal | undefined =>
    pattern.test(text) ? undefined : { code, message, hint };

/** A sentence of its own, such as Description=. An empty one would leave the unit its file name. */
export const sentence: Read = rawText(
  matching("ERR_UNIT_TEXT", /./, "it is empty", "write a description, or leave it out"),
);

export const directory: Read = rawText(refusedPath);

/** A path in a list that knows quotes. */
export const quotedPath: Read = (value, path, problems) => {
  const text = textOf(value, path, problems);
  if (text === undefined) return [];
  const refusal = refusedPath(sample(text));
  return refusal
    ? refuse(refusal.code, path, problems, `${shown(said(text))}: ${refusal.message}`, refusal.hint)
    : [item(text)];
};

/** A path in a list whose quotes systemd takes off, and whose backslashes it reads in ways of its own. */
export const plainPath: Read = (value, path, problems) => {
  const text = textOf(value, path, problems);
  if (text === undefined) return [];
  return /["'\\\p{Control}]/u.test(said(text))
    ? refuse(
        "ERR_UNIT_PATH",
        path,
        problems,
        `${shown(said(text))}: a quote, a backslash or a control character is in it`,
        "systemd cannot be told such a path here: rename it",
      )
    : quotedPath(text, path, problems);
};

/** A string that systemd expands no specifiers in. */
export function literal(read: Read): Read {
  return (value, path, problems) =>
    typeof value === "string"
      ? read(value, path, problems)
      : refuse("ERR_UNIT_TYPE", path, problems, `${shown(value)} is not a string`, "write a string");
}

const nameText = literal(rawText(refusedName));

/** The name of a unit without its suffix. */
export const name: Read = (value, path, problems) =>
  value === undefined
    ? refuse("ERR_UNIT_MISSING", path, problems, "it is missing", "name the units: name: 'gitea'")
    : nameText(value, path, problems);

/** The instance of a template. */
export const instance: Read = literal(rawText(refusedInstance));

export const unitName: Read = rawText(refusedUnitName);

const refusedAsName = refusing("ERR_UNIT_NAME");

/** systemd.slice(5): each `-` is a slice within another, and there are no instances. */
export const slice: Read = rawText(
  (text) =>
    refusedUnitName(text) ??
    matching(
      "ERR_UNIT_NAME",
      /^(?:-|(?:[\w:.\\]+-)*[\w:.\\]+)\.slice$/,
      "not the name of a slice",
      "as in web.slice, or web-api.slice, which is within it",
    )(text),
);

/** sd_listen_fds_with_names(3) separates names by `:`, unescapes `\`, and has meanings of its own for three of them. */
export const descriptorName: Read = literal(
  rawText((text) => {
    if (!/^[ -9;-[\]-~]{1,255}$/.test(text)) {
      return refusedAsName(
        "not the name of a file descriptor",
        "1 to 255 printable ASCII characters, none of them : or \\",
      );
    }
    return ["connection", "stored", "unknown"].includes(text)
      ? refusedAsName("systemd has a meaning of its own for this name", "choose another")
      : undefined;
  }),
);

export const networkInterface: Read = literal(
  rawText(
    matching(
      "ERR_UNIT_NAME",
      // Numbers and these words have a meaning of their own to the kernel.
      /^(?!(?:\d+|0[xXoObB][\da-fA-F]+|\.\.?|all|default)$)[\w.-]{1,15}$/,
      "not the name of a network interface",
      "as ip-link(8) shows it: eth0",
    ),
  ),
);

export const documentationURI: Read = rawText(
  matching(
    "ERR_UNIT_ADDRESS",
    /^(?:https?:\/\/|file:\/|info:|man:)[^\s"'\\]+$/,
    "not a URI that systemd shows",
    "https://…, file:/…, info:… or man:…",
  ),
);

/** systemd.syntax(7) USER/GROUP NAME SYNTAX; two of the numbers mean no user to the kernel, and it has none that are larger. */
export const account: Read = rawText((text) => {
  const isId = /^(?:0|[1-9]\d*)$/.test(text) && Number(text) < 4_294_967_295 && text !== "65535";
  return isId || /^(?=.{1,255}$)[A-Za-z_][\w.@-]*\$?$/.test(text)
    ? undefined
    : refusedAsName("not the name of a user or group", "a name as in passwd(5), or a number");
});

export const mode: Read = literal(
  rawText(
    matching(
      "ERR_UNIT_NUMBER",
      /^0?[0-7]{3,4}$/,
      "not an access mode",
      "write it in octal as a string: '0660'",
    ),
  ),
);

const addressText = rawText(refusedAddress);

/** A number is a port. */
export const address: Read = (value, path, problems) =>
  addressText(typeof value === "number" ? String(value) : value, path, problems);

/** ListenSequentialPacket= is of unix(7) alone. */
export const unixAddress: Read = rawText((text) =>
  /^[/@]/.test(text)
    ? refusedAddress(text)
    : {
        code: "ERR_UNIT_ADDRESS",
        message: "not the address of a unix socket, which alone has sequential packets",
        hint: "/run/app.sock or @abstract",
      },
);

/** The name of a congestion control of tcp(7). */
export const congestion: Read = literal(
  rawText(
    matching(
      "ERR_UNIT_NAME",
      /^[\w-]{1,15}$/,
      "not the name of a congestion control",
      "as in /proc/sys/net/ipv4/tcp_available_congestion_control: cubic",
    ),
  ),
);

export const boolean: Read = (value, path, problems) =>
  typeof value === "boolean"
    ? [String(value)]
    : refuse("ERR_UNIT_TYPE", path, problems, `${shown(value)} is not a boolean`, "write true or false");

export const duration: Read = (value, path, problems) => {
  const text = durationText(value);
  return text === undefined
    ? refuse(
        "ERR_UNIT_DURATION",
        path,
        problems,
        `${shown(value)} is not a duration`,
        `write ${withUnits(value) ?? "a number with its unit: '2s', '5min'"}`,
      )
    : [text];
};

export const durationOrInfinity: Read = (value, path, problems) =>
  value === "infinity" ? [value] : duration(value, path, problems);

/** A timeout of which systemd reads 0 as none at all. */
export const timeout: Read = (value, path, problems) =>
  durationOf(value) === 0
    ? refuse(
        "ERR_UNIT_DURATION",
        path,
        problems,
        `${shown(value)} means no limit to systemd`,
        "write 'infinity' for no limit, or a time such as '10s'",
      )
    : durationOrInfinity(value, path, problems);

/** The shortest wait that systemd has by itself: shorter ones start a service that crashes dozens of times a second. */
const shortestWait = 100;

/** RestartSec= and its kin: the wait before a restart. */
export const wait: Read = (value, path, problems) => {
  const length = durationOf(value);
  if (length !== undefined && length < shortestWait) {
    return refuse(
      "ERR_UNIT_DURATION",
      path,
      problems,
      `${shown(value)} is too short: a service that crashes at its start would be started dozens of times a second`,
      "write '1s', or leave it out",
    );
  }
  // Few milliseconds are no wait, so a small number without a unit can only mean seconds.
  return length === undefined && Number(value) > 0 && Number(value) < shortestWait
    ? refuse(
        "ERR_UNIT_DURATION",
        path,
        problems,
        `${shown(value)} is not a duration`,
        `write '${Number(value)}s'`,
      )
    : duration(value, path, problems);
};

/** A number that systemd holds in 32 bits. */
export const count: Read = integer(0, 4_294_967_295);

/** A count of a limit; systemd takes the largest number for none said, and puts its own value there. */
export const countOfLimit: Read = integer(0, 4_294_967_294);

export function oneOf(choices: readonly string[]): Read {
  return (value, path, problems) =>
    typeof value === "string" && choices.includes(value)
      ? [value]
      : refuse(
          "ERR_UNIT_CHOICE",
          path,
          problems,
          `${shown(value)} is not among the choices`,
          `one of ${choices.join(", ")}`,
        );
}

/** An array of values, a line each. */
export function each(read: Read): Read {
  return (value, path, problems) =>
    Array.isArray(value)
      ? Array.from(value, (entry: unknown, index) => read(entry, `${path}[${index}]`, problems)).flat()
      : refuse("ERR_UNIT_TYPE", path, problems, `${shown(value)} is not an array`, "write an array");
}

/** One value, or an array of at least one. */
export function oneOrMore(read: Read): Read {
  return (value, path, problems) => {
    if (!Array.isArray(value)) return read(value, path, problems);
    return value.length > 0
      ? each(read)(value, path, problems)
      : refuse(
          "ERR_UNIT_MISSING",
          path,
          problems,
          "an empty array",
          "write at least one entry, or leave it out",
        );
  };
}

/** The name of a variable in the manager's own environment. */
export const variableName: Read = literal(
  rawText(
    matching(
      "ERR_UNIT_VARIABLE",
      /^[A-Za-z_]\w*$/,
      "not the name of a variable",
      "ASCII letters, digits and _, with no digit first",
    ),
  ),
);

/** Where systemd.exec(5) lets a stream go. */
export const output: Read = rawText((text) => {
  const [, path] = /^(?:file|append|truncate):(.*)$/.exec(text) ?? [];
  if (path !== undefined) return refusedPath(path);
  return matching(
    "ERR_UNIT_CHOICE",
    /^(?:inherit|null|tty|journal|kmsg|journal\+console|kmsg\+console|socket)$/,
    "not among the choices",
    "one of journal, null, inherit, socket, tty, kmsg, or file:, append: or truncate: with a path",
  )(text);
});

/** A number, or a signal by which the program may end. */
export const exitStatus: Read = (value, path, problems) =>
  typeof value === "number" ? integer(0, 255)(value, path, problems) : signal(value, path, problems);

export const signal: Read = oneOf(
  "HUP INT QUIT USR1 USR2 ALRM TERM CONT WINCH PIPE KILL ABRT"
    .split(" ")
    .map((signalName) => `SIG${signalName}`),
);

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
