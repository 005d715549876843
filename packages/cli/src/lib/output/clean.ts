import { stripVTControlCharacters } from "node:util";

/** A text that somebody else has written, without what would move the cursor or change the terminal. */
export function clean(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return stripVTControlCharacters(text).replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, "");
}
