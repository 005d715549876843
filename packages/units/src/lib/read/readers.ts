import { refusedAddress } from "./address.ts";
import { durationText } from "./duration.ts";
import { item, raw } from "../write/escape.ts";
import { refusing, shown, type Refusal, type UnitProblem, type UnitProblemCode } from "./problems.ts";
import { byteLength, unfitForRaw, unspeakable } from "./text.ts";
import { refusedName, refusedUnitName } from "./unit-name.ts";

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

/** The value as a string that systemd can be told, or `undefined` once the problem is reported. */
export function textOf(value: unknown, path: string, problems: UnitProblem[]): string | undefined {
  if (typeof value !== "string") {
    refuse("ERR_UNIT_TYPE", path, problems, `${shown(value)} is not a string`, "write a string");
    return undefined;
  }
  const reason = unspeakable(value);
  if (reason === undefined) return value;
  refuse("ERR_UNIT_TEXT", path, problems, `${shown(value)}: ${reason}`, "take it out");
  return undefined;
}

/** A value that systemd reads unquoted, checked further by `refused`. */
export function rawText(refused: (text: string) => Refusal | undefined): Read {
  return (value, path, problems) => {
    const text = textOf(value, path, problems);
    if (text === undefined) return [];
    const unfit = unfitForRaw(text);
    if (unfit !== undefined)
      return refuse("ERR_UNIT_TEXT", path, problems, `${shown(text)}: ${unfit}`, "take it out");
    const refusal = refused(text);
    if (refusal !== undefined)
      return refuse(refusal.code, path, problems, `${shown(text)}: ${refusal.message}`, refusal.hint);
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
  const refusal = refusedPath(text);
  return refusal
    ? refuse(refusal.code, path, problems, `${shown(text)}: ${refusal.message}`, refusal.hint)
    : [item(text)];
};

const nameText = rawText(refusedName);

/** The name of a unit without its suffix. */
export const name: Read = (value, path, problems) =>
  value === undefined
    ? refuse("ERR_UNIT_MISSING", path, problems, "it is missing", "name the units: name: 'gitea'")
    : nameText(value, path, problems);

export const unitName: Read = rawText(refusedUnitName);

const refusedAsName = refusing("ERR_UNIT_NAME");

/** sd_listen_fds_with_names(3) separates names by `:`, unescapes `\`, and has meanings of its own for three of them. */
export const descriptorName: Read = rawText((text) => {
  if (!/^[ -9;-[\]-~]{1,255}$/.test(text)) {
    return refusedAsName(
      "not the name of a file descriptor",
      "1 to 255 printable ASCII characters, none of them : or \\",
    );
  }
  return ["connection", "stored", "unknown"].includes(text)
    ? refusedAsName("systemd has a meaning of its own for this name", "choose another")
    : undefined;
});

export const networkInterface: Read = rawText(
  matching(
    "ERR_UNIT_NAME",
    /^[\w.-]{1,15}$/,
    "not the name of a network interface",
    "as ip-link(8) shows it: eth0",
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

/** systemd.syntax(7) USER/GROUP NAME SYNTAX; the two numbers mean no user to the kernel. */
export const account: Read = rawText(
  matching(
    "ERR_UNIT_NAME",
    /^(?!(?:65535|4294967295)$)(?:0|[1-9]\d{0,9}|[A-Za-z_][\w.@-]{0,254}\$?)$/,
    "not the name of a user or group",
    "a name as in passwd(5), or a number",
  ),
);

export const mode: Read = rawText(
  matching(
    "ERR_UNIT_NUMBER",
    /^0?[0-7]{3,4}$/,
    "not an access mode",
    "write it in octal as a string: '0660'",
  ),
);

const addressText = rawText(refusedAddress);

/** A number is a port. */
export const address: Read = (value, path, problems) =>
  addressText(typeof value === "number" ? String(value) : value, path, problems);

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
        "whole milliseconds as a number, or a string with its unit: '2s', '5min'",
      )
    : [text];
};

export const durationOrInfinity: Read = (value, path, problems) =>
  value === "infinity" ? [value] : duration(value, path, problems);

/** A number that systemd holds in 32 bits. */
export const count: Read = (value, path, problems) =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 4_294_967_295
    ? [String(value)]
    : refuse(
        "ERR_UNIT_NUMBER",
        path,
        problems,
        `${shown(value)} is not a count`,
        "write a whole number from 0 to 4294967295",
      );

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
