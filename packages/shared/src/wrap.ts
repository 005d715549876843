import { stripVTControlCharacters } from "node:util";

/** Wraps a string at spaces, with lines of at most `width`. A longer word is on its own line. */
export function wrap(text: string, { width, indent = "" }: { width: number; indent?: string }): string {
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
