import process from "node:process";
import { isMainThread } from "@sockact/notify/internal";
import { isDebugging } from "./debug.ts";
import { type ActivationError, isActivationError } from "./errors.ts";
import { once } from "./process-state.ts";
import { placeInApp } from "./stack-frames.ts";
import { ERROR, writeLine } from "./standard-error.ts";

/**
 * Makes an uncaught error of sockact one line, after which the process ends with status 1. Node would print a stack and all properties at each start that
 * fails. It does if systemd asks for debug output, if it is to write a report of uncaught errors, and in a worker thread, whose error goes to its parent. An
 * app that handles uncaught errors itself gets no line.
 */
export function exitAtUncaughtErrors(): void {
  once("exit at uncaught errors", () =>
    process.on("uncaughtExceptionMonitor", (error: unknown) => {
      if (!isActivationError(error) || isHandledByApp()) return;
      const place = placeInApp(error.stack ?? "");
      writeFatal(error, place === undefined ? "" : ` At ${place}.`);
      const isPrinted = isDebugging || process.report.reportOnUncaughtException || !isMainThread();
      // The other listeners of this event come first.
      if (!isPrinted) process.once("uncaughtException", () => process.exit(1));
    }),
  );
}

/** Ends the process with the line of an error. */
export function exitWith(error: ActivationError): never {
  writeFatal(error);
  process.exit(1);
}

function writeFatal({ code, message, hint }: ActivationError, place = ""): void {
  writeLine(`sockact: fatal: ${code}: ${message}. ${hint}${place}`, ERROR);
}

function isHandledByApp(): boolean {
  return process.listenerCount("uncaughtException") > 0 || process.hasUncaughtExceptionCaptureCallback();
}
