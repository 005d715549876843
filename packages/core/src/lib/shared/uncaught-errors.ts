import process from "node:process";
import { isMainThread } from "@sockact/shared/notify";
import { isDebugging } from "./debug.ts";
import { isOwnError } from "./own-error.ts";
import { journal } from "./journal.ts";
import { once } from "./process-state.ts";
import { writeRecord } from "./record.ts";
import { placeInApp } from "./stack-frames.ts";
import { ERROR, writeLine } from "./standard-error.ts";
import { CODE, EVENT, PRIORITY } from "@sockact/shared/records";
import { FATAL, sentence } from "@sockact/shared/texts";

/**
 * Prints an uncaught error of sockact on one line, and ends the process with status 1. Node would print a
 * stack and all properties at each failing start. It still does if a variable enables debug output, and if it
 * writes a report of uncaught errors. An app with its own handler of uncaught errors gets no line, and
 * neither does a worker thread, whose error goes to its parent.
 */
export function exitAtUncaughtErrors(): void {
  once("exit at uncaught errors", () =>
    process.on("uncaughtExceptionMonitor", (error: unknown) => {
      if (!isOwnError(error) || isHandledByApp() || !isMainThread()) return;
      const place = placeInApp(error);
      writeFatal(error, place === undefined ? "" : ` At ${place}.`);
      const isPrinted = isDebugging || process.report.reportOnUncaughtException;
      // The other listeners of this event come first.
      if (!isPrinted) process.once("uncaughtException", () => process.exit(1));
    }),
  );
}

/** Ends the process with the line of an error. */
export function exitWith(error: {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}): never {
  writeFatal(error);
  process.exit(1);
}

/** A name or variable in the message may have any characters, but readers of the journal need one line. */
function writeFatal({ code, message, hint }: Parameters<typeof exitWith>[0], place = ""): void {
  const text = `${code}: ${sentence(message)} ${hint}${place}`.replaceAll(/\p{Cc}+/gu, (characters) =>
    JSON.stringify(characters).slice(1, -1),
  );
  if (journal.fd !== undefined) writeRecord({ [PRIORITY]: ERROR, [EVENT]: "fatal", [CODE]: code });
  writeLine(`${FATAL}${text}`, ERROR);
}

function isHandledByApp(): boolean {
  return process.listenerCount("uncaughtException") > 0 || process.hasUncaughtExceptionCaptureCallback();
}
