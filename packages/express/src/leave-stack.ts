import process from "node:process";

/**
 * The part of an Express app that this file uses. Its router is `_router` in Express 4 and `router` in
 * Express 5.
 */
export interface App {
  _router?: Router | undefined;
  router: Router;
  /** Express 4 only. Creates the router if there is none. */
  lazyrouter?: () => void;
  enabled(setting: string): boolean;
  locals: Record<string, unknown>;
}

interface Router {
  stack: Layer[];
  params: object;
}

interface Layer {
  name?: string;
}

/** The layers that are about to be removed. */
const leaving = new WeakSet<Layer>();

/**
 * Removes the layer that Express adds just before it emits `mount`, and undoes the side effects. Express
 * creates its router for the first layer, with the current settings. But the app may change its settings
 * later.
 *
 * The layer stays until the running code is done, because agents such as OpenTelemetry read the last layer
 * after `use()`.
 */
export function leaveStack(app: App): void {
  // _router first: in Express 4, reading app.router throws.
  const router = app._router ?? app.router;
  const layer = router.stack.at(-1);
  if (layer === undefined) return;
  leaving.add(layer);
  if (app._router === undefined) readSettingsLate(app, router);
  else remakeWhenUsed(app, router);
  soon(() => {
    const index = router.stack.indexOf(layer);
    if (index !== -1) router.stack.splice(index, 1);
  });
}

/**
 * Makes the router read the app's current settings. In Express 5, the router reads its settings for each new
 * layer.
 */
function readSettingsLate(app: App, router: Router): void {
  if (!isUntouched(router)) return;
  // Patches `caseSensitive` and `strict` of this router.
  const settings = { caseSensitive: "case sensitive routing", strict: "strict routing" };
  for (const [name, setting] of Object.entries(settings)) {
    Object.defineProperty(router, name, {
      configurable: true,
      enumerable: true,
      get: () => app.enabled(setting),
    });
  }
}

/** Removes the router until something else is added. Express 4 creates a router when the app needs one. */
function remakeWhenUsed(app: App, router: Router): void {
  const { lazyrouter } = app;
  const restore = (): void => {
    if (app._router === router && isUntouched(router)) app._router = undefined;
    if (app.lazyrouter === remake) app.lazyrouter = lazyrouter as () => void;
  };
  const remake = (): void => {
    restore();
    lazyrouter?.call(app);
  };
  // Patches `lazyrouter` of this app until it is called or the running code is done.
  app.lazyrouter = remake;
  soon(restore);
}

/**
 * Calls the action when the running code is done, before anything else runs. In an ES module, a microtask
 * comes first. In CommonJS, the next tick does, and so does a server's `listening`. So this calls the action
 * twice.
 */
function soon(action: () => void): void {
  queueMicrotask(action);
  process.nextTick(action);
}

/** Whether the router has only the layers that Express 4 adds to every router. */
function isUntouched({ stack, params }: Router): boolean {
  const isOwn = (layer: Layer): boolean =>
    layer.name === "query" || layer.name === "expressInit" || leaving.has(layer);
  return stack.every(isOwn) && Object.keys(params).length === 0;
}
