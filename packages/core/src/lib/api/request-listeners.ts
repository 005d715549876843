import { Server } from "node:net";
import { mayBeActivated } from "../activation/read.ts";
import { warnIfNeverAsked } from "../activation/unserved.ts";
import { isNotifyExpected } from "../lifecycle/service-manager.ts";
import { once, processState } from "../shared/process-state.ts";
import { WeakList } from "../shared/weak-list.ts";

const remembered = processState("request listeners", {
  /**
   * The functions that were `request` listeners of a server before it listened. Libraries such as socket.io
   * later hide them in a closure.
   */
  ofServer: new WeakMap<Server, Set<unknown>>(),
  /** The servers that have had a `request` listener. */
  servers: new WeakList<Server>(),
});

/**
 * Starts to record the `request` listeners of every server. An adapter calls this on import.
 * `http.createServer(app)` may run before `systemdListen()`, and libraries such as socket.io then hide the
 * app in a closure. Has no effect without systemd's variables.
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
      // Listeners that a listening server adds for single requests do not count.
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

/** The functions that are `request` listeners of this server, or were before it listened. */
export function requestListenersOf(server: Server): Set<unknown> {
  return new Set([...(remembered.ofServer.get(server) ?? []), ...server.listeners("request")]);
}

/** The listening servers that have had a `request` listener. */
export function serversListening(): Server[] {
  return [...remembered.servers].filter(({ listening }) => listening);
}
