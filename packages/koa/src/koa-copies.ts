import Module from "node:module";
import Koa from "koa";
import { attachMarker, isMarker, type Middleware } from "./markers.ts";

/** The part of a Koa app that this file uses, in Koa 2 and 3. */
export interface KoaApp {
  middleware: unknown[];
  use(...args: unknown[]): unknown;
  callback(): (...args: unknown[]) => unknown;
  /** Missing in an app that a test runner has mocked. */
  context?: Record<string, unknown>;
}

/** The object `require.cache`. A bundle has neither `require` nor an `import.meta.url` to create it. */
const loadedModules = (Module as unknown as { _cache: Record<string, { exports?: unknown } | undefined> })
  ._cache;

/** Every patched `use()` and `callback()`. */
const ourMethods = new WeakSet<object>();
const patched = new WeakSet<KoaApp>();
const appOfHandler = new WeakMap<object, KoaApp>();

/** How deeply calls of our `use()` are nested. */
let depth = 0;
/** The marker that a tracing agent is about to wrap. */
let wrappedMarker: Middleware | undefined;
/** The app whose last middleware must be removed, and its number of middlewares. */
let placeholder: { app: KoaApp; length: number } | undefined;

patchPrototype(Koa.prototype as unknown as KoaApp | undefined);

/**
 * Patches each loaded copy of Koa: `use()` attaches our markers, and `callback()` records which app created
 * the handler. An app may use another copy of Koa than this package, so this searches all loaded modules. Koa
 * is CommonJS, so an imported Koa is among them.
 *
 * @returns whether other code has wrapped `use()` of a patched copy
 */
export function patchKoaCopies(): boolean {
  let isWrapped = patchPrototype(Koa.prototype as unknown as KoaApp | undefined);
  for (const path of Object.keys(loadedModules)) {
    if (!path.replaceAll("\\", "/").endsWith("/lib/application.js")) continue;
    const prototype = prototypeOf(path);
    if (prototype !== undefined) isWrapped = patchPrototype(prototype) || isWrapped;
  }
  return isWrapped;
}

/** Patches `callback()` of this app, whose copy of Koa may not be among the loaded modules. */
export function patchApp(app: KoaApp): void {
  if (!ourMethods.has(app.callback)) replace(app, "callback", wrapCallback(app.callback));
}

/**
 * Call this if `use()` may be the wrapper of an agent. In `app.use(systemdListen())`, JavaScript reads
 * `app.use` before it calls `systemdListen()`, so the patch comes too late. The agent then passes its own
 * function to our `use()`, which must know which marker the function wraps.
 */
export function expectWrappedMarker(marker: Middleware): void {
  wrappedMarker = marker;
  queueMicrotask(() => {
    wrappedMarker = undefined;
  });
}

/** Whether `callback()` of this app created this `request` listener. */
export function isHandlerOf(listener: unknown, app: object | undefined): boolean {
  return app !== undefined && appOfHandler.get(Object(listener) as object) === app;
}

/**
 * The prototype of Koa's class, if this module exports it. Tests and agents also put other objects into the
 * module cache.
 */
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

/**
 * Patches `use` and `callback` of a Koa prototype, unless our functions are already the outermost ones.
 * Otherwise, an agent that came later would see the marker first.
 *
 * @returns whether other code has wrapped `use()` since the last call
 */
function patchPrototype(prototype: KoaApp | undefined): boolean {
  // Test runners mock Koa with other objects, and freeze some of them.
  if (typeof prototype?.use !== "function" || typeof prototype.callback !== "function") return false;
  if (Object.isFrozen(prototype)) return false;
  const { use, callback } = prototype;
  const isWrapped = patched.has(prototype) && !ourMethods.has(use);
  patched.add(prototype);
  if (!ourMethods.has(use)) replace(prototype, "use", wrapUse(use));
  if (!ourMethods.has(callback)) replace(prototype, "callback", wrapCallback(callback));
  return isWrapped;
}

function replace(owner: KoaApp, name: "use" | "callback", value: (...args: never[]) => unknown): void {
  ourMethods.add(value);
  Object.defineProperty(owner, name, { configurable: true, enumerable: false, writable: true, value });
}

function wrapUse(original: KoaApp["use"]): KoaApp["use"] {
  return function use(this: KoaApp, ...args: unknown[]): unknown {
    removePlaceholder();
    const isOutermost = this.use === use;
    const marker = isMarker(args[0]) ? args[0] : depth === 0 && !isOutermost ? wrappedMarker : undefined;
    if (marker === undefined) return countDepth(() => original.apply(this, args));
    wrappedMarker = undefined;
    attachMarker(marker, this);
    if (isOutermost) return this;
    // The agent may have wrapped `callback()` too. We need the handler that its wrapper returns.
    patchKoaCopies();
    // An agent that called this function uses the added middleware: dd-trace replaces it with its own
    // function.
    const result = original.apply(this, args);
    // Missing in an app that a test runner has mocked.
    if (Array.isArray(this.middleware)) placeholder = { app: this, length: this.middleware.length };
    queueMicrotask(removePlaceholder);
    return result;
  };
}

function countDepth<T>(action: () => T): T {
  depth++;
  try {
    return action();
  } finally {
    depth--;
  }
}

/** Removes the middleware of a marker, even if an agent has wrapped it. */
function removePlaceholder(): void {
  if (placeholder?.app.middleware.length === placeholder?.length) placeholder?.app.middleware.pop();
  placeholder = undefined;
}

function wrapCallback(original: KoaApp["callback"]): KoaApp["callback"] {
  return function callback(this: KoaApp, ...args: []) {
    removePlaceholder();
    // If this copy of Koa was loaded after this package, its own `use()` added the marker.
    for (const marker of (this.middleware ?? []).filter(isMarker)) {
      this.middleware.splice(this.middleware.indexOf(marker), 1);
      attachMarker(marker, this);
    }
    const handler = original.apply(this, args);
    // A mocked callback() may return nothing.
    if (typeof handler === "function") appOfHandler.set(handler, this);
    return handler;
  };
}
