import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { cleanAroundColours } from "../shared/clean.ts";
import { print } from "../output/print.ts";
import { untilSignal } from "../shared/until-signal.ts";

const INTERVAL = 1_000;
const HIDE_CURSOR = "\u001B[?25l";
const SHOW_CURSOR = "\u001B[?25h";
const CLEAR = "\u001B[2J";
const HOME = "\u001B[H";
const CLEAR_TO_END_OF_LINE = "\u001B[K";
const CLEAR_BELOW = "\u001B[J";

/** The lines that fit the terminal. A line that is longer than its width uses several rows. */
function fitting(text: string): string[] {
  // Some terminals do not report their size.
  const columns = process.stdout.columns || 80;
  let left = (process.stdout.rows || 24) - 1;
  const lines = text.split("\n");
  const end = lines.findIndex((line) => {
    left -= Math.max(1, Math.ceil(stripVTControlCharacters(line).length / columns));
    return left < 0;
  });
  return end === -1 ? lines : lines.slice(0, end);
}

/** Overwrites the lines on the screen, to avoid flicker. */
function repaint(text: string): string {
  const lines = fitting(text).map((line) => `${line}${CLEAR_TO_END_OF_LINE}`);
  return `${HOME}${lines.join("\n")}${CLEAR_BELOW}`;
}

/** Waits for a second, or until the terminal is resized. */
async function pause(signal: AbortSignal): Promise<void> {
  const resized = new AbortController();
  const onResize = () => resized.abort();
  process.stdout.once("resize", onResize);
  await delay(INTERVAL, undefined, { signal: AbortSignal.any([signal, resized.signal]) }).catch(() => {});
  process.stdout.off("resize", onResize);
}

/** Shows the result of `read` each second, until Ctrl-C, or until the output has no reader. */
export function watch(read: () => Promise<string>, isTerminal: boolean): Promise<void> {
  return untilSignal(async (signal) => {
    if (isTerminal) print(`${HIDE_CURSOR}${CLEAR}`, true);
    try {
      while (!signal.aborted) {
        const text = await read();
        if (signal.aborted || !print(isTerminal ? repaint(cleanAroundColours(text)) : text, isTerminal))
          break;
        await pause(signal);
      }
    } finally {
      if (isTerminal) print(`${SHOW_CURSOR}\n`, true);
    }
  });
}
