import process from "node:process";
import { colour, tell } from "../shared/messages.ts";
import { clean } from "../shared/clean.ts";

/** How long a step may take before a spinner appears, in milliseconds. */
const PATIENCE = 1_000;
const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const CLEAR_LINE = "\r\u001B[2K";

/** The progress of a longer step, on standard error. */
export interface Progress {
  /** Shows the current step. */
  update(text: string): void;
  /** Changes the text of the spinner. Unlike `update()`, prints nothing elsewhere. */
  retitle(text: string): void;
  /** Prints a separate line, such as output of an app. */
  line(text: string): void;
  /** Ends successfully, and prints the line if there is one. */
  done(text?: string): void;
  /** Ends without a line: an error follows. */
  failed(): void;
}

/** Starts to show progress: a spinner after a second on a terminal, and a line for each step elsewhere. */
export function progress(text: string): Progress {
  const { stderr } = process;
  const isTerminal = stderr.isTTY && process.env["TERM"] !== "dumb";
  let current = text;
  let frame = 0;
  let isShown = false;
  let timer: NodeJS.Timeout | undefined;

  const write = (line: string) => tell(`${line}\n`);
  const draw = () => {
    isShown = true;
    const symbol = FRAMES[frame++ % FRAMES.length]!;
    // A wrapped line could not be cleared.
    stderr.write(
      `${CLEAR_LINE}${colour("cyan", symbol)} ${clean(current).slice(0, (stderr.columns || 80) - 3)}`,
    );
  };
  const hide = () => {
    if (isShown) stderr.write(CLEAR_LINE);
    isShown = false;
  };
  const end = () => {
    clearTimeout(timer);
    clearInterval(timer);
    hide();
  };

  if (isTerminal) {
    timer = setTimeout(() => {
      draw();
      timer = setInterval(draw, 100).unref();
    }, PATIENCE).unref();
  } else write(text);

  return {
    update(next) {
      current = next;
      if (!isTerminal) write(next);
      else if (isShown) draw();
    },
    retitle(next) {
      current = next;
      if (isShown) draw();
    },
    line(line) {
      hide();
      write(line);
    },
    done(result) {
      end();
      if (result !== undefined) write(isTerminal ? `${colour("green", "✓")} ${result}` : result);
    },
    failed: end,
  };
}
