import process from "node:process";
import { wrap as wrapTo } from "@sockact/shared/wrap";

/**
 * The maximum width of lines on standard output: that of the terminal, but at most 100 columns, because
 * longer lines are hard to read.
 */
export function textWidth(): number {
  return Math.max(20, Math.min(process.stdout.columns ?? 80, 100));
}

/** Wraps a string at spaces, with lines of at most `width`. A longer word is on its own line. */
export const wrap = (text: string, { width = textWidth(), indent = "" } = {}): string =>
  wrapTo(text, { width, indent });
