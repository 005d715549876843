import process from "node:process";
import { processState } from "../shared/process-state.ts";
import { onFirstResponse } from "./first-response.ts";

const firstClients = processState("first clients", {
  /** Called once they have been answered; undefined when nothing waits for that. */
  action: undefined as (() => void) | undefined,
});

/**
 * Calls the action once the clients that have been waiting are answered: after the first response of an HTTP/1 server, or after two turns of the event
 * loop. In the first turn the server accepts, in the second it reads and answers. However many clients wait, the first response is enough.
 *
 * A process that ends with 0 before that calls the action at its end, and `skipFirstClients()` does so at once.
 */
export function afterFirstClients(action: () => void): void {
  const onExit = (code: number): void => {
    if (code === 0) skipFirstClients();
  };
  const forgetResponse = onFirstResponse(skipFirstClients);
  firstClients.action = () => {
    forgetResponse();
    process.off("exit", onExit);
    action();
  };
  process.once("exit", onExit);
  setImmediate(() => setImmediate(skipFirstClients));
}

/** Calls the action that waits for the first clients, if it has not been called. Returns whether it was called. */
export function skipFirstClients(): boolean {
  const { action } = firstClients;
  firstClients.action = undefined;
  action?.();
  return action !== undefined;
}
