import process from "node:process";

/** The part of an Express app that is touched here. Express 4 keeps its router in `_router`, Express 5 in `router`. */
export interface App {
  _router?: Router | undefined;
  router: Router;
  /** Of Express 4: makes the router when there is none. */
  lazyrouter?: () => void;
  enabled(setting: string): boolean;
}

interface Router {
  stack: Layer[];
  params: object;
}

interface Layer {
  name?: string;
}

/** Those that are about to be taken out. */
const leaving = new WeakSet<Layer>();

/**
 * Takes the layer out again that Express has pushed just before it emits `mount`, and lets the app be as if nothing had been
 * pushed: Express makes its router for the first layer, with the settings of that moment, and they may be set later.
 *
 * The layer stays until the running code is done: agents such as OpenTelemetry look at the last one when `use()` has returned.
 */
export function leaveStack(app: App): void {
  // Not app.router first: reading it throws in Express 4.
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

/** Express 5: the router reads its own settings whenever it gets a layer, so they can be those of the app. */
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

/** Express 4: makes a router when it finds none, so it finds none until this one has got something. */
function remakeWhenUsed(app: App, router: Router): void {
  const { lazyrouter } = app;
  const forget = (): void => {
    if (app._router === router && isUntouched(router)) app._router = undefined;
  };
  const remake = (): void => {
    forget();
    if (app.lazyrouter === remake) app.lazyrouter = lazyrouter as () => void;
    lazyrouter?.call(app);
  };
  // Patches `lazyrouter` of this app, until it is called or the running code is done.
  app.lazyrouter = remake;
  soon(() => {
    forget();
    if (app.lazyrouter === remake) app.lazyrouter = lazyrouter as () => void;
  });
}

/**
 * When the running code is done: in an ES module a microtask comes first, in CommonJS what was put off to the next tick, such as a
 * server's `listening`. What is called has to bear being called twice.
 */
function soon(action: () => void): void {
  queueMicrotask(action);
  process.nextTick(action);
}

/** Whether it holds no more than what Express 4 puts into each router itself. */
function isUntouched({ stack, params }: Router): boolean {
  const isOwn = (layer: Layer): boolean =>
    layer.name === "query" || layer.name === "expressInit" || leaving.has(layer);
  return stack.every(isOwn) && Object.keys(params).length === 0;
}
