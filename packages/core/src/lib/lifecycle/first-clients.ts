import process from "node:process";
import { processState } from "../shared/process-state.ts";

const firstClients = processState("first clients", {
  /** Called once they have been answered; undefined when nothing waits for that. */
  action: undefined as (() => void) | undefined,
});

/**
 * How many turns of the event loop the action waits. The first may be the rest of a turn that has begun. In the second the server accepts one connection
 * from each socket, in the third it reads and answers.
 */
const TURNS = 3;

/**
 * Calls the action once a client that has been waiting is answered, or would have been: after a few turns of the event loop, however many clients come.
 * A process that ends with 0 before that calls the action at its end, and `skipFirstClients()` does so at once.
 */
export function afterFirstClients(action: () => void): void {
  const onExit = (code: number): void => {
    if (code === 0) skipFirstClients();
  };
  firstClients.action = () => {
    process.off("exit", onExit);
    action();
  };
  process.once("exit", onExit);
  const wait = (turns: number): void => {
    if (turns === 0) skipFirstClients();
    else setImmediate(wait, turns - 1);
  };
  wait(TURNS);
}

/** Calls the action that waits for the first clients, if it has not been called. Returns whether it was called. */
export function skipFirstClients(): boolean {
  const { action } = firstClients;
  firstClients.action = undefined;
  action?.();
  return action !== undefined;
}
