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

/** Which sockets the app claims, and how it starts, stops and sleeps. */
export interface SystemdListenOptions extends AppOptions {}

/** To TypeScript it is a middleware. Express sees an app to mount. */
type Middleware = (req: unknown, res: unknown, next: (error?: unknown) => void) => void;

rememberRequestListeners();

/**
 * Makes an Express app listen on the sockets that systemd passed to this process. Call
 * `app.use(systemdListen())` anywhere before `listen()`, or `systemdListen({ app })` if `app.use()` is not
 * that of the app. It works with Express 4 and 5, with `app.listen()`, and with your own server:
 * `http.createServer(app).listen()`.
 *
 * - If sockets were passed, the app serves them. `listen()` ignores its port and host; `backlog` and `signal`
 *   apply.
 * - If a connection was passed (`Accept=yes`), the app serves it, and the process ends when the connection
 *   closes.
 * - If nothing was passed, the app listens as without this call.
 *
 * The call never adds a middleware to the app.
 *
 * @throws ActivationError if the options or the passed sockets can't be used, or if `required` is set and
 *   nothing was passed. {@link ActivationError.code} lists the codes. If the problem appears only when a
 *   server listens, for example because another server has the socket, that server emits `error`.
 */
export function systemdListen(
  options?:
    | SystemdListenOptions
    | (SystemdListenOptions & {
        readonly app: { (request: never, response: never): unknown; listen(): unknown };
      }),
): (req: unknown, res: unknown, next: (error?: unknown) => void) => void;
export function systemdListen(options: SystemdListenOptions = {}, ...more: unknown[]): Middleware {
  // Express calls a middleware with three arguments: the app has app.use(systemdListen).
  if (typeof more[1] === "function") throw notCalled();
  // A router is a function too, but it has no `listen()`.
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

// Express also mounts `app.use(systemdListen)` without the parentheses. It fails at once.
mountable(systemdListen as Middleware, () => {
  throw notCalled();
});

/**
 * Makes Express treat a middleware as an app to mount, because Express passes the parent app to a mounted
 * app. Nothing else shows which app called `use()`.
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
