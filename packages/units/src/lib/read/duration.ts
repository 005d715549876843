/**
 * A span of time: a number of milliseconds, or a string with its units as in systemd.time(7), such as `2s`, `5min` or `1h 30min`.
 */
export type Duration = number | `${number}${string}`;

/** How many milliseconds the units of time have. */
const milliseconds: ReadonlyMap<string, number> = new Map(
  (
    [
      ["usec us", 0.001],
      ["msec ms", 1],
      ["seconds second sec s", 1000],
      ["minutes minute min m", 60_000],
      ["hours hour hr h", 3_600_000],
      ["days day d", 86_400_000],
      ["weeks week w", 604_800_000],
      ["months month M", 2_629_800_000],
      ["years year y", 31_557_600_000],
    ] as const
  ).flatMap(([names, size]) => names.split(" ").map((name) => [name, size] as const)),
);
const units = [...milliseconds.keys()].join("|");

// The digits are capped since systemd ignores a span that overflows its 64 bits of microseconds.
const spans = new RegExp(String.raw`^(?:\d{1,9}(?:\.\d{1,6})? *(?:${units})(?: +|(?=\d)|$))+$`);

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
  const [unit, size] = coarse.find(([, multiple]) => value % multiple === 0) ?? ["ms", 1];
  return `${value / size}${unit}`;
}

/** A number and the unit behind it; seconds without one. */
const part = /[ \t]*(\d+(?:\.\d*)?|\.\d+)[ \t]*([A-Za-zµμ]*)[ \t]*/y;

/** The milliseconds of a time span as unit files have it. `undefined` if it is none; systemd.time(7). */
export function spanOf(text: string): number | undefined {
  if (text === "infinity") return Infinity;
  let sum = 0;
  for (part.lastIndex = 0; part.lastIndex < text.length;) {
    const [, count, unit = ""] = part.exec(text) ?? [];
    const size = milliseconds.get((unit || "s").replace(/[µμ]/, "u"));
    if (count === undefined || size === undefined) return undefined;
    sum += Number(count) * size;
  }
  return text === "" ? undefined : sum;
}

/** How many milliseconds the span of a field has; `infinity` too has a number. `undefined` if the value is no span. */
export function durationOf(value: unknown): number | undefined {
  if (value === "infinity") return Infinity;
  const text = durationText(value);
  return text === undefined ? undefined : spanOf(text);
}
