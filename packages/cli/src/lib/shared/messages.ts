import process from "node:process";
import { cleanAroundColours } from "./clean.ts";
import { colourFor } from "./colour.ts";

// The terminal may be gone by the time of the last message.
process.stderr.on("error", () => {});

/** Colours a string for standard error, if colours are wanted there. */
export const colour = colourFor("stderr");

/** Writes to standard error, without control characters other than colours. */
export function tell(text: string): void {
  process.stderr.write(cleanAroundColours(text));
}

/** Writes a warning to standard error. The command continues. */
export function warn(text: string): void {
  tell(`${colour("yellow", "warning:")} ${text}\n`);
}

/** A number with its noun. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
