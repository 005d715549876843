import { milliseconds } from "../read/duration.ts";

/** What systemd takes for true and for false, in upper case too. */
const truths = /^(?:1|y|yes|t|true|on)$/i;
const falsehoods = /^(?:0|n|no|f|false|off)$/i;

/** A boolean of systemd.syntax(7), or `undefined` if it is none. */
export function truthOf(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  return truths.test(text) ? true : falsehoods.test(text) ? false : undefined;
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
