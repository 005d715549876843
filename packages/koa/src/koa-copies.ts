import Module from "node:module";
import Koa from "koa";
import { attachMarker, isMarker, type Middleware } from "./markers.ts";

/** The part of a Koa app that is touched here, the same in Koa 2 and 3. */
interface KoaApp {
  middleware: unknown[];
  use(...args: unknown[]): unknown;
  callback(): (...args: unknown[]) => unknown;
}

/** What `require.cache` is. In a bundle there is no `require`, nor an `import.meta.url` to make one with. */
const loadedModules = (Module as unknown as { _cache: Record<string, { exports?: unknown } | undefined> })
  ._cache;

/** Our `use()` and `callback()`, each with the prototype that it was made for. */
const ours = new WeakSet<object>();
const newestUse = new WeakMap<KoaApp, object>();
const appOfHandler = new WeakMap<object, KoaApp>();

/** How many of our `use()` are running, one inside of the other. */
let depth = 0;
/** The marker that is on its way to a `use()` which is no longer the outermost. */
let overtaken: Middleware | undefined;

watch(Koa.prototype as unknown as KoaApp);

/**
 * From now on `use()` of each copy of Koa that is loaded keeps our markers, and `callback()` remembers whose handler it made. An
 * app may use another copy of Koa than the one that this package finds: so all that Node has loaded are looked through. It is
 * CommonJS, also when imported.
 *
 * @returns whether somebody else had wrapped `use()` of a copy that was watched before
 */
export function watchKoa(): boolean {
  let isOvertaken = watch(Koa.prototype as unknown as KoaApp);
  for (const path of Object.keys(loadedModules)) {
    if (!path.replaceAll("\\", "/").endsWith("/lib/application.js")) continue;
    const prototype = prototypeOf(path);
    if (prototype !== undefined) isOvertaken = watch(prototype) || isOvertaken;
  }
  return isOvertaken;
}

/** Makes sure that the copy of Koa that this app is of is watched. */
export function watchCopyOf(app: object): void {
  watch(Object.getPrototypeOf(app) as KoaApp);
}

/**
 * In `app.use(systemdListen())`, `app.use` is read before `systemdListen()` can wrap what an agent has put around ours. So this one
 * time the agent passes its own function on, and `use()` has to know which marker is in it.
 */
export function expectOvertaken(marker: Middleware): void {
  overtaken = marker;
  queueMicrotask(() => {
    overtaken = undefined;
  });
}

/** Whether this app made this `request` listener. */
export function isHandlerOf(listener: unknown, app: object | undefined): boolean {
  return app !== undefined && appOfHandler.get(Object(listener) as object) === app;
}

/** The prototype of Koa's class, if that is what this module exports. Tests and agents put all sorts of things into the cache. */
function prototypeOf(path: string): KoaApp | undefined {
  try {
    const { prototype } = Object(loadedModules[path]?.exports) as {
      prototype?: KoaApp & { createContext?: unknown };
    };
    return prototype?.callback && prototype.createContext ? prototype : undefined;
  } catch {
    return undefined;
  }
}

/** Wraps what is there, unless that is ours: an agent that came later would otherwise hand us its own function for the marker. */
function watch(prototype: KoaApp): boolean {
  const { use, callback } = prototype;
  const isOvertaken = !ours.has(use) && newestUse.has(prototype);
  if (!ours.has(use)) newestUse.set(prototype, replace(prototype, "use", keepMarkers(prototype, use)));
  if (!ours.has(callback)) replace(prototype, "callback", rememberHandlers(callback));
  return isOvertaken;
}

function replace(prototype: KoaApp, name: "use" | "callback", value: (...args: never[]) => unknown): object {
  ours.add(value);
  Object.defineProperty(prototype, name, { configurable: true, enumerable: false, writable: true, value });
  return value;
}

function keepMarkers(prototype: KoaApp, original: KoaApp["use"]): KoaApp["use"] {
  return function use(this: KoaApp, ...args: unknown[]): unknown {
    const isStale = depth === 0 && newestUse.get(prototype) !== use;
    const marker = isMarker(args[0]) ? args[0] : isStale ? overtaken : undefined;
    if (marker !== undefined) {
      overtaken = undefined;
      attachMarker(marker, this);
      return this;
    }
    depth++;
    try {
      return original.apply(this, args);
    } finally {
      depth--;
    }
  };
}

function rememberHandlers(original: KoaApp["callback"]): KoaApp["callback"] {
  return function callback(this: KoaApp, ...args: []) {
    // From a `use()` that was read before it was ours: of a copy of Koa that was loaded after this package.
    for (const marker of this.middleware.filter(isMarker)) {
      this.middleware.splice(this.middleware.indexOf(marker), 1);
      attachMarker(marker, this);
    }
    const handler = original.apply(this, args);
    appOfHandler.set(handler, this);
    return handler;
  };
}
