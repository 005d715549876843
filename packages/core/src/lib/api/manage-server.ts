import cluster from "node:cluster";
import type { Server } from "node:net";
import process from "node:process";
import type { ActivatedSocket } from "../activation/passed-socket.ts";
import { followPrimary } from "../cluster/worker.ts";
import type { BoundSockets } from "../binding/bound.ts";
import { areConnections } from "../binding/serve-connections.ts";
import { addApp, type App, emitToApp } from "../lifecycle/app.ts";
import { closePatiently, ServerDrain } from "../draining/drain-server.ts";
import type { Drainable } from "../draining/drainable.ts";
import { endWhenServed } from "../lifecycle/end-when-served.ts";
import { restartIdleTimer } from "../lifecycle/idle.ts";
import { processState } from "../shared/process-state.ts";
import { checkReadiness } from "../lifecycle/readiness.ts";
import { handleSignals } from "../lifecycle/signals.ts";

/** The drain of each server, whichever copy of the package has made it. */
const drains = processState("drains", new WeakMap<Server, ServerDrain>());

/**
 * Lets a server that is about to listen live as its app wants it. Called before it emits `listening`.
 *
 * @param listenCallback what was given to `listen()`
 */
export function manageServer(
  server: Server,
  app: App,
  { sockets, acceptors }: BoundSockets,
  listenCallback?: (...args: unknown[]) => void,
): void {
  // After a listen() that failed, it may be called again.
  if (drains.has(server)) return;
  addApp(app);
  const { settings } = app;
  const isForConnections = areConnections(sockets);
  const drain = new ServerDrain(server, settings, {
    acceptors: acceptors.map(({ tls }) => tls),
    changed: isForConnections ? endWhenServed : restartIdleTimer,
  });
  if (isForConnections) {
    app.isForConnections = true;
    // One that the server does not want: `maxConnections`, `blockList`.
    server.on("drop", endWhenServed);
  }
  app.acceptors.push(...acceptors);
  drains.set(server, drain);
  if (app.activated) closePatiently(drain);
  server.prependListener("listening", () =>
    startServing(app, drain, sockets, (error) => emitError(server, error, listenCallback)),
  );
  server.on("close", () => app.drains.delete(drain));
}

/**
 * Emits an error that comes after `listening`, and ends the process with it where no listener of the app hears it. Express 5 leaves the callback of
 * `listen()` among the listeners, and it does nothing by then.
 */
function emitError(server: Server, error: Error, listenCallback: unknown): void {
  if (server.listeners("error").some((listener) => listener !== listenCallback)) server.emit("error", error);
  else
    process.nextTick(() => {
      throw error;
    });
}

/**
 * A server or a datagram socket of an app takes connections or messages from these sockets from now on.
 *
 * @param refuse called when the `ready` of the app is rejected
 */
export function startServing(
  app: App,
  drain: Drainable,
  sockets: readonly ActivatedSocket[],
  refuse: (error: Error) => void,
): void {
  app.drains.add(drain);
  handleSignals(app);
  if (cluster.isWorker && app.activated) followPrimary(app.settings);
  if (sockets.length > 0) emitToApp(app, { type: "listening", sockets });
  if (app.ready === undefined) {
    app.ready = (async () => app.settings.ready?.())();
    app.ready.catch(refuse);
  }
  checkReadiness();
}

/** Drains a server as its own `close()` does, where that is patient; any other is left alone. Fulfils when all connections have ended. */
export async function drainServer(server: Server): Promise<void> {
  const drain = drains.get(server);
  if (drain?.isPatient && (drain.begun || server.listening)) await drain.drainPatiently();
}
