import { Server as HttpServer } from "node:http";
import { Server } from "node:net";
import { markClaimedByNumber } from "../activation/activation.ts";
import { warnIfUnservedBeside } from "../activation/unserved.ts";
import type { nativeListen } from "../shared/node-internals.ts";
import { once, processState } from "../shared/process-state.ts";
import { isBun } from "../shared/runtime.ts";
import { hasHandle } from "./listen-arguments.ts";

/** The unpatched `listen()` of a server. */
export type Listen = (this: Server, ...args: readonly unknown[]) => Server;

/**
 * Makes a server listen on passed sockets and returns it. Returns undefined if the server must listen as
 * usual.
 */
export type Interceptor = (server: Server, args: readonly unknown[], listen: Listen) => Server | undefined;

const interceptors = processState("interceptors", {
  /** The interceptor of apps with an adapter. It has precedence. */
  adapter: undefined as Interceptor | undefined,
  /** The interceptor of an app that can't be changed. */
  preload: undefined as Interceptor | undefined,
});

/**
 * Lets an interceptor decide about each `listen()` call without a descriptor. If the package is loaded
 * several times, the first copy decides.
 */
export function interceptListen(which: "adapter" | "preload", interceptor: Interceptor): void {
  interceptors[which] ??= interceptor;
  once("wrap listen", wrapListen);
}

function wrapListen(): void {
  patchListen(Server.prototype);
  // The servers of Bun's node:http are not instances of net.Server.
  if (isBun) patchListen(HttpServer.prototype);
}

/** Patches listen() of a class of servers. The patch calls the function that it replaced. */
function patchListen(prototype: Server): void {
  const inner = prototype.listen as Listen;
  prototype.listen = function (this: Server, ...args: unknown[]): Server {
    if (hasHandle(args[0])) {
      if (typeof args[0].fd === "number") markClaimedByNumber(args[0].fd);
      return inner.apply(this, args);
    }
    const { adapter, preload } = interceptors;
    const intercepted = adapter?.(this, args, inner) ?? preload?.(this, args, inner);
    if (intercepted !== undefined) return intercepted;
    const server = inner.apply(this, args);
    // The preload prints a more precise warning.
    if (preload === undefined) warnIfUnservedBeside(this);
    return server;
  } as typeof nativeListen;
}
