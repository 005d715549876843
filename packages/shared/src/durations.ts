import { milliseconds } from "./duration-units.ts";

/**
 * A duration with units, as in systemd.time(7): `2s`, `5min` or `1h 30min`. Every number except 0 needs a
 * unit, because `10` means seconds in systemd and milliseconds in Node.
 */
// Without `& {}` the JSON Schema would accept only 0.
export type Duration = 0 | (`${number}${string}` & {});

const units = [...milliseconds.keys()].join("|");

const withUnitsPattern = new RegExp(
  String.raw`^(?:\d{1,9}(?:\.\d{1,6})?[ \t]*(?:${units})(?:[ \t]+|(?=\d)|$))+$`,
);

/**
 * In milliseconds: 285 years. systemd ignores a duration that does not fit 64 bits, and larger numbers of
 * microseconds would not be exact here.
 */
const longest = Math.floor(Number.MAX_SAFE_INTEGER / 1000);

const coarse = [
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
] as const;

const partsPattern = new RegExp(String.raw`(\d+)(?:\.(\d+))?[ \t]*(${units})(?![A-Za-z])`, "g");

/** As systemd counts: each part is rounded down to a microsecond. */
function microsecondsOf(text: string): bigint {
  return [...text.matchAll(partsPattern)].reduce((sum, [, whole, fraction = "", unit]) => {
    const size = BigInt(milliseconds.get(unit!)! * 1000);
    return sum + BigInt(whole!) * size + (BigInt(fraction.padEnd(6, "0")) * size) / 1_000_000n;
  }, 0n);
}

/** The duration in the form of a unit file, or `undefined` if the value is not a duration. */
export function durationText(value: unknown): string | undefined {
  if (value === 0 || value === "0") return "0";
  if (typeof value !== "string") return undefined;
  const text = value.trim().replace(/[µμ]s/g, "us");
  return withUnitsPattern.test(text) && microsecondsOf(text) <= BigInt(longest) * 1000n ? text : undefined;
}

/** Integer milliseconds in the form of a unit file, or `undefined` if there are too many. */
export function spanText(length: number): string | undefined {
  if (length > longest) return undefined;
  const [unit, size] = coarse.find(([, multiple]) => length % multiple === 0) ?? ["ms", 1];
  return `${length / size}${unit}`;
}

/** The duration in milliseconds, also for `infinity`. `undefined` if the value is not a duration. */
export function durationOf(value: unknown): number | undefined {
  if (value === "infinity") return Infinity;
  const text = durationText(value);
  return text === undefined ? undefined : Number(microsecondsOf(text)) / 1000;
}
