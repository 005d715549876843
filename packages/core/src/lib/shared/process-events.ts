import process from "node:process";
import { once, processState } from "./process-state.ts";

/** The actions that run instead of the listeners of an event of the process. */
const actions = processState("process events", new Map<string | symbol, () => void>());

/**
 * Runs an action at an event of the process, instead of its listeners: those that exist, and those that the app adds later. For a signal, the action counts as
 * a listener.
 */
export function replaceListeners(event: NodeJS.Signals | "disconnect", action: () => void): void {
  actions.set(event, action);
  once("patch process.emit", patchEmit);
  if (event === "disconnect") return;
  // Node binds process.emit when the first listener of a signal is added.
  const listeners = process.rawListeners(event) as NodeJS.SignalsListener[];
  process.removeAllListeners(event);
  for (const listener of [() => {}, ...listeners]) process.on(event, listener);
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
