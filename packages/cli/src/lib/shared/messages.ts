import process from "node:process";
import { cleanAroundColours } from "./clean.ts";
import { colourFor } from "./colour.ts";

// The terminal may be closed before the last message.
process.stderr.on("error", () => {});

/** Colors a string for standard error, if colors are enabled. */
export const colour = colourFor("stderr");

/** Prints to standard error, without control characters other than colors. */
export function tell(text: string): void {
  process.stderr.write(cleanAroundColours(text));
}

/** Prints a warning to standard error. The command continues. */
export function warn(text: string): void {
  tell(`${colour("yellow", "warning:")} ${text}\n`);
}

/** A number with its noun. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
