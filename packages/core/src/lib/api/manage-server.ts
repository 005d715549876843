import cluster from "node:cluster";
import type { Server } from "node:net";
import process from "node:process";
import { type ActivatedSocket, areConnections } from "../activation/passed-socket.ts";
import { followPrimary } from "../cluster/worker.ts";
import type { BoundSockets } from "../binding/bound.ts";
import { addApp, type App, callHook, emitToApp } from "../lifecycle/app.ts";
import { drainOnClose } from "../draining/drain-on-close.ts";
import { ServerDrain } from "../draining/drain-server.ts";
import type { Drainable } from "../draining/drainable.ts";
import { endWhenServed } from "../lifecycle/end-when-served.ts";
import { onConnectionsChange, watchIfTimed } from "../lifecycle/idle.ts";
import { giveWarningsPriority } from "../shared/journal-warnings.ts";
import { processState } from "../shared/process-state.ts";
import { checkReadiness } from "../lifecycle/readiness.ts";
import { isStopping } from "../lifecycle/stopping.ts";
import { reportWhileStarting } from "../lifecycle/watchdog.ts";
import { handleSignals } from "../signals/handle-signals.ts";
import { answerProbes } from "./answer-probes.ts";
import { trustProxy } from "./trust-proxy.ts";

/** The drain of each server. Copies of the package share it. */
const drains = processState("drains", new WeakMap<Server, ServerDrain>());

/**
 * Adds a server to its app before the server emits `listening`. The app drains it when the process stops.
 *
 * @param listenCallback the callback that was passed to `listen()`
 */
export function manageServer(
  server: Server,
  app: App,
  bound: BoundSockets,
  listenCallback?: (...args: unknown[]) => void,
): void {
  const drain = createDrain(server, app, bound);
  if (drain === undefined) return;
  server.prependListener("listening", () =>
    startServing(app, drain, bound.sockets, (error) => emitStartupError(server, error, listenCallback)),
  );
}

/** Adds a server that has already emitted `listening`. */
export function manageListening(server: Server, app: App, bound: BoundSockets): void {
  const drain = createDrain(server, app, bound);
  if (drain) startServing(app, drain, bound.sockets, (error) => emitStartupError(server, error, undefined));
}

/** Returns undefined if the server already has a drain. */
function createDrain(
  server: Server,
  app: App,
  { sockets, acceptors, proxies }: BoundSockets,
): ServerDrain | undefined {
  // An app may call listen() again after a failure.
  if (drains.has(server)) return undefined;
  addApp(app);
  if (app.settings.health !== false) answerProbes(server, app);
  if (app.settings.trustProxy) trustProxy(server);
  const { drainTimeout, onDrainUpgraded } = app.settings;
  const isForConnections = areConnections(sockets);
  const drain = new ServerDrain(server, {
    acceptors: acceptors.map(({ tls }) => tls),
    proxies,
    onConnectionsChange: isForConnections ? endWhenServed : onConnectionsChange,
    isListenerKept: sockets.length > 0,
    drainTimeout,
    closeUpgraded:
      onDrainUpgraded && ((socket, request) => void callHook(() => onDrainUpgraded(socket, request))),
  });
  if (isForConnections) {
    app.isForConnections = true;
    // Emitted for connections that the server refuses: `maxConnections`, `blockList`.
    server.on("drop", endWhenServed);
  }
  // Other sockets already note when they accept a connection.
  if (isForConnections || sockets.length === 0) drain.watchConnections();
  app.acceptors.push(...acceptors);
  for (const proxy of proxies)
    proxy.on("rejected", (rejection) => emitToApp(app, { type: "rejected", ...rejection }));
  drains.set(server, drain);
  drainOnClose(drain, isStopping);
  server.on("close", () => app.drains.delete(drain));
  return drain;
}

/**
 * Emits an error that occurs after `listening`. If the app has no listener for it, Node throws the error, and
 * the process ends. The callback of `listen()` does not count as a listener, because Express 5 adds it to the
 * listeners and it has no effect after `listening`.
 */
export function emitStartupError(server: Server, error: Error, listenCallback: unknown): void {
  if (server.listeners("error").some((listener) => listener !== listenCallback)) server.emit("error", error);
  else
    process.nextTick(() => {
      throw error;
    });
}

/**
 * Called when a server or datagram socket of an app starts to receive connections or messages. Adds signal
 * listeners, calls `onListen` of the app the first time, and sends READY=1 if nothing else is pending.
 *
 * @param onReadyError called when `onListen` rejects
 */
export function startServing(
  app: App,
  drain: Drainable,
  sockets: readonly ActivatedSocket[],
  onReadyError: (error: Error) => void,
): void {
  app.drains.add(drain);
  // Including the listener of @sockact/notify, which is added after the first message.
  giveWarningsPriority();
  watchIfTimed(drain);
  handleSignals(app);
  if (cluster.isWorker && app.activated) followPrimary(app);
  if (sockets.length > 0) emitToApp(app, { type: "listening", sockets });
  if (app.readyResult === undefined) {
    app.readyResult = (async () => app.settings.onListen?.())();
    app.readyResult.catch(onReadyError);
  }
  checkReadiness();
  reportWhileStarting();
}

/**
 * Drains a server as its own `close()` does. Resolves when all connections have ended, or at once if
 * `close()` of the server does not drain.
 */
export async function drainServer(server: Server): Promise<void> {
  const drain = drains.get(server);
  if (drain?.drainsOnClose && (drain.isDraining || server.listening)) await drain.drainAlone();
}
