import Module from "node:module";
import Koa from "koa";
import { attachMarker, isMarker, type Middleware } from "./markers.ts";

/** The part of a Koa app that this file uses. It is the same in Koa 2 and 3. */
export interface KoaApp {
  middleware: unknown[];
  use(...args: unknown[]): unknown;
  callback(): (...args: unknown[]) => unknown;
  /** An app that a test runner has mocked does not have it. */
  context?: Record<string, unknown>;
}

/**
 * The same object as `require.cache`. A bundle has no `require`, and no `import.meta.url` to make one with.
 */
const loadedModules = (Module as unknown as { _cache: Record<string, { exports?: unknown } | undefined> })
  ._cache;

/** Every `use()` and `callback()` that this module has patched in. */
const ourMethods = new WeakSet<object>();
const patched = new WeakSet<KoaApp>();
const appOfHandler = new WeakMap<object, KoaApp>();

/** How many of our `use()` functions are running, nested in each other. */
let depth = 0;
/** The marker that a tracing agent is about to wrap in its own function. */
let wrappedMarker: Middleware | undefined;
/** The app whose last middleware must be removed, and how many it had then. */
let placeholder: { app: KoaApp; length: number } | undefined;

patchPrototype(Koa.prototype as unknown as KoaApp | undefined);

/**
 * Patches each copy of Koa that is loaded: `use()` attaches our markers, and `callback()` remembers which app
 * made the handler. An app may use another copy of Koa than this package does, so this looks at all modules
 * that Node has loaded. Koa is CommonJS, and is among them even if the app imports it.
 *
 * @returns whether other code has wrapped `use()` of a copy that was patched before
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

/** Patches `callback()` of this app, whose copy of Koa may not be among the modules that Node has loaded. */
export function patchApp(app: KoaApp): void {
  if (!ourMethods.has(app.callback)) replace(app, "callback", wrapCallback(app.callback));
}

/**
 * In `app.use(systemdListen())`, JavaScript reads `app.use` before it calls `systemdListen()`, which then
 * comes too late to patch the wrapper of an agent. So this one time the agent passes its own function on, and
 * `use()` must know which marker is in it.
 */
export function expectWrappedMarker(marker: Middleware): void {
  wrappedMarker = marker;
  queueMicrotask(() => {
    wrappedMarker = undefined;
  });
}

/** Whether `callback()` of this app has made this `request` listener. */
export function isHandlerOf(listener: unknown, app: object | undefined): boolean {
  return app !== undefined && appOfHandler.get(Object(listener) as object) === app;
}

/**
 * The prototype of Koa's class, if this module exports that class. Tests and agents put other things into the
 * cache as well.
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
 * Patches `use` and `callback` of a Koa prototype, unless our functions are the outermost ones already. Ours
 * must be outermost: otherwise an agent that came later would see the marker first.
 *
 * @returns whether other code has wrapped `use()` since the last time
 */
function patchPrototype(prototype: KoaApp | undefined): boolean {
  // Test runners mock Koa by other things, and freeze some of them.
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
    // The agent may have wrapped `callback()` too, and we must know the handler that its wrapper returns.
    patchKoaCopies();
    // An agent that has called this function looks at the middleware that was added: dd-trace replaces it
    // with its own function.
    const result = original.apply(this, args);
    // An app that a test runner has mocked does not have this list.
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

/** Removes the middleware that stands for a marker, also if an agent has wrapped it. */
function removePlaceholder(): void {
  if (placeholder?.app.middleware.length === placeholder?.length) placeholder?.app.middleware.pop();
  placeholder = undefined;
}

function wrapCallback(original: KoaApp["callback"]): KoaApp["callback"] {
  return function callback(this: KoaApp, ...args: []) {
    removePlaceholder();
    // If this copy of Koa was loaded after this package, its own `use()` has added the marker.
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
