import { constants } from "node:os";
import process from "node:process";
import { once, state } from "../state.ts";
import type { App } from "./apps.ts";
import { handleReload } from "./reload.ts";
import { leave, stop } from "./stop.ts";

/** From now on these signals drain and end the process, and SIGHUP reloads, as the app wants it. */
export function handleSignals({ settings, activated }: App): void {
  const { signals = activated } = settings;
  const wanted = signals === true ? DEFAULT : signals || [];
  for (const signal of wanted) {
    // Before the app's own listeners: those that were added with once() are still to be seen, and no server is closed yet.
    once(`handle ${signal}`, () => process.prependListener(signal, onSignal));
  }
  if (settings.signals !== false && !wanted.includes("SIGHUP")) handleReload(settings);
}

const DEFAULT: readonly NodeJS.Signals[] = ["SIGTERM", "SIGINT"];

let stopped = false;

function onSignal(signal: NodeJS.Signals): void {
  if (state.stopping !== undefined) {
    // A second signal ends it at once. But some frameworks stop on a signal too, and then send it again to end the process.
    if (stopped) process.exit();
    process.exit(128 + constants.signals[signal]);
  }
  const alone = !othersHandle(signal);
  void stop(signal).then((code) => {
    stopped = true;
    // Who handles the signal too, such as close-with-grace, ends the process when it is done.
    if (alone) leave(code);
    else if (code !== 0) process.exitCode = code;
  });
}

/** Whether the app, or a library of its, handles the signal. The `signal-exit` library leaves the end to us. */
function othersHandle(signal: NodeJS.Signals): boolean {
  const { __signal_exit_emitter__: version3 } = process as { __signal_exit_emitter__?: { count?: number } };
  const version4 = (globalThis as Record<symbol, { count?: number } | undefined>)[Symbol.for("signal-exit emitter")];
  const ofSignalExit = (version3?.count ?? 0) + (version4?.count ?? 0);
  return process.listenerCount(signal) > 1 + ofSignalExit;
}
