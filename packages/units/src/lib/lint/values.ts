import { milliseconds, timeUnits } from "../read/duration.ts";

/** What systemd takes for true and for false, in upper case too. */
const truths = /^(?:1|y|yes|t|true|on)$/i;
const falsehoods = /^(?:0|n|no|f|false|off)$/i;

/** A boolean of systemd.syntax(7), or `undefined` if it is none. */
export function truthOf(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  return truths.test(text) ? true : falsehoods.test(text) ? false : undefined;
}

const part = `(\\d+(?:\\.\\d*)?|\\.\\d+)\\s*(${timeUnits}|µs|μs)?`;

const whole = new RegExp(`^(?:${part}(?:\\s+|(?=[\\d.])|$))+$`);
const each = new RegExp(`${part}(?![A-Za-z])`, "g");

/** The milliseconds of a time span as unit files have it: a number alone counts seconds. `undefined` if it is none; systemd.time(7). */
export function spanOf(text: string): number | undefined {
  if (text === "infinity") return Infinity;
  if (!whole.test(text)) return undefined;
  const parts = text.matchAll(each);
  return [...parts].reduce(
    (sum, [, count, unit = "s"]) => sum + Number(count) * (milliseconds.get(unit) ?? 0.001),
    0,
  );
}
