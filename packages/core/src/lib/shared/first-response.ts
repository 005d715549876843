// The global setImmediate() may be a fake of a test.
import { setImmediate } from "node:timers";

/**
 * How many turns of the event loop pass before a waiting client has its response. The first may be the rest
 * of a turn that has begun. In the second, the server accepts the connection. In the third, it reads the
 * request and answers.
 */
const TURNS = 3;

/**
 * Calls the action when a client that has been waiting has its response, whether there is such a client or
 * not. The process does not end by itself before that.
 */
export function afterFirstResponse(action: () => void, turns: number = TURNS): void {
  if (turns === 0) action();
  else setImmediate(afterFirstResponse, action, turns - 1);
}
