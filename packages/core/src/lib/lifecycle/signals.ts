import cluster from "node:cluster";
import { constants } from "node:os";
import process from "node:process";
import { once, processState } from "../shared/process-state.ts";
import { allDrains, type App } from "./app.ts";
import { handleReload } from "./reload.ts";
import { exitProcess, stop } from "./shutdown.ts";

/** From now on these signals drain and end the process, and SIGHUP reloads, as the app wants it. */
export function handleSignals({ settings, activated }: App): void {
  const { signals: asked = activated } = settings;
  const wanted = asked === true ? DEFAULT : asked || [];
  for (const signal of wanted) {
    // Before the app's own listeners: those that were added with once() are still to be seen, and no server is closed yet.
    once(`handle ${signal}`, () => process.prependListener(signal, onSignal));
  }
  if (settings.signals !== false && !wanted.includes("SIGHUP")) handleReload(settings);
}

const DEFAULT: readonly NodeJS.Signals[] = ["SIGTERM", "SIGINT"];

const signals = processState("signals", {
  signalled: false,
  stopped: false,
  /** Whether the end of the process is left to the app, or to a library of its, such as close-with-grace: it handles the signal too. */
  appEndsProcess: false,
});

/** In a worker of node:cluster, the signal that its primary has got: nothing new when this process has got it, too. */
export function receiveSignal(signal: NodeJS.Signals): void {
  if (signals.signalled) return;
  // For the listeners of the app as well. With none it ends the process.
  if (process.listenerCount(signal) > 0) process.emit(signal, signal);
  else process.kill(process.pid, signal);
}

function onSignal(signal: NodeJS.Signals): void {
  if (!signals.signalled) {
    signals.signalled = true;
    signals.appEndsProcess = isHandledByApp(signal);
    void stopAtSignal(signal);
  } else if (signals.stopped) {
    process.exit();
  } else if (signals.appEndsProcess && !isHandledByApp(signal) && allDrains().length === 0) {
    // Nest and terminus send the signal again when they are done, to end the process. Our onStop may not be.
    signals.appEndsProcess = false;
  } else if (!cluster.isWorker) {
    // A worker gets it from the service manager, its primary, and maybe the app. Who is out of patience tells the primary.
    process.exit(128 + constants.signals[signal]);
  }
}

async function stopAtSignal(signal: NodeJS.Signals): Promise<void> {
  const code = await stop(signal);
  signals.stopped = true;
  if (!signals.appEndsProcess) exitProcess(code);
  else if (code !== 0) process.exitCode = code;
}

/** Whether the app, or a library of its, handles the signal. The `signal-exit` library leaves the end to us. */
function isHandledByApp(signal: NodeJS.Signals): boolean {
  const { __signal_exit_emitter__: version3 } = process as { __signal_exit_emitter__?: { count?: number } };
  const version4 = (globalThis as Record<symbol, { count?: number } | undefined>)[
    Symbol.for("signal-exit emitter")
  ];
  const ofSignalExit = (version3?.count ?? 0) + (version4?.count ?? 0);
  return process.listenerCount(signal) > 1 + ofSignalExit;
}
