import { expandSpecifiers, unknownSpecifier } from "../../systemd/expansion.ts";
import { wordsOf } from "../../parse/words.ts";
import { shown } from "../../problems.ts";
import { bytesOf, wholeOf } from "../../systemd/amounts.ts";
import { timeSpanOf } from "../../systemd/time-spans.ts";
import { booleanOf } from "../../systemd/booleans.ts";
import { signalNames } from "../../systemd/value-names.ts";

/** Why systemd rejects a value, and what to write instead. */
export interface Refused {
  is: string;
  write: string;
}

/** Parses the value after `=` as systemd does. The unit's name determines the specifiers. */
export type ReadValue = (text: string, unit: string) => Refused | undefined;

/** Accepts values for which `fits` is true. */
export function valueWhere(fits: (text: string) => boolean, is: string, write: string): ReadValue {
  return (text) => (fits(text) ? undefined : { is, write });
}

/** Also accepts an empty value, which resets a list. */
export function orEmpty(read: ReadValue): ReadValue {
  return (text, unit) => (text === "" ? undefined : read(text, unit));
}

/** Accepts a value if one of several readers does. The first reader provides the fix. */
export function either(first: ReadValue, ...others: ReadValue[]): ReadValue {
  return (text, unit) => {
    const refused = first(text, unit);
    return refused && others.every((read) => read(text, unit) !== undefined) ? refused : undefined;
  };
}

/** Expands specifiers, except those that only the service manager knows, such as `%u`. */
export function expanded(read: ReadValue): ReadValue {
  return (text, unit) => {
    const unknown = unknownSpecifier(text);
    if (unknown !== undefined) {
      return { is: `${unknown} is not a specifier`, write: "%% for a percent sign" };
    }
    // A template is read like one of its instances.
    const value = expandSpecifiers(text, unit.replace("@.", "@x."));
    return /^$|%[A-Za-z]/.test(value) && text !== "" ? undefined : read(value, unit);
  };
}

/** Parses a list of words that may be quoted. */
export function quotedWords(read: ReadValue): ReadValue {
  return (text, unit) => {
    const { words, problem } = wordsOf(text);
    // Some lists have no escapes, and treat backslashes as literal.
    if (problem !== undefined) {
      return text.includes("\\")
        ? undefined
        : { is: problem, write: "quotes in pairs, and \\\\ for a backslash" };
    }
    return firstRefused(words, read, unit);
  };
}

/** Parses a list of words separated by spaces. */
export function plainWords(read: ReadValue): ReadValue {
  return (text, unit) =>
    firstRefused(
      text.split(/\s+/).filter((word) => word !== ""),
      read,
      unit,
    );
}

function firstRefused(words: readonly string[], read: ReadValue, unit: string): Refused | undefined {
  for (const word of words) {
    const refused = read(word, unit);
    if (refused !== undefined) {
      return words.length > 1 && !refused.is.startsWith('"')
        ? { ...refused, is: `${shown(word)} is ${refused.is}` }
        : refused;
    }
  }
  return undefined;
}

export const choice = (...names: string[]): ReadValue =>
  valueWhere((text) => names.includes(text), "not among the choices", `one of ${names.join(", ")}`);

export const boolean: ReadValue = valueWhere(
  (text) => booleanOf(text) !== undefined,
  "not a boolean",
  "yes or no",
);

/** Accepts a boolean or one of these words. */
export const booleanOr = (...names: string[]): ReadValue => {
  const hint = `one of yes, no, ${names.join(", ")}`;
  return valueWhere(
    (text) => names.includes(text) || booleanOf(text) !== undefined,
    "not among the choices",
    hint,
  );
};

export const span: ReadValue = valueWhere(
  (text) => timeSpanOf(text) !== undefined,
  "not a time span",
  "seconds, or a number with its unit: 30s, 5min",
);

export const mode: ReadValue = valueWhere(
  (text) => /^0*[0-7]{1,4}$/.test(text),
  "not an access mode",
  "it in octal: 0660",
);

/** Accepts an integer in a range, both ends included. */
export const whole = (least: number, most: number): ReadValue =>
  valueWhere(
    (text) => {
      const value = wholeOf(text);
      return value !== undefined && value >= least && value <= most;
    },
    "not a number that fits",
    `a whole number from ${least} to ${most}`,
  );

export const count: ReadValue = valueWhere(
  (text) => {
    const value = wholeOf(text);
    return value !== undefined && value >= 0 && value < 2 ** 32;
  },
  "not a number",
  "a whole number from 0",
);

export const size: ReadValue = valueWhere(
  (text) => bytesOf(text) !== undefined,
  "not a size",
  "bytes, or a number with its unit: 64K, 1M",
);

/** Parses a percentage such as 50% or 12.34% as a fraction of 1. Returns `undefined` for other values. */
export function shareOf(text: string): number | undefined {
  const [, percent, permille, permyriad] =
    /^\+?(?:(\d+(?:\.\d{1,2})?)%|(\d+(?:\.\d)?)‰|(\d+)‱)$/.exec(text) ?? [];
  if (percent !== undefined) return Number(percent) / 100;
  if (permille !== undefined) return Number(permille) / 1000;
  return permyriad === undefined ? undefined : Number(permyriad) / 10_000;
}

/** Accepts an amount of memory of more than `least` bytes. */
export function memory(least = -1): ReadValue {
  return valueWhere(
    (text) => {
      if (text === "infinity") return true;
      const share = shareOf(text);
      return share === undefined ? (bytesOf(text) ?? -1) > least : share <= 1 && share > least;
    },
    least < 0 ? "not an amount of memory" : "not an amount of memory above 0",
    "bytes, a number with its unit such as 512M, a percentage of the machine's memory such as 10%, or infinity",
  );
}

/** Accepts one limit, or the soft and the hard limit, parsed by `valueOf`; see setrlimit(2). */
export function limit(valueOf: (text: string) => number | undefined, one: string): ReadValue {
  const of = (text: string) => (text === "infinity" ? Infinity : valueOf(text));
  return (text) => {
    const values = text.split(":").map(of);
    const [soft, hard = soft] = values;
    if (values.length > 2 || soft === undefined || values.includes(undefined)) {
      return {
        is: "not a limit",
        write: `${one}, infinity, or the soft and the hard limit separated by :`,
      };
    }
    return soft > hard!
      ? { is: "the soft limit is above the hard one", write: "the lower one first" }
      : undefined;
  };
}

/** Whether the value is a name or number of signal(7). */
export function isSignal(text: string): boolean {
  const number = wholeOf(text);
  if (number !== undefined) return number >= 1 && number <= 64;
  const name = text.replace(/^SIG/, "");
  const [, least, more, most, less] = /^(?:(RTMIN)(?:\+(\d+))?|(RTMAX)(?:-(\d+))?)$/.exec(name) ?? [];
  if (least !== undefined) return Number(more ?? 0) <= 30;
  if (most !== undefined) return Number(less ?? 0) <= 30;
  return signalNames.has(name);
}

/** Accepts an absolute path without `..`. */
export const absolutePath: ReadValue = (text) => {
  if (!text.startsWith("/"))
    return { is: `${shown(text)} is not an absolute path`, write: "a path that begins with /" };
  return text.split("/").includes("..")
    ? { is: `${shown(text)} has .. in it`, write: "the path without .." }
    : undefined;
};

/** Accepts a path with optional prefixes. */
export const afterSigns = (signs: RegExp, read: ReadValue): ReadValue => {
  return (text, unit) => read(text.replace(signs, ""), unit);
};

export const interfaceName: ReadValue = valueWhere(
  (text) => /^(?!(?:\d+|\.\.?|all|default)$)[!-$&-.0-9;-~]{1,15}$/.test(text),
  "not the name of a network interface",
  "it as `ip link` shows it: eth0",
);
