import type { Command } from "commander";
import { print } from "../output/print.ts";
import { candidatesFor } from "./candidates.ts";

/** Bash splits words at `=` and `:`. */
function joined(line: readonly string[]): string[] {
  const whole: string[] = [];
  let isOpen = false;
  for (const word of line) {
    if ((word === "=" || isOpen) && whole.length > 0) whole[whole.length - 1] += word;
    else whole.push(word);
    isOpen = word === "=";
  }
  return whole;
}

/**
 * Answers a shell's completion script: `files`, or `words` and a line for each, with its description after a
 * tab.
 */
export async function complete(program: Command, shell: string, line: readonly string[]): Promise<void> {
  const whole = shell === "bash" ? joined(line) : line;
  const current = whole.at(-1) ?? "";
  const found = await candidatesFor(program, whole);
  if (found === "files") {
    print("files\n");
    return;
  }
  const prefix = /^--[^=]+=/.exec(current)?.[0] ?? "";
  const rest = current.slice(prefix.length);
  const lines = found
    .filter(({ value }) => value.startsWith(rest))
    // Bash replaces only the part after =.
    .map(({ value, description }) => `${shell === "bash" ? "" : prefix}${value}\t${description}\n`);
  print(`words\n${lines.join("")}`);
}
