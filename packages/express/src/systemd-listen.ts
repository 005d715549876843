import {
  ActivationError,
  type AppOptions,
  prepareApp,
  rememberRequestListeners,
  separateApp,
  warn,
  warnUnless,
} from "@sockact/core/adapter";
import { type App, leaveStack } from "./leave-stack.ts";

/** Which sockets the app claims, how it serves them, and how it starts, stops and sleeps. */
export interface SystemdListenOptions extends AppOptions {}

/** TypeScript sees a middleware, and Express sees an app to mount. */
type Middleware = (req: unknown, res: unknown, next: (error?: unknown) => void) => void;

rememberRequestListeners();

/**
 * Makes an Express app listen on the sockets that systemd passed to this process. Write
 * `app.use(systemdListen())` anywhere before `listen()`, or `systemdListen({ app })` where `app.use()` does
 * not reach the app itself. It works with Express 4 and 5, with `app.listen()`, and with a server that you
 * make of the app: `http.createServer(app).listen()`.
 *
 * - If sockets were passed, the app serves them. `listen()` ignores its port and host; `backlog` and `signal`
 *   apply.
 * - If a connection was passed (`Accept=yes`), the app serves it, and the process ends when the connection
 *   has closed.
 * - If nothing was passed, the app listens as without this call.
 *
 * In each case, no middleware is added to the app.
 *
 * @throws ActivationError if the options or the passed sockets can't be used, or if `required` is set and
 * nothing was passed. {@link ActivationError.code} lists the codes. If the problem shows only when a server
 * listens, for example because another server has the socket, the error is an `error` event of that server.
 */
export function systemdListen(
  options?:
    | SystemdListenOptions
    | (SystemdListenOptions & {
        readonly app: { (request: never, response: never): unknown; listen(): unknown };
      }),
): (req: unknown, res: unknown, next: (error?: unknown) => void) => void;
export function systemdListen(options: SystemdListenOptions = {}, ...more: unknown[]): Middleware {
  // Express calls a middleware with three arguments, so somebody wrote app.use(systemdListen).
  if (typeof more[1] === "function") throw notCalled();
  // A router is a function too, but only an app has `listen()`.
  const [app, appOptions] = separateApp(
    options,
    (value) => typeof value === "function" && "listen" in value,
    "express()",
  );
  const { activated, sockact, attach } = prepareApp(appOptions, {}, more);
  const serve = (owner: App): void => {
    owner.locals["sockact"] ??= sockact;
    attach(owner, { owns: (_server, listeners) => listeners.has(owner) });
  };
  let isAttached = app !== undefined;
  const warning = [
    "SOCKACT_WARN_UNSEEN",
    "systemdListen() was not passed to an Express app. In a router it has no effect.",
    "Write systemdListen({ app }) before listen().",
  ] as const;
  if (app) serve(app as App);
  else if (activated) warnUnless(() => isAttached, ...warning);
  const passThrough: Middleware = (_req, _res, next) => {
    if (activated && !isAttached) warn(...warning);
    next();
  };
  return mountable(passThrough, (parent) => {
    isAttached = true;
    leaveStack(parent);
    if (parent !== app) serve(parent);
  });
}

// `app.use(systemdListen)`, without the parentheses, fails at once: Express mounts the function, too.
mountable(systemdListen as Middleware, () => {
  throw notCalled();
});

/**
 * Makes a middleware look like an app. Express mounts it then, and passes its parent: this is the only way to
 * learn which app called `use()`.
 */
function mountable(middleware: Middleware, mounted: (parent: App) => void): Middleware {
  return Object.assign(middleware, {
    handle: middleware,
    set: () => undefined,
    emit: (event: string, parent: App) => {
      if (event === "mount") mounted(parent);
    },
  });
}

function notCalled(): ActivationError {
  return new ActivationError(
    "SOCKACT_ERR_OPTION",
    "systemdListen was given to app.use() without having been called. Write app.use(systemdListen()).",
    'Add the parentheses. Options go between them: app.use(systemdListen({ name: "http" })).',
  );
}
