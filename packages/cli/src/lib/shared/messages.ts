import process from "node:process";
import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

// The terminal may be gone by the time of the last message.
process.stderr.on("error", () => {});

/** Whether to colour standard error. Node reads NO_COLOR, FORCE_COLOR and TERM. */
const isColoured =
  process.env["NO_COLOR"] === undefined || process.env["NO_COLOR"] === ""
    ? process.env["FORCE_COLOR"] !== undefined
      ? process.env["FORCE_COLOR"] !== "0"
      : process.stderr.isTTY && process.stderr.hasColors()
    : false;

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
