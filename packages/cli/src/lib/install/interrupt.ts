import process from "node:process";

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
