import { clean } from "../shared/clean.ts";
import { colourOut } from "./print.ts";
import type { Style } from "../shared/colour.ts";
import type { JournalEntry } from "../systemd/journal.ts";

const two = (number: number): string => String(number).padStart(2, "0");

/** The local time, with the day unless it is today. */
function timeText(time: Date, now: Date): string {
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
  if (time.toDateString() === now.toDateString()) return clock;
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${clock}`;
}

function styleOf({ priority, from }: JournalEntry): Style | undefined {
  if (priority <= 3) return "red";
  if (priority === 4) return "yellow";
  return from === "systemd" || priority === 7 ? "dim" : undefined;
}

/** The writer of the line: `shop[1234]`, `shop@blue[1234]` or `systemd`. */
function writerText({ unit, from, pid }: JournalEntry): string {
  const name = unit.replace(/\.service$/, "");
  return from === "systemd" ? from : pid === undefined ? name : `${name}[${pid}]`;
}

/** A journal line as text. `colour` adds colors for the target stream. */
export function entryText(
  entry: JournalEntry,
  { now = new Date(), colour = colourOut }: { now?: Date; colour?: typeof colourOut } = {},
): string {
  const style = styleOf(entry);
  const writer = colour(entry.from === "systemd" ? "dim" : "cyan", `${writerText(entry)}:`);
  const lines = clean(entry.message)
    .split("\n")
    .map((line) => (style ? colour(style, line) : line));
  return `${colour("dim", timeText(entry.time, now))} ${writer} ${lines.join("\n  ")}`;
}
