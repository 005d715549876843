/**
 * A duration with units, as in systemd.time(7): `30s`, `5min` or `1h 30min`. Every number except 0 needs a
 * unit, because `10` means seconds in systemd and milliseconds in Node.
 */
export type Duration = 0 | `${number}${string}`;

/** The milliseconds of each unit. As in systemd, a month has 30.44 days, and a year 365.25. */
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

/** The two durations that a number without a unit may mean. Undefined for any other value. */
export function withUnits(value: unknown, quote: string): string | undefined {
  const text = typeof value === "number" || typeof value === "string" ? String(value).trim() : "";
  return /^\d{1,9}(?:\.\d{1,6})?$/.test(text) && Number(text) > 0
    ? `${quote}${text}s${quote} for seconds, or ${quote}${text}ms${quote} for milliseconds`
    : undefined;
}

/** The duration in milliseconds (`Infinity` for `infinity`), or undefined if the value is not a duration. */
export function milliseconds(value: unknown): number | undefined {
  if (value === 0 || value === "0") return 0;
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
