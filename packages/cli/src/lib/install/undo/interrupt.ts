import process from "node:process";
import { CliError, EXIT } from "../../shared/cli-error.ts";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Ctrl-C, SIGTERM and SIGHUP abort a signal instead of ending the process, until `end()` is called. */
export function interruptible(): { signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const abort = (name: NodeJS.Signals) => controller.abort(name);
  for (const name of signals) process.on(name, abort);
  return {
    signal: controller.signal,
    end() {
      for (const name of signals) process.off(name, abort);
    },
  };
}

/** The error of an interrupted call. The exit code after a signal is 128 and its number. */
export function interruptedError(
  { reason }: AbortSignal,
  message: string,
  hint: string,
  cause?: unknown,
): CliError {
  const exitCode = { SIGHUP: 129, SIGTERM: 143 }[String(reason)] ?? EXIT.interrupted;
  return new CliError("SOCKACT_ERR_INSTALL_INTERRUPTED", message, hint, { exitCode, cause });
}
