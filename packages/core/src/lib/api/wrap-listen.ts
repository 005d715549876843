import { Server } from "node:net";
import { markClaimedByNumber } from "../activation/activation.ts";
import { warnIfUnservedBeside } from "../activation/unserved.ts";
import type { nativeListen } from "../shared/node-internals.ts";
import { once, processState } from "../shared/process-state.ts";
import { hasHandle } from "./listen-arguments.ts";

/** `listen()` of a server, as it was before the patch. */
export type Listen = (this: Server, ...args: readonly unknown[]) => Server;

/** Makes a server listen in its own way, and returns it. Returns undefined for a server that is to listen as usual. */
export type Interceptor = (server: Server, args: readonly unknown[], listen: Listen) => Server | undefined;

const interceptors = processState("interceptors", {
  /** Of apps with an adapter. It is asked first. */
  adapter: undefined as Interceptor | undefined,
  /** Of an app that can't be changed. */
  preload: undefined as Interceptor | undefined,
});

/** Lets an interceptor decide on each `listen()` that names no descriptor. Of several copies of the package, the first decides. */
export function interceptListen(which: "adapter" | "preload", interceptor: Interceptor): void {
  interceptors[which] ??= interceptor;
  once("wrap listen", wrapListen);
}

/** Patches net.Server.prototype.listen: on top of whatever has patched it before. */
function wrapListen(): void {
  const inner = Server.prototype.listen as Listen;
  Server.prototype.listen = function (this: Server, ...args: unknown[]): Server {
    if (hasHandle(args[0])) {
      if (typeof args[0].fd === "number") markClaimedByNumber(args[0].fd);
      return inner.apply(this, args);
    }
    const { adapter, preload } = interceptors;
    const intercepted = adapter?.(this, args, inner) ?? preload?.(this, args, inner);
    if (intercepted !== undefined) return intercepted;
    const server = inner.apply(this, args);
    // A preload says more about it itself.
    if (preload === undefined) warnIfUnservedBeside(this);
    return server;
  } as typeof nativeListen;
}
