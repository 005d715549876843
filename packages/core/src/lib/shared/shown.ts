import { inspect } from "node:util";

/** The most characters of a value in a message. */
const SHOWN = 80;

/** A value from the app on one short line, for a message. */
export function shown(value: unknown): string {
  const text = inspect(value, { depth: 0, breakLength: Infinity });
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
