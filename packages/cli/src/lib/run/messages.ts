import process from "node:process";
import type { Style } from "../shared/colour.ts";
import { colour } from "../shared/messages.ts";

/**
 * Prints a message to standard error. The prefix distinguishes it from the command's output, where sockact
 * prints "sockact: …".
 */
export function say(text: string, style?: Style): void {
  const prefix = colour("cyan", "[sockact run]");
  const lines = text.split("\n").map((line) => `${prefix} ${style ? colour(style, line) : line}\n`);
  process.stderr.write(lines.join(""));
}

/** Prints a warning. The command continues. */
export function warn(text: string): void {
  say(text, "yellow");
}
