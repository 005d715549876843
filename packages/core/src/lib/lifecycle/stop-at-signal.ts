import cluster from "node:cluster";
import { constants } from "node:os";
import process from "node:process";
import { processState } from "../shared/process-state.ts";
import { allDrains } from "./app.ts";
import { exitProcess, stop } from "./shutdown.ts";

const signals = processState("signals", {
  /** Whether a signal has started the stop. */
  isSignalled: false,
  /** Whether that stop is done. */
  isStopped: false,
  /** Whether the app ends the process, or a library that it uses, such as close-with-grace: it handles the signal too. */
  appEndsProcess: false,
});

/** Handles a signal that the primary of this worker has got. Does nothing if this process has got it already. */
export function receiveSignal(signal: NodeJS.Signals): void {
  if (signals.isSignalled) return;
  // The listeners of the app get it as well. Without any listener, it ends the process.
  if (process.listenerCount(signal) > 0) process.emit(signal, signal);
  else process.kill(process.pid, signal);
}

/** Starts the stop at the first signal. What a later one does depends on whether the app ends the process itself. */
export function onSignal(signal: NodeJS.Signals): void {
  if (!signals.isSignalled) {
    signals.isSignalled = true;
    signals.appEndsProcess = isHandledByApp(signal);
    void stopAtSignal(signal);
  } else if (signals.isStopped) {
    process.exit();
  } else if (signals.appEndsProcess && !isHandledByApp(signal) && allDrains().length === 0) {
    // Nest and terminus send the signal again when they are done, to end the process. Our onStop may not be.
    signals.appEndsProcess = false;
  } else if (!cluster.isWorker) {
    // A worker gets it from the service manager, its primary, and maybe the app. A second signal to the primary ends all.
    process.exit(128 + constants.signals[signal]);
  }
}

async function stopAtSignal(signal: NodeJS.Signals): Promise<void> {
  const code = await stop(signal);
  signals.isStopped = true;
  if (!signals.appEndsProcess) exitProcess(code);
  else if (code !== 0) process.exitCode = code;
}

/** Whether the app, or a library that it uses, handles the signal. The `signal-exit` library leaves the end of the process to us. */
function isHandledByApp(signal: NodeJS.Signals): boolean {
  const { __signal_exit_emitter__: version3 } = process as { __signal_exit_emitter__?: { count?: number } };
  const version4 = (globalThis as Record<symbol, { count?: number } | undefined>)[
    Symbol.for("signal-exit emitter")
  ];
  const ofSignalExit = (version3?.count ?? 0) + (version4?.count ?? 0);
  return process.listenerCount(signal) > 1 + ofSignalExit;
}
