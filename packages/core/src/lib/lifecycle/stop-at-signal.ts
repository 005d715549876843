import cluster from "node:cluster";
import { constants } from "node:os";
import process from "node:process";
import { bindListeners } from "../shared/process-events.ts";
import { processState } from "../shared/process-state.ts";
import { isBun, isDeno } from "../shared/runtime.ts";
import { now } from "../shared/timers.ts";
import { allDrains } from "./app.ts";
import { exitProcess, stop } from "./shutdown.ts";
import { stopState } from "./stopping.ts";

const signals = processState("signals", {
  /** The signal that has started the stop, and when. */
  first: undefined as { signal: NodeJS.Signals; at: number } | undefined,
  /** Whether the stop is done. */
  isStopped: false,
  /** The signals that start the stop, and sockact's listener of each. */
  handled: new Map<string, NodeJS.SignalsListener>(),
  /** Whether the app's listeners wait for the drain. */
  areListenersHeld: false,
  /** Whether these listeners have run. */
  haveListenersRun: false,
  /** Called when these listeners have run. */
  afterListeners: [] as (() => void)[],
  /**
   * Whether the app ends the process, because it or a library such as close-with-grace handles the signal
   * too.
   */
  appEndsProcess: false,
});

/**
 * Handles a signal that the primary of this worker received. Has no effect if this process has already
 * received it.
 */
export function receiveSignal(signal: NodeJS.Signals): void {
  if (signals.first) return;
  // The listeners of the app must run as well. Without any listener, the signal must end the process.
  if (process.listenerCount(signal) > 0) process.emit(signal, signal);
  else process.kill(process.pid, signal);
}

/** Makes this signal start the stop. */
export function handleSignal(signal: NodeJS.Signals): void {
  if (signals.handled.has(signal)) return;
  const listener = (received: NodeJS.Signals): void => {
    if (!signals.areListenersHeld) onSignal(received);
  };
  signals.handled.set(signal, listener);
  // Our listener comes first, so listeners that the app has added with once() can still be counted, and no
  // server is closed yet.
  process.prependListener(signal, listener);
  // Deno calls the listeners of a signal in the order in which they were added.
  if (isDeno) bindListeners(signal);
}

/**
 * How long an action waits if it is requested after the app's listeners have run, in milliseconds. Each
 * action may lead to the next one, endlessly.
 */
const AGAIN_MS = 1000;

/**
 * Runs an action when the app's listeners that wait for the drain have run. Never runs it if no listeners
 * wait.
 */
export function afterHeldListeners(action: () => void): void {
  if (signals.haveListenersRun) setTimeout(action, AGAIN_MS).unref();
  else if (signals.areListenersHeld) signals.afterListeners.push(action);
}

/** Calls the app's listeners that have waited for the drain. */
let callListeners = (): void => {};

/**
 * Makes the app's own signal listeners run after the connections have ended, instead of at once. An app or
 * library that does not know sockact may close connections in such a listener, or end the process.
 */
export function holdListeners(): void {
  // Deno and Bun call each listener themselves. Only the preload comes here: prepare() refuses the option.
  if (signals.areListenersHeld || isDeno || isBun) return;
  signals.areListenersHeld = true;
  let areCalled = false;
  // Patches process.emit.
  const emit = process.emit as (event: string | symbol, ...args: unknown[]) => boolean;
  process.emit = function (this: NodeJS.Process, event: string | symbol, ...args: unknown[]): boolean {
    if (areCalled || typeof event !== "string" || !signals.handled.has(event))
      return emit.call(this, event, ...args);
    if (!signals.first)
      callListeners = () => {
        areCalled = true;
        emit.call(process, event, ...args);
        areCalled = false;
      };
    onSignal(event as NodeJS.Signals);
    return true;
  } as typeof process.emit;
  for (const signal of signals.handled.keys()) bindListeners(signal as NodeJS.Signals);
}

/**
 * How long after the first signal the same one is a copy of it, in milliseconds. A platform or a terminal
 * signals each process, and npm forwards the signal as well. Somebody may press Ctrl+C twice on purpose.
 */
const COPY_MS = 1000;
const COPY_OF_SIGINT_MS = 200;

function isCopy(signal: NodeJS.Signals, first: { signal: NodeJS.Signals; at: number }): boolean {
  return signal === first.signal && now() - first.at < (signal === "SIGINT" ? COPY_OF_SIGINT_MS : COPY_MS);
}

/**
 * Starts the stop at the first signal. What a later one does depends on whether the app ends the process
 * itself, and whether it is a copy of the first.
 */
function onSignal(signal: NodeJS.Signals): void {
  const { first } = signals;
  const isHandled = isHandledByApp(signal);
  if (!first) {
    signals.first = { signal, at: now() };
    signals.appEndsProcess = isHandled;
    void stopAtSignal(signal);
  } else if (isHandled && (cluster.isWorker || isCopy(signal, first))) {
    // The app may still clean up.
  } else if (signals.isStopped && !isHandled) {
    process.exit();
  } else if (signals.appEndsProcess && !isHandled && allDrains().length === 0) {
    // NestJS and terminus send the signal again to end the process when they are done. Our onStop may still
    // be running.
    signals.appEndsProcess = false;
  } else if (!cluster.isWorker && !isCopy(signal, first)) {
    // A worker may receive the same signal from the service manager, its primary and the app. A second signal
    // to the primary ends all processes.
    stopState.isEndEarly = false;
    process.exit(128 + constants.signals[signal]);
  }
}

async function stopAtSignal(signal: NodeJS.Signals): Promise<void> {
  const code = await stop(signal);
  signals.isStopped = true;
  // A library may have added a listener meanwhile.
  if (signals.areListenersHeld) signals.appEndsProcess = isHandledByApp(signal);
  if (!signals.appEndsProcess) return exitProcess(code);
  if (code !== 0) process.exitCode = code;
  // The primary waits for this worker. Without unref(), the channel to the primary would keep the worker
  // alive when the app has nothing left to do.
  if (cluster.isWorker) process.channel?.unref();
  callListeners();
  signals.haveListenersRun = signals.areListenersHeld;
  for (const action of signals.afterListeners.splice(0)) action();
}

/**
 * Whether the app, or a library that it uses, handles the signal. The `signal-exit` library does not count,
 * because it leaves the end of the process to other listeners.
 */
export function isHandledByApp(signal: NodeJS.Signals): boolean {
  const { __signal_exit_emitter__: version3 } = process as { __signal_exit_emitter__?: { count?: number } };
  const version4 = (globalThis as Record<symbol, { count?: number } | undefined>)[
    Symbol.for("signal-exit emitter")
  ];
  const ofSignalExit = (version3?.count ?? 0) + (version4?.count ?? 0);
  // The app may have removed all listeners of the signal, and then added its own.
  const listener = signals.handled.get(signal);
  const ours = listener !== undefined && process.listeners(signal).includes(listener) ? 1 : 0;
  return process.listenerCount(signal) > ours + ofSignalExit;
}
