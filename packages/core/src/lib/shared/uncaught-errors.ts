import process from "node:process";
import { isActivationError } from "./errors.ts";
import { once } from "./process-state.ts";
import { ERROR, writeLine } from "./standard-error.ts";

/**
 * Writes an error of sockact as one line before Node prints it and ends the process. Node prints a stack of other people's code first, and the hint last. An
 * app that handles uncaught errors itself gets no line.
 */
export function reportUncaughtErrors(): void {
  once("report uncaught errors", () =>
    process.on("uncaughtExceptionMonitor", (error: unknown) => {
      if (isActivationError(error) && process.listenerCount("uncaughtException") === 0)
        writeLine(`sockact: ${error.code}: ${error.message}. ${error.hint}`, ERROR);
    }),
  );
}
