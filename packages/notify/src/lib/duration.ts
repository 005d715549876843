import { milliseconds as sizes } from "@sockact/shared/duration-units";

/**
 * A duration with units, as in systemd.time(7): `30s`, `5min` or `1h 30min`. Every number except 0 needs a
 * unit, because `10` means seconds in systemd and milliseconds in Node.
 */
export type Duration = 0 | `${number}${string}`;

const part = new RegExp(String.raw`(\d+(?:\.\d+)?)\s*(${[...sizes.keys()].join("|")})(?:\s+|(?=\d)|$)`, "y");

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
