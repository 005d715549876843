import process from "node:process";
import { colour } from "../shared/messages.ts";
import type { JournalEntry } from "../systemd/journal.ts";
import { entryText } from "./entry-text.ts";

/** Writes lines of the journal to standard error, beside the messages of a command. */
export function showEntries(entries: readonly JournalEntry[]): void {
  for (const entry of entries) process.stderr.write(`${entryText(entry, { colour })}\n`);
}
