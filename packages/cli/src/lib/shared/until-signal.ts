import process from "node:process";
import { EXIT } from "./cli-error.ts";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs an action with a signal that Ctrl-C, or another request to end, aborts. The reason is the name of that
 * signal.
 */
export async function untilSignal<T>(action: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const onSignal = (name: NodeJS.Signals) => stop.abort(name);
  for (const signal of signals) process.on(signal, onSignal);
  try {
    return await action(stop.signal);
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}

/** The exit code after a signal of `untilSignal()`: 128 plus its number. */
export const exitCodeAfter = ({ reason }: AbortSignal): number =>
  ({ SIGHUP: 129, SIGTERM: 143 })[String(reason)] ?? EXIT.interrupted;
