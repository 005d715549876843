// A test may have replaced the global setImmediate().
import { setImmediate } from "node:timers";

/**
 * The number of turns of the event loop until a waiting client has its response. The first may be the rest of
 * a turn. In the second, the server accepts the connection. In the third, it reads the request and answers.
 */
const TURNS = 3;

/**
 * Calls the action after a waiting client would have its response. The process does not exit by itself before
 * that.
 */
export function afterFirstResponse(action: () => void, turns: number = TURNS): void {
  if (turns === 0) action();
  else setImmediate(afterFirstResponse, action, turns - 1);
}
