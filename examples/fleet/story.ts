import process from "node:process";
import { styleText } from "node:util";
import type { Experience } from "./crowd.ts";

/** Tells what happens. */
export interface Story {
  title(text: string): void;
  /** @param label what the line is about, in at most 10 characters */
  line(label: string, text: string): void;
}

/** Prints to the terminal, in lines of at most 80 columns. */
export const printed: Story = {
  title: (text) => console.log(`\n${styled("bold", text)}`),
  line: (label, text) => {
    const [first, ...rest] = wrap(text, 66);
    console.log(`  ${styled("dim", label.padEnd(11))} ${first}`);
    for (const line of rest) console.log(`${" ".repeat(14)}${line}`);
  },
};

/** For tests. */
export const silent: Story = { title: () => {}, line: () => {} };

export function styled(style: Parameters<typeof styleText>[0], text: string): string {
  return process.stdout.isTTY && process.stdout.hasColors() ? styleText(style, text) : text;
}

function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    if (line !== "" && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}

/** What the clients had, as sentences. */
export function toldOf({ sent, lost, failed, closed, longest }: Experience): string {
  const reasons = Object.entries(failed).map(([reason, count]) => `${reason}: ${count}`);
  const closes = Object.entries(closed).map(([code, count]) => `${count} with ${code}`);
  return [
    `${number(sent)} requests and messages, ${number(lost)} failed`,
    reasons.length > 0 ? ` (${reasons.join(", ")})` : "",
    `. The longest took ${number(longest)} ms.`,
    closes.length > 0 ? ` WebSockets closed: ${closes.join(", ")}.` : "",
  ].join("");
}

export const number = (value: number): string => Math.round(value).toLocaleString("en");

/** Counts seconds. */
export function stopwatch(): () => string {
  const start = performance.now();
  return () => `${number((performance.now() - start) / 1000)} s`;
}
