import { unquotedValue } from "../../systemd/escaping.ts";
import { shown, type Refusal, type UnitProblem, type UnitProblemCode } from "../../problems.ts";
import {
  isSpecifier,
  sampleText,
  sourceText,
  unknownSpecifier,
  type Text,
} from "../../systemd/specifiers.ts";
import { unfitForRaw, unspeakable } from "../../systemd/text.ts";

/** Converts the value of a field into the part after `=`, one entry per line, or reports a problem. */
export type Read = (value: unknown, path: string, problems: UnitProblem[]) => string[];

export function report(
  code: UnitProblemCode,
  path: string,
  problems: UnitProblem[],
  message: string,
  hint: string,
): [] {
  problems.push({ code, path, message, hint });
  return [];
}

/** The value as a valid string for systemd, or `undefined` after a problem was reported. */
export function textOf(value: unknown, path: string, problems: UnitProblem[]): Text | undefined {
  if (typeof value !== "string" && !isSpecifier(value)) {
    const hint = typeof value === "number" ? `write '${value}', a string` : "write a string";
    report("SOCKACT_ERR_UNIT_TYPE", path, problems, `${shown(value)} is not a string`, hint);
    return undefined;
  }
  const reason = unspeakable(sourceText(value));
  const unknown = isSpecifier(value) ? unknownSpecifier(value) : undefined;
  if (reason === undefined && unknown === undefined) return value;
  report(
    "SOCKACT_ERR_UNIT_TEXT",
    path,
    problems,
    `${shown(sourceText(value))}: ${reason ?? `${shown(unknown)} is not a specifier`}`,
    reason === undefined ? "systemd.unit(5) lists them; %% is a percent sign" : "remove it",
  );
  return undefined;
}

/** An unquoted value. `refused` checks it further. */
export function rawText(refused: (text: string) => Refusal | undefined): Read {
  return (value, path, problems) => {
    const text = textOf(value, path, problems);
    if (text === undefined) return [];
    const unfit = unfitForRaw(sourceText(text));
    if (unfit !== undefined)
      return report(
        "SOCKACT_ERR_UNIT_TEXT",
        path,
        problems,
        `${shown(sourceText(text))}: ${unfit}`,
        "remove it",
      );
    const refusal = refused(sampleText(text));
    if (refusal !== undefined)
      return report(
        refusal.code,
        path,
        problems,
        `${shown(sourceText(text))}: ${refusal.message}`,
        refusal.hint,
      );
    return [unquotedValue(text)];
  };
}

export const matching =
  (code: UnitProblemCode, pattern: RegExp, message: string, hint: string) =>
  (text: string): Refusal | undefined =>
    pattern.test(text) ? undefined : { code, message, hint };

/** A sentence, such as Description=. If it is empty, systemd shows the name of the file. */
export const sentence: Read = rawText(
  matching("SOCKACT_ERR_UNIT_TEXT", /./, "it is empty", "write a description, or leave it out"),
);

/** A string without specifiers. */
export function literal(read: Read): Read {
  return (value, path, problems) =>
    typeof value === "string"
      ? read(value, path, problems)
      : report("SOCKACT_ERR_UNIT_TYPE", path, problems, `${shown(value)} is not a string`, "write a string");
}

export const boolean: Read = (value, path, problems) =>
  typeof value === "boolean"
    ? [String(value)]
    : report(
        "SOCKACT_ERR_UNIT_TYPE",
        path,
        problems,
        `${shown(value)} is not a boolean`,
        "write true or false",
      );

export function oneOf(choices: readonly string[]): Read {
  return (value, path, problems) =>
    typeof value === "string" && choices.includes(value)
      ? [value]
      : report(
          "SOCKACT_ERR_UNIT_CHOICE",
          path,
          problems,
          `${shown(value)} is not among the choices`,
          `one of ${choices.join(", ")}`,
        );
}

/** An array of values, one line each. */
export function each(read: Read): Read {
  return (value, path, problems) =>
    Array.isArray(value)
      ? Array.from(value, (entry: unknown, index) => read(entry, `${path}[${index}]`, problems)).flat()
      : report("SOCKACT_ERR_UNIT_TYPE", path, problems, `${shown(value)} is not an array`, "write an array");
}

/** A value, or an array with at least one. */
export function oneOrMore(read: Read): Read {
  return (value, path, problems) => {
    if (!Array.isArray(value)) return read(value, path, problems);
    return value.length > 0
      ? each(read)(value, path, problems)
      : report(
          "SOCKACT_ERR_UNIT_MISSING",
          path,
          problems,
          "an empty array",
          "write at least one entry, or leave it out",
        );
  };
}

/** A value that `read` accepts, or `false`. */
export function orFalse(read: Read): Read {
  return (value, path, problems) => (value === false ? [] : read(value, path, problems));
}
