/** The part of an Express app that is touched here. Express 4 keeps its router in `_router`, Express 5 in `router`. */
export interface App {
  _router?: Router | undefined;
  router: Router;
  enabled(setting: string): boolean;
}

interface Router {
  stack: { name?: string }[];
  params: object;
}

/**
 * Takes the layer off again that Express has pushed just before it emits `mount`, and lets the app be as if nothing had been
 * pushed: Express makes its router for the first layer, with the settings of that moment, and they may be set later.
 */
export function leaveStack(app: App): void {
  // Not app.router first: reading it throws in Express 4.
  const router = app._router ?? app.router;
  router.stack.pop();
  if (!isUntouched(router)) return;
  if (app._router === undefined) readSettingsLate(app, router);
  else remakeWhenUsed(app, router);
}

/** Express 5: the router reads its own settings whenever it gets a layer, so they can be those of the app. */
function readSettingsLate(app: App, router: Router): void {
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
  const settle = (value: Router): Router => {
    Object.defineProperty(app, "_router", { configurable: true, enumerable: true, writable: true, value });
    return value;
  };
  Object.defineProperty(app, "_router", {
    configurable: true,
    enumerable: true,
    get: () => (isUntouched(router) ? undefined : settle(router)),
    set: settle,
  });
}

/** Whether it holds no more than what Express 4 puts into each router itself. */
function isUntouched({ stack, params }: Router): boolean {
  const isOwn = ({ name }: { name?: string }): boolean => name === "query" || name === "expressInit";
  return stack.every(isOwn) && Object.keys(params).length === 0;
}
