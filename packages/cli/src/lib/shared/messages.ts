import process from "node:process";
import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

// The terminal may be gone by the time of the last message.
process.stderr.on("error", () => {});

/** Whether to colour standard error. Node reads TERM; the values of FORCE_COLOR are those that Node knows. */
const isColoured = ((): boolean => {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== "") return false;
  if (FORCE_COLOR !== undefined) return ["", "1", "true", "2", "3"].includes(FORCE_COLOR);
  return process.stderr.isTTY && process.stderr.hasColors();
})();

/** Colours a string for standard error, if colours are wanted there. */
export function colour(style: Style, text: string): string {
  return isColoured ? styleText(style, text, { validateStream: false }) : text;
}

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
