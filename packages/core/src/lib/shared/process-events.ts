import process from "node:process";
import { once, processState } from "./process-state.ts";

/** The actions that run instead of the listeners of a process event. */
const actions = processState("process events", new Map<string | symbol, () => void>());

/**
 * Runs an action on a process event instead of its listeners, including those that the app adds later. For a
 * signal, the action counts as a listener.
 */
export function replaceListeners(event: NodeJS.Signals | "disconnect", action: () => void): void {
  actions.set(event, action);
  once("patch process.emit", patchEmit);
  if (event === "disconnect") return;
  process.on(event, () => {});
  bindListeners(event);
}

/**
 * Makes a signal call the current `process.emit`. Node binds the one that exists when the first listener of
 * the signal is added.
 */
export function bindListeners(signal: NodeJS.Signals): void {
  const listeners = process.rawListeners(signal) as NodeJS.SignalsListener[];
  process.removeAllListeners(signal);
  for (const listener of listeners) process.on(signal, listener);
}

function patchEmit(): void {
  // Patches process.emit.
  const emit = process.emit as (event: string | symbol, ...args: unknown[]) => boolean;
  process.emit = function (this: NodeJS.Process, event: string | symbol, ...args: unknown[]): boolean {
    const action = actions.get(event);
    if (action === undefined) return emit.call(this, event, ...args);
    action();
    return true;
  } as typeof process.emit;
}
