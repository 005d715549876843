import process from "node:process";
import { predecessor } from "@sockact/shared/notify";
import { sendToOldProcess, takeChannel } from "../shared/handover-channel.ts";
import { once, processState } from "../shared/process-state.ts";

const serving = processState("serving", {
  /** Whether another process still accepts from the passed sockets. */
  isWaiting: predecessor() !== undefined,
  /** Called once, when this process may accept. */
  actions: [] as (() => void)[],
});

if (predecessor() !== undefined) once("meet predecessor", meetPredecessor);

/** Called before any code of the app, which may use the channel or end the process. */
function meetPredecessor(): void {
  takeChannel();
  process.once("exit", (code) => {
    if (isWaitingToServe()) sendToOldProcess({ act: "exit", code });
  });
}

/**
 * Whether this process must not accept yet, because another process has not finished its handover to it. This
 * also applies to its workers. If the new process accepted earlier and then failed before it is ready, its
 * connections would be lost.
 */
export function isWaitingToServe(): boolean {
  return serving.isWaiting;
}

/** Makes this worker of node:cluster wait until its primary may accept. */
export function waitToServe(): void {
  serving.isWaiting = true;
}

/** Runs an action when this process may accept, usually at once. */
export function onceServing(action: () => void): void {
  if (serving.isWaiting) serving.actions.push(action);
  else action();
}

/** Lets this process accept, and runs the waiting actions. */
export function serve(): void {
  serving.isWaiting = false;
  for (const action of serving.actions.splice(0)) action();
}
