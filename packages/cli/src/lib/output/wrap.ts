import process from "node:process";
import { stripVTControlCharacters } from "node:util";

/**
 * How wide lines on standard output may be: as wide as the terminal, but at most 100 columns, because longer
 * lines are hard to read.
 */
export function textWidth(): number {
  return Math.max(20, Math.min(process.stdout.columns ?? 80, 100));
}

/**
 * Breaks a string between words, so that no line is wider than `width`. A longer word gets a separate line.
 */
export function wrap(text: string, { width = textWidth(), indent = "" } = {}): string {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      const longer = line === "" ? word : `${line} ${word}`;
      if (line !== "" && indent.length + stripVTControlCharacters(longer).length > width) {
        lines.push(line);
        line = word;
      } else line = longer;
    }
    lines.push(line);
  }
  return lines.map((line) => (line === "" ? "" : indent + line)).join("\n");
}
