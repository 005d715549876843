import { Server } from "node:net";
import process from "node:process";
import type { ServerDrain } from "./drain-server.ts";

/**
 * Makes `close()` of an HTTP server drain it, since apps call it when they are told to stop. Node's own closes idle connections at once,
 * though their clients may be about to send. Any other server is left alone.
 */
export function drainOnClose(drain: ServerDrain): void {
  const { server } = drain;
  if (!drain.isHttp) return;
  drain.drainsOnClose = true;
  let isCalled = false;
  let isClosed = false;
  /** The callbacks of later calls, which are an error. */
  const lateCallbacks: ((error?: Error) => void)[] = [];
  server.once("close", () => {
    isClosed = true;
    for (const callback of lateCallbacks) new Server().close(callback);
  });
  // Patches close of this server.
  server.close = (callback?: (error?: Error) => void) => {
    // As in Node, a server that does not listen can't be closed, and none can be closed twice. But the app may not know that a signal has started
    // the drain.
    if (isCalled && !isClosed) {
      if (callback) lateCallbacks.push(callback);
      return server;
    }
    if (isCalled || !(server.listening || drain.isDraining))
      return Server.prototype.close.call(server, callback);
    isCalled = true;
    if (callback && isClosed) process.nextTick(callback);
    else if (callback) server.once("close", () => callback());
    void drain.drainAlone();
    return server;
  };
}
