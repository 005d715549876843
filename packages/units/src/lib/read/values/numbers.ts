import { shown, type UnitProblem } from "../../problems.ts";
import { literal, matching, rawText, type Read } from "./readers.ts";

function report(value: unknown, path: string, problems: UnitProblem[], what: string, hint: string): [] {
  problems.push({ code: "SOCKACT_ERR_UNIT_NUMBER", path, message: `${shown(value)} is not ${what}`, hint });
  return [];
}

/** An integer in a range, both ends included. */
export function integer(least: number, most: number): Read {
  return (value, path, problems) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most
      ? [String(value)]
      : report(value, path, problems, "a number that fits", `write a whole number from ${least} to ${most}`);
}

/** A number, or a string of one of these forms. */
function quantity(pattern: RegExp, what: string, hint: string): Read {
  return (value, path, problems) => {
    const text = Number.isSafeInteger(value) ? String(value) : value;
    return typeof text === "string" && pattern.test(text)
      ? [text]
      : report(value, path, problems, what, hint);
  };
}

/** Reads bytes to the base of 1024. The largest value is 2^60, because systemd stores bytes in 64 bits. */
const bytes = String.raw`(?:\d{1,16}|\d{1,9}[KMG]|\d{1,6}T)`;

/** Rejects a very small number of bytes without a unit, because the unit is probably missing. */
function atLeast(least: number, why: string, read: Read): Read {
  return (value, path, problems) => {
    const texts = read(value, path, problems);
    const number = /^\d+$/.test(texts[0] ?? "") ? Number(texts[0]) : 0;
    if (number === 0 || number >= least) return texts;
    problems.push({
      code: "SOCKACT_ERR_UNIT_NUMBER",
      path,
      message: `${shown(value)} is ${number} bytes: ${why}`,
      hint: `write '${number}M' for mebibytes${number * 1024 < least ? "" : `, or '${number}K' for kibibytes`}`,
    });
    return [];
  };
}

export const size: Read = atLeast(
  1024,
  "no buffer is this small",
  quantity(
    new RegExp(`^${bytes}$`),
    "a size",
    "an integer number of bytes, or a string with its unit: '64K', '1M'",
  ),
);

/** IPTOS= of systemd.socket(5): the octet of ip(7), or a name for it. */
export const typeOfService: Read = (value, path, problems) =>
  typeof value === "string" && ["low-delay", "throughput", "reliability", "low-cost"].includes(value)
    ? [value]
    : integer(0, 255)(value, path, problems);

const share = String.raw`(?:100|[1-9]?\d(?:\.\d{1,2})?)%`;

/** The beginning of a value above 0. */
const some = "(?=.*[1-9]|infinity)";

const amountOfMemory = "an amount of memory";
const memoryHint = "as a number, or a string: '512M', '2G', '10%' of the machine's memory, 'infinity'";

const enough = (read: Read): Read => atLeast(2 ** 20, "no service runs with so little memory", read);

export const memory: Read = enough(
  quantity(
    new RegExp(`^(?:${bytes}|${share}|infinity)$`),
    amountOfMemory,
    `an integer number of bytes ${memoryHint}`,
  ),
);

/** systemd rejects 0. */
export const someMemory: Read = enough(
  quantity(
    new RegExp(`^${some}(?:${bytes}|${share}|infinity)$`),
    amountOfMemory,
    `an integer number of bytes above 0 ${memoryHint}`,
  ),
);

export const tasks: Read = quantity(
  new RegExp(String.raw`^${some}(?:\d{1,16}|${share}|infinity)$`),
  "a number of tasks",
  "a number above 0, '10%' of the machine's limit, or 'infinity'",
);

export const quota: Read = (value, path, problems) =>
  typeof value === "string" && /^(?=.*[1-9])\d{1,6}(?:\.\d{1,2})?%$/.test(value)
    ? [value]
    : report(
        value,
        path,
        problems,
        "a percentage of CPU time",
        "a percentage of one CPU as a string: '50%', '200%'",
      );

const powers = "KMGT";

/** The size of a limit, for comparisons. */
function amount(text: string): number {
  const [, digits, unit = ""] = /^(\d+)([KMGT]?)$/.exec(text) ?? [];
  return digits === undefined ? Infinity : Number(digits) * 1024 ** (powers.indexOf(unit || " ") + 1);
}

/** setrlimit(2): a number for both limits, or the soft and the hard limit. */
function limit(one: string, hint: string): Read {
  const read = quantity(new RegExp(`^(?:${one}|infinity)(?::(?:${one}|infinity))?$`), "a limit", hint);
  return (value, path, problems) => {
    const texts = read(value, path, problems);
    const [soft = 0, hard = soft] = texts.flatMap((text) => text.split(":").map(amount));
    return soft > hard
      ? report(value, path, problems, "a limit: the soft limit is above the hard one", hint)
      : texts;
  };
}

export const countLimit: Read = limit(
  String.raw`\d{1,16}`,
  "a number, 'infinity', or the soft and the hard limit: '1024:524288'",
);

/**
 * The fewest open files with which a program starts: its standard streams, a socket, and one for reading its
 * libraries.
 */
const fewestFiles = 5;

export const fileLimit: Read = (value, path, problems) => {
  const texts = countLimit(value, path, problems);
  const [soft = ""] = texts[0]?.split(":") ?? [];
  if (!/^\d+$/.test(soft) || Number(soft) >= fewestFiles) return texts;
  problems.push({
    code: "SOCKACT_ERR_UNIT_NUMBER",
    path,
    message: `${shown(value)}: a program needs more files to start`,
    hint: "leave it out, or write a limit such as '1024:524288'",
  });
  return [];
};

export const sizeLimit: Read = limit(bytes, "bytes, 'infinity', or the soft and the hard limit: '64M:1G'");

/** A limit of less than a page of memory does not work. */
export const lockLimit: Read = atLeast(4096, "it is less than one page of memory", sizeLimit);

export const mode: Read = literal(
  rawText(
    matching(
      "SOCKACT_ERR_UNIT_NUMBER",
      /^0?[0-7]{3,4}$/,
      "not an access mode",
      "write it in octal as a string: '0660'",
    ),
  ),
);

/** Reads a number that systemd stores in 32 bits. */
export const count: Read = integer(0, 4_294_967_295);

/** Reads a count for a limit. In systemd, the largest number means "not set". */
export const countOfLimit: Read = integer(0, 4_294_967_294);
