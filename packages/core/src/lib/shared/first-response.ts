// Not the global one, which a test may have replaced by a fake.
import { setImmediate } from "node:timers";

/**
 * How many turns of the event loop a client that waits is given to be answered. The first may be the rest of a turn that has begun. In the second the server
 * accepts a connection, in the third it reads and answers.
 */
const TURNS = 3;

/** Calls the action once a client that has been waiting is answered, or would have been. The process does not end before that by itself. */
export function afterFirstResponse(action: () => void, turns: number = TURNS): void {
  if (turns === 0) action();
  else setImmediate(afterFirstResponse, action, turns - 1);
}
