import process from "node:process";
import { isVariableSet } from "../shared/environment-options.ts";
import { bindListeners } from "../shared/process-events.ts";
import { once } from "../shared/process-state.ts";
import { isBun, isDeno } from "../shared/runtime.ts";
import { answerWaiting } from "./answer-waiting.ts";

// An app behind a proxy may fail before it calls a function of sockact.
if (isVariableSet("trustProxy") && !isBun && !isDeno) once("watch the start", watchStart);

function watchStart(): void {
  let isOver = false;
  // Patches process.emit: a listener would change what a signal does, and a later one could set another status.
  const emit = process.emit as (event: unknown, ...args: unknown[]) => boolean;
  process.emit = function (this: NodeJS.Process, event: unknown, ...args: unknown[]): boolean {
    // The app may end with an error at a signal. After a restart, the next process serves its clients.
    isOver ||= event === "SIGTERM" || event === "SIGINT";
    if (isOver || event !== "exit") return emit.call(this, event, ...args);
    isOver = true;
    const status = statusAtExit(args[0] as number);
    const result = emit.call(this, event, status);
    if (status !== args[0]) process.exitCode = status;
    return result;
  } as typeof process.emit;
  bindListeners("SIGTERM");
  bindListeners("SIGINT");
}

function statusAtExit(status: number): number {
  try {
    if (status !== 0) return answerWaiting(status);
  } catch {
    // The process ends with its own error. Its clients wait for the next process.
  }
  return status;
}
