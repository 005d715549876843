import type { UnitText } from "./split.ts";

/** A line that contains characters which an editor does not show, or which change the order of the other characters. */
export interface InvisibleLine {
  file: string;
  line: number;
  /** The characters, such as `U+202E`. */
  characters: string[];
}

const invisible = /[\u00A0\u00AD\u061C\u200B-\u200F\u2028-\u202E\u2060-\u2064\u2066-\u2069\uFEFF]/gu;

const nameOf = (character: string): string =>
  `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;

/** Finds invisible characters. A comment may contain them. */
export function invisibleIn(files: readonly UnitText[]): InvisibleLine[] {
  return files.flatMap(({ name, text }) =>
    text.split("\n").flatMap((line, index) => {
      // systemd ignores a byte order mark at the start of a file.
      const read = index === 0 ? line.replace(/^\uFEFF/, "") : line;
      const found = /^\s*[#;]/.test(read) ? [] : (read.match(invisible) ?? []);
      const characters = [...new Set(found.map(nameOf))];
      return characters.length === 0 ? [] : [{ file: name, line: index + 1, characters }];
    }),
  );
}
