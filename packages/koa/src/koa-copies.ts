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

/** Every `use()` and `callback()` that this module has made. */
const ourMethods = new WeakSet<object>();
const patched = new WeakSet<KoaApp>();
const appOfHandler = new WeakMap<object, KoaApp>();

/** How many of our `use()` are running, one inside of the other. */
let depth = 0;
/** The marker that an agent is about to hand on as a function of its own. */
let wrappedMarker: Middleware | undefined;
/** The app whose last middleware is to be taken out, if it still has so many. */
let placeholder: { app: KoaApp; length: number } | undefined;

patchPrototype(Koa.prototype as unknown as KoaApp | undefined);

/**
 * Patches each copy of Koa that is loaded: `use()` attaches our markers, and `callback()` remembers whose handler it made. An
 * app may use another copy of Koa than the one that this package finds: so all that Node has loaded are looked through. It is
 * CommonJS, also when imported.
 *
 * @returns whether somebody else had wrapped `use()` of a copy that was patched before
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

/** Patches the copy of Koa that this app was made with. */
export function patchCopyOf(app: object): void {
  patchPrototype(Object.getPrototypeOf(app) as KoaApp);
}

/**
 * In `app.use(systemdListen())`, `app.use` is read before `systemdListen()` can wrap what an agent has put around ours. So this one
 * time the agent passes its own function on, and `use()` has to know which marker is in it.
 */
export function expectWrappedMarker(marker: Middleware): void {
  wrappedMarker = marker;
  queueMicrotask(() => {
    wrappedMarker = undefined;
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

/**
 * Patches `use` and `callback` of a Koa prototype, unless our own are outermost: an agent that came later would otherwise see the marker first.
 *
 * @returns whether one did
 */
function patchPrototype(prototype: KoaApp | undefined): boolean {
  // Test runners mock Koa by all sorts of things, and freeze some.
  if (typeof prototype?.use !== "function" || typeof prototype.callback !== "function") return false;
  if (Object.isFrozen(prototype)) return false;
  const { use, callback } = prototype;
  const isWrapped = patched.has(prototype) && !ourMethods.has(use);
  patched.add(prototype);
  if (!ourMethods.has(use)) replace(prototype, "use", wrapUse(use));
  if (!ourMethods.has(callback)) replace(prototype, "callback", wrapCallback(callback));
  return isWrapped;
}

function replace(prototype: KoaApp, name: "use" | "callback", value: (...args: never[]) => unknown): void {
  ourMethods.add(value);
  Object.defineProperty(prototype, name, { configurable: true, enumerable: false, writable: true, value });
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
    // The agent may have wrapped `callback()` too, whose handler is what has to be known.
    patchKoaCopies();
    // An agent that has called this one looks at what was added: dd-trace takes it off, and puts its own function there.
    const result = original.apply(this, args);
    // An app that a test runner has mocked has no list.
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

/** Takes out what stands for a marker, in whatever an agent has wrapped it. */
function removePlaceholder(): void {
  if (placeholder?.app.middleware.length === placeholder?.length) placeholder?.app.middleware.pop();
  placeholder = undefined;
}

function wrapCallback(original: KoaApp["callback"]): KoaApp["callback"] {
  return function callback(this: KoaApp, ...args: []) {
    removePlaceholder();
    // From a `use()` that was read before it was ours: of a copy of Koa that was loaded after this package.
    for (const marker of (this.middleware ?? []).filter(isMarker)) {
      this.middleware.splice(this.middleware.indexOf(marker), 1);
      attachMarker(marker, this);
    }
    const handler = original.apply(this, args);
    // A mocked one may be nothing.
    if (typeof handler === "function") appOfHandler.set(handler, this);
    return handler;
  };
}
