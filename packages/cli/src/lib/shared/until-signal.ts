import process from "node:process";

/** What a shell has for a program that Ctrl-C has ended. */
export const INTERRUPTED = 130;

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs an action with a signal that is aborted by Ctrl-C, or by another request to end. */
export async function untilSignal<T>(action: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  for (const signal of signals) process.on(signal, onSignal);
  try {
    return await action(stop.signal);
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}
