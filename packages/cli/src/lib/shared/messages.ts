import process from "node:process";
import { colourFor, type Style } from "./colour.ts";

// The terminal may be gone by the time of the last message.
process.stderr.on("error", () => {});

/** Colours a string for standard error, if colours are wanted there. */
export const colour = colourFor("stderr");

/** Writes a message to standard error. The prefix distinguishes it from the output of the command, where sockact itself writes "sockact: …". */
export function say(text: string, style?: Style): void {
  const prefix = colour("cyan", "[sockact run]");
  const lines = text.split("\n").map((line) => `${prefix} ${style ? colour(style, line) : line}\n`);
  process.stderr.write(lines.join(""));
}

/** Says that something went wrong, and the command line goes on. */
export function warn(text: string): void {
  say(text, "yellow");
}

/** A number with its noun. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
