import process from "node:process";
import { afterFirstResponse } from "../shared/first-response.ts";
import { processState } from "../shared/process-state.ts";

const pendingReady = processState("pending ready", {
  /** Sends READY=1. Undefined if it was sent, or must not be sent yet. */
  send: undefined as (() => void) | undefined,
});

/**
 * Sends READY=1 after a waiting client has its response, because sending takes milliseconds. The delay is a
 * few turns of the event loop, however many clients there are. A process that exits with 0 before that sends
 * READY=1 at its end.
 */
export function sendReadyAfterFirstResponse(send: () => void): void {
  const onExit = (code: number): void => {
    if (code === 0) sendPendingReady();
  };
  pendingReady.send = () => {
    process.off("exit", onExit);
    send();
  };
  process.once("exit", onExit);
  afterFirstResponse(sendPendingReady);
}

/** Sends READY=1 now if it only waits for the first response. Returns whether it was sent. */
export function sendPendingReady(): boolean {
  const { send } = pendingReady;
  pendingReady.send = undefined;
  send?.();
  return send !== undefined;
}
