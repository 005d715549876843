import { stripVTControlCharacters } from "node:util";

/** A string that another program has written, without what would move the cursor or change the terminal. */
export function clean(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return stripVTControlCharacters(text).replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, "");
}

/** The same for one line, in which a question mark shows each of these characters. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\0-\x1f\x7f-\x9f\uD800-\uDFFF]/gu, "?");
}
