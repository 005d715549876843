import process from "node:process";
import { afterFirstResponse } from "../shared/first-response.ts";
import { processState } from "../shared/process-state.ts";

const pendingReady = processState("pending ready", {
  /** Sends READY=1; undefined when it has been sent, or must not be sent yet. */
  send: undefined as (() => void) | undefined,
});

/**
 * Sends READY=1 once a client that has been waiting is answered, or would have been: the way to the service manager takes milliseconds. However many
 * clients come, it is a few turns of the event loop. A process that ends with 0 before that sends it at its end.
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

/** Sends READY=1 now if it waits for nothing but the first response. Returns whether it did. */
export function sendPendingReady(): boolean {
  const { send } = pendingReady;
  pendingReady.send = undefined;
  send?.();
  return send !== undefined;
}
