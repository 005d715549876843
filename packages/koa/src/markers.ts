/** The type that `app.use()` of Koa accepts. */
export type Middleware = (context: unknown, next: () => Promise<unknown>) => Promise<unknown>;

interface Marker {
  attach(app: object): void;
  apps: WeakSet<object>;
  isAttached: boolean;
}

const markers = new WeakMap<object, Marker>();

/**
 * Marks a middleware as a placeholder for `systemdListen()` until sockact knows the app. `use()` does not add
 * it to an app.
 *
 * @param attach called for each app that gets the marker
 */
export function asMarker<T extends object>(middleware: T, attach: (app: object) => void): T {
  markers.set(middleware, { attach, apps: new WeakSet(), isAttached: false });
  return middleware;
}

export function isMarker(middleware: unknown): middleware is Middleware {
  return markers.has(Object(middleware) as object);
}

/** Call this when an app gets this marker. */
export function attachMarker(marker: Middleware, app: object): void {
  const known = markers.get(marker);
  if (known === undefined || known.apps.has(app)) return;
  known.attach(app);
  known.apps.add(app);
  known.isAttached = true;
}

/** Whether an app has this marker. */
export function isAttached(marker: Middleware): boolean {
  return markers.get(marker)?.isAttached === true;
}
