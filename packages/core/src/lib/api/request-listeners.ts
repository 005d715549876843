import { Server } from "node:net";
import { mayBeActivated } from "../activation/read.ts";
import { warnIfNeverAsked } from "../activation/unserved.ts";
import { isNotifyExpected } from "../lifecycle/service-manager.ts";
import { once, processState } from "../shared/process-state.ts";
import { WeakList } from "../shared/weak-list.ts";

const remembered = processState("request listeners", {
  /**
   * Every function that was a `request` listener of a server before the server listened. Libraries such as
   * socket.io hide it in a closure later.
   */
  ofServer: new WeakMap<Server, Set<unknown>>(),
  /** The servers that have had a `request` listener. */
  servers: new WeakList<Server>(),
});

/**
 * Remembers, from now on, which functions are `request` listeners of which server. An adapter calls this when
 * it is imported, because `http.createServer(app)` may come before `systemdListen()`, and libraries such as
 * socket.io then hide the app in a closure. Does nothing in a process without the variables of systemd.
 */
export function rememberRequestListeners(): void {
  if (!mayBeActivated() && !isNotifyExpected()) return;
  warnIfNeverAsked(() => serversListening().length > 0);
  // Patches net.Server.prototype.on and addListener.
  once("remember request listeners", () => {
    const { on } = Server.prototype;
    Server.prototype.on = Server.prototype.addListener = function (
      this: Server,
      event: string,
      listener: (...args: never[]) => void,
    ) {
      // A listening server may add and remove handlers for single requests. They do not count.
      if (event === "request" && !this.listening) remember(this, listener);
      return (on as (event: string, listener: unknown) => Server).call(this, event, listener);
    } as typeof on;
  });
}

function remember(server: Server, listener: unknown): void {
  const known = remembered.ofServer.get(server);
  if (known) known.add(listener);
  else {
    remembered.ofServer.set(server, new Set([listener]));
    remembered.servers.add(server);
  }
}

/** Every function that is a `request` listener of this server, or was one before the server listened. */
export function requestListenersOf(server: Server): Set<unknown> {
  return new Set([...(remembered.ofServer.get(server) ?? []), ...server.listeners("request")]);
}

/** The listening servers that have had a `request` listener. */
export function serversListening(): Server[] {
  return [...remembered.servers].filter(({ listening }) => listening);
}
