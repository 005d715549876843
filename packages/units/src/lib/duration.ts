/**
 * A span of time: a number of milliseconds, or a string with its units as in systemd.time(7), such as `2s`, `5min` or `1h 30min`.
 */
export type Duration = number | `${number}${string}`;

const units = [
  "usec us",
  "msec ms",
  "seconds second sec s",
  "minutes minute min m",
  "hours hour hr h",
  "days day d",
  "weeks week w",
  "months month M",
  "years year y",
].flatMap((names) => names.split(" "));

// The digits are capped since systemd ignores a span that overflows its 64 bits of microseconds.
const spans = new RegExp(String.raw`^(?:\d{1,9}(?:\.\d{1,6})?\s*(?:${units.join("|")})(?:\s+|(?=\d)|$))+$`);

const coarse = [
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
] as const;

/** The span as a unit file says it, or `undefined` if it is none. */
export function durationText(value: unknown): string | undefined {
  if (typeof value === "string") {
    const text = value.trim().replace(/[µμ]s/g, "us");
    return spans.test(text) ? text : undefined;
  }
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0 || value > 1e12)
    return undefined;
  if (value === 0) return "0";
  const [unit, size] = coarse.find(([, milliseconds]) => value % milliseconds === 0) ?? ["ms", 1];
  return `${value / size}${unit}`;
}
