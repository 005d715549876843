import { shown, type UnitProblem } from "./problems.ts";
import type { Read } from "./readers.ts";

/** 2^53: enough for any size, and exact. */
const largest = Number.MAX_SAFE_INTEGER;

function refuse(value: unknown, path: string, problems: UnitProblem[], what: string, hint: string): [] {
  problems.push({ code: "ERR_UNIT_NUMBER", path, message: `${shown(value)} is not ${what}`, hint });
  return [];
}

/** A whole number in a range, both ends included. */
export function integer(least: number, most: number): Read {
  return (value, path, problems) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most
      ? [String(value)]
      : refuse(value, path, problems, "a number that fits", `write a whole number from ${least} to ${most}`);
}

/** A number, or a string of one of these forms. */
function quantity(pattern: RegExp, what: string, hint: string): Read {
  return (value, path, problems) => {
    const fits = Number.isInteger(value) && (value as number) >= 0 && (value as number) <= largest;
    return fits || (typeof value === "string" && pattern.test(value))
      ? [String(value)]
      : refuse(value, path, problems, what, hint);
  };
}

/** Bytes, to the base of 1024. */
export const size: Read = quantity(
  /^\d{1,9}[KMG]?$/,
  "a size",
  "whole bytes as a number, or a string with its unit: '64K', '1M'",
);

/** IPTOS= of systemd.socket(5): the octet of ip(7), or a name for it. */
export const typeOfService: Read = (value, path, problems) =>
  typeof value === "string" && ["low-delay", "throughput", "reliability", "low-cost"].includes(value)
    ? [value]
    : integer(0, 255)(value, path, problems);

export const memory: Read = quantity(
  /^(?:\d{1,9}[KMGT]?|(?:100|[1-9]?\d)(?:\.\d{1,2})?%|infinity)$/,
  "an amount of memory",
  "whole bytes as a number, or a string: '512M', '2G', '10%' of the machine's, 'infinity'",
);

export const tasks: Read = quantity(
  /^(?:\d{1,9}|(?:100|[1-9]?\d)(?:\.\d{1,2})?%|infinity)$/,
  "a number of tasks",
  "a number, '10%' of what the machine allows, or 'infinity'",
);

export const quota: Read = (value, path, problems) =>
  typeof value === "string" && /^(?=.*[1-9])\d{1,6}(?:\.\d{1,2})?%$/.test(value)
    ? [value]
    : refuse(
        value,
        path,
        problems,
        "a share of CPU time",
        "a percentage of one CPU as a string: '50%', '200%'",
      );

/** setrlimit(2): one number for both limits, or the soft one and the hard one. */
export const limit: Read = quantity(
  /^(?:\d{1,15}[KMGT]?|infinity)(?::(?:\d{1,15}[KMGT]?|infinity))?$/,
  "a limit",
  "a number, 'infinity', or the soft and the hard limit: '1024:524288'",
);
