import { Server } from "node:net";
import process from "node:process";
import { closeListener } from "../shared/node-internals.ts";
import type { ServerDrain } from "./drain-server.ts";

/**
 * Makes `close()` of an HTTP server drain the server, because apps call it to stop. Node's own `close()`
 * closes idle connections at once, although their clients may be about to send. Has no effect on other
 * servers.
 *
 * @param isStopping whether the process has begun to stop
 */
export function drainOnClose(drain: ServerDrain, isStopping: () => boolean): void {
  const { server } = drain;
  if (!drain.isHttp) return;
  drain.drainsOnClose = true;
  let isCalled = false;
  let isClosed = false;
  /** The callbacks of later calls, which get an error. */
  const lateCallbacks: ((error?: Error) => void)[] = [];
  /** The listeners that have already been called. */
  let told = new Set<unknown>();
  server.once("close", () => {
    isClosed = true;
    told = new Set(server.rawListeners("close"));
    for (const callback of lateCallbacks) new Server().close(callback);
  });
  // Patches close of this server.
  server.close = (callback?: (error?: Error) => void) => {
    // As in Node, closing a server that does not listen, or closing it twice, is an error. But the app's
    // first call succeeds, because the app may not know that a signal has started the drain.
    if (isCalled && !isClosed) {
      if (callback) lateCallbacks.push(callback);
      return server;
    }
    if (isCalled || !(server.listening || drain.isDraining)) {
      closeListener(server, callback);
      return server;
    }
    isCalled = true;
    if (isClosed) process.nextTick(tellLate, callback);
    else if (callback) server.once("close", () => callback());
    void drain.drainAlone();
    // Another server may listen on the port next.
    if (!isStopping()) drain.releasePort();
    return server;
  };

  /** For the app, the server closes only now. It may have added listeners after its call. */
  function tellLate(callback: (() => void) | undefined): void {
    callback?.();
    for (const listener of server.rawListeners("close")) if (!told.has(listener)) listener.call(server);
  }
}
