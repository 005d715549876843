import { milliseconds } from "@sockact/shared/duration-units";

/** A number and the unit after it. Without a unit, seconds. */
const part = /[ \t]*(\+?\d+(?:\.\d+)?|\.\d+)(?![.\d])[ \t]*([A-Za-zµμ]*)[ \t]*/y;

/** systemd stores microseconds in 64 bits. */
const longest = 2 ** 64 / 1000;

/**
 * The milliseconds of a time span in a unit file; see systemd.time(7). `undefined` if the value is not a time
 * span.
 */
export function timeSpanOf(text: string): number | undefined {
  if (text === "infinity") return Infinity;
  let sum = 0;
  for (part.lastIndex = 0; part.lastIndex < text.length;) {
    const [, count, unit = ""] = part.exec(text) ?? [];
    const size = milliseconds.get(unit || "s");
    if (count === undefined || size === undefined) return undefined;
    sum += Number(count) * size;
  }
  return text === "" || sum > longest ? undefined : sum;
}
