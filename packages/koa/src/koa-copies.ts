import Module from "node:module";
import Koa from "koa";
import type { Middleware } from "./systemd-listen.ts";

/** The part of a Koa app that is touched here, the same in Koa 2 and 3. */
interface KoaApp {
  middleware: unknown[];
  callback(): (...args: unknown[]) => unknown;
}

/** What `require.cache` is. In a bundle there is no `require`, nor an `import.meta.url` to make one with. */
const loadedModules = (Module as unknown as { _cache: Record<string, NodeModule | undefined> })._cache;

const watched = new WeakSet<KoaApp>();
const appOfHandler = new WeakMap<object, KoaApp>();
const markers = new WeakSet<Middleware>();
const markersOfApp = new WeakMap<KoaApp, Set<unknown>>();

watch(Koa.prototype as unknown as KoaApp);

/**
 * From now on `callback()` of each copy of Koa that is loaded remembers whose handler it made, and takes our markers out of the
 * app's middleware. `app.use()` does not tell a middleware which app it was given to, and an app may use another copy of Koa
 * than the one that this package finds: so all that Node has loaded are looked through. It is CommonJS, also when imported.
 */
export function watchKoa(): void {
  for (const loaded of Object.values(loadedModules)) {
    if (loaded?.filename.replaceAll("\\", "/").endsWith("/lib/application.js") !== true) continue;
    const { prototype } = Object(loaded.exports) as {
      prototype?: Partial<KoaApp & { createContext: unknown }>;
    };
    if (prototype?.callback && prototype.createContext) watch(prototype as KoaApp);
  }
}

/** Makes sure that the copy of Koa that this app is of is watched. */
export function watchCopyOf(app: object): void {
  watch(Object.getPrototypeOf(app) as KoaApp);
}

/** Makes this middleware one that `callback()` takes out. */
export function asMarker(middleware: Middleware): Middleware {
  markers.add(middleware);
  return middleware;
}

/** Whether this `request` listener was made by an app that was given this marker. */
export function isHandlerOf(listener: unknown, marker: Middleware, app: object | undefined): boolean {
  const owner = appOfHandler.get(Object(listener) as object);
  if (owner === undefined) return false;
  takeMarkersOut(owner);
  return owner === app || markersOfApp.get(owner)?.has(marker) === true;
}

function watch(prototype: KoaApp): void {
  if (watched.has(prototype)) return;
  watched.add(prototype);
  const { callback } = prototype;
  prototype.callback = function (this: KoaApp, ...args: []) {
    takeMarkersOut(this);
    const handler = callback.apply(this, args);
    appOfHandler.set(handler, this);
    return handler;
  };
}

function takeMarkersOut(app: KoaApp): void {
  for (const marker of app.middleware.filter((middleware) => markers.has(middleware as Middleware))) {
    app.middleware.splice(app.middleware.indexOf(marker), 1);
    markersOfApp.set(app, (markersOfApp.get(app) ?? new Set()).add(marker));
  }
}
