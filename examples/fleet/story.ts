import process from "node:process";
import { styleText } from "node:util";
import type { Experience } from "./crowd.ts";

/** Reports what happens. */
export interface Story {
  title(text: string): void;
  /** @param label what the line is about, in at most 10 characters */
  line(label: string, text: string): void;
}

/** Prints to the terminal. */
export const printed: Story = {
  title: (text) => console.log(`\n${styled("bold", text)}`),
  line: (label, text) => console.log(linesOf(styled("dim", label.padEnd(11)), text).join("\n")),
};

/** Keeps the lines that the terminal would show, without colors. `mask` replaces what differs from run to run. */
export function recorded(mask: (text: string) => string): { story: Story; lines: string[] } {
  const lines: string[] = [];
  const story: Story = {
    title: (text) => lines.push(text),
    line: (label, text) => lines.push(...linesOf(label.padEnd(11), mask(text))),
  };
  return { story, lines };
}

export const silent: Story = { title: () => {}, line: () => {} };

/** Lines of at most 80 columns. */
function linesOf(label: string, text: string): string[] {
  const [first, ...rest] = wrap(text, 66);
  return [`  ${label} ${first}`, ...rest.map((line) => `${" ".repeat(14)}${line}`)];
}

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

const number = (value: number): string => Math.round(value).toLocaleString("en");

/** Counts seconds. */
export function stopwatch(): () => string {
  const start = performance.now();
  return () => `${number((performance.now() - start) / 1000)} s`;
}
