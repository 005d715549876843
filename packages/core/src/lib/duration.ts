/**
 * A span of time: a number of milliseconds, or a string with its units as in systemd.time(7), such as `30s`, `5min` or `1h 30min`.
 * A string without a unit is refused: systemd would read `10` as seconds, Node as milliseconds.
 */
export type Duration = number | `${number}${string}`;

/** Milliseconds of each unit; a month is 30.44 days and a year 365.25, as in systemd. */
const units: [names: string, milliseconds: number][] = [
  ["usec us µs μs", 0.001],
  ["msec ms", 1],
  ["seconds second sec s", 1000],
  ["minutes minute min m", 60_000],
  ["hours hour hr h", 3_600_000],
  ["days day d", 86_400_000],
  ["weeks week w", 604_800_000],
  ["months month M", 2_629_800_000],
  ["years year y", 31_557_600_000],
];

const sizes = new Map(
  units.flatMap(([names, size]) => names.split(" ").map((name): [string, number] => [name, size])),
);

const part = new RegExp(String.raw`(\d+(?:\.\d+)?)\s*(${[...sizes.keys()].join("|")})(?:\s+|(?=\d)|$)`, "y");

/** The span in milliseconds; `Infinity` for `infinity`; undefined for what is none. */
export function milliseconds(value: unknown): number | undefined {
  if (typeof value === "number") return value >= 0 ? value : undefined;
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  if (text === "infinity") return Infinity;
  let total = 0;
  part.lastIndex = 0;
  do {
    const [, amount, unit] = part.exec(text) ?? [];
    if (amount === undefined || unit === undefined) return undefined;
    total += Number(amount) * (sizes.get(unit) as number);
  } while (part.lastIndex < text.length);
  return total;
}
