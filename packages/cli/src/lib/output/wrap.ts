import process from "node:process";
import { stripVTControlCharacters } from "node:util";

/**
 * The maximum width of lines on standard output: that of the terminal, but at most 100 columns, because
 * longer lines are hard to read.
 */
export function textWidth(): number {
  return Math.max(20, Math.min(process.stdout.columns ?? 80, 100));
}

/** Wraps a string at spaces, with lines of at most `width`. A longer word is on its own line. */
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
