import { stripVTControlCharacters } from "node:util";

/**
 * A string from another program, without characters that move the cursor, change the terminal, or reorder
 * letters.
 */
export function clean(text: string): string {
  return stripVTControlCharacters(text).replaceAll(
    // oxlint-disable-next-line no-control-regex
    /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/g,
    "",
  );
}

/** Like {@link clean}, but keeps colors, which can be ours. */
export const cleanAroundColours = (text: string): string =>
  text
    // oxlint-disable-next-line no-control-regex
    .split(/(\u001B\[[\d;]*m)/)
    .map((part, index) => (index % 2 === 1 ? part : clean(part)))
    .join("");

/** JSON with escapes for the characters that {@link clean} removes. */
export const jsonText = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replaceAll(
    /[\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** Like {@link clean} for one line, with a question mark for each of these characters. */
export function printable(text: string): string {
  return text.replaceAll(
    // oxlint-disable-next-line no-control-regex
    /[\0-\x1f\x7f-\x9f\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069\uD800-\uDFFF]/gu,
    "?",
  );
}
