import cluster from "node:cluster";
import type { Server } from "node:net";
import { liveAsWorker } from "../cluster/worker.ts";
import type { Bound } from "../listen.ts";
import { type App, emitTo } from "./apps.ts";
import { closePatiently, Drain } from "./drain.ts";
import { countAnew } from "./idle.ts";
import { managerAsks } from "./manager.ts";
import { type LifecycleOptions, readSettings } from "./options.ts";
import { tellWhenReady } from "./ready.ts";
import { handleSignals } from "./signals.ts";

/**
 * @param close what a framework does at the end, behind the app's own `onStop`
 * @throws ActivationError `ERR_OPTION`
 */
export function makeApp(options: LifecycleOptions, activated: boolean, close?: App["close"]): App {
  return {
    settings: readSettings(options),
    activated,
    drains: new Set(),
    acceptors: [],
    ready: undefined,
    close,
  };
}

/** Whether there is anything to live for: started by hand, an app is left alone. */
export function isAlive({ activated, settings }: App): boolean {
  return activated || (settings.signals ?? false) !== false || (settings.notify && managerAsks());
}

const lives = new WeakMap<Server, Drain>();

/** Lets a server that is about to listen live as its app wants it. Called before it emits `listening`. */
export function live(server: Server, app: App, { sockets, acceptors }: Bound): void {
  // After a listen() that failed, it may be called again.
  if (lives.has(server)) return;
  const { settings, drains } = app;
  const drain = new Drain(server, settings, {
    acceptors: acceptors.map(({ tls }) => tls),
    changed: countAnew,
  });
  app.acceptors.push(...acceptors);
  lives.set(server, drain);
  if (app.activated) closePatiently(drain);
  server.prependListener("listening", () => {
    drains.add(drain);
    handleSignals(app);
    if (cluster.isWorker && app.activated) liveAsWorker(settings);
    if (sockets.length > 0) emitTo(app, { type: "listening", sockets });
    if (app.ready === undefined) {
      app.ready = (async () => settings.ready?.())();
      app.ready.catch((error: Error) => server.emit("error", error));
    }
    tellWhenReady();
  });
  server.on("close", () => drains.delete(drain));
}

/** Drains a server as its own `close()` does, where that is patient; any other is left alone. Fulfils when all connections have ended. */
export async function drainServer(server: Server): Promise<void> {
  const drain = lives.get(server);
  if (drain?.isPatient && (drain.begun || server.listening)) await drain.beginPatiently();
}
