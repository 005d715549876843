import process from "node:process";
import { EXIT } from "../shared/cli-error.ts";

/** The exit code after a signal: 128 and its number. */
export function interruptedCode({ reason }: AbortSignal): number {
  return { SIGHUP: 129, SIGTERM: 143 }[String(reason)] ?? EXIT.interrupted;
}

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
