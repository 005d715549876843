import {
  ActivationError,
  type AppOptions,
  prepareApp,
  rememberRequestListeners,
  warn,
  warnUnless,
} from "@sockact/core/adapter";
import { type App, leaveStack } from "./leave-stack.ts";

/** Which sockets the app takes, and its lifecycle. */
export interface SystemdListenOptions extends AppOptions {}

/** What `app.use()` accepts: to Express an app to mount, to TypeScript a middleware. */
export type Middleware = (req: unknown, res: unknown, next: (error?: unknown) => void) => void;

rememberRequestListeners();

/**
 * Makes an Express app listen on the sockets that systemd passed to this process: `app.use(systemdListen())`, anywhere before
 * `listen()`. Works with Express 4 and 5, with `app.listen()` and with a server made of the app: `http.createServer(app).listen()`.
 *
 * - Activated: the app serves those sockets; port and host of `listen()` are ignored. A connection (`Accept=yes`) is served, and the process
 *   ends when it has closed.
 * - Not activated: Express's own behaviour.
 *
 * Nothing of it stays in the app's stack.
 *
 * @throws ActivationError if the options, or what was passed, can't be used; also if `required` is set and nothing was passed. A problem that only a
 * server can have is an `error` event of that server: another server has the socket, for example. {@link ActivationError.code} lists the codes.
 */
export function systemdListen(options?: SystemdListenOptions): Middleware;
export function systemdListen(options: SystemdListenOptions = {}, ...more: unknown[]): Middleware {
  // As Express calls a middleware.
  if (typeof more[1] === "function") throw notCalled();
  const { activated, attach } = prepareApp(options);
  let isMounted = false;
  const warning = [
    "SOCKACT_UNSEEN",
    "systemdListen() was not given to an Express app. In a router, or nowhere, it does nothing.",
    "Write app.use(systemdListen()) on the app itself.",
  ] as const;
  if (activated) warnUnless(() => isMounted, ...warning);
  const passThrough: Middleware = (_req, _res, next) => {
    if (activated && !isMounted) warn(...warning);
    next();
  };
  return mountable(passThrough, (parent) => {
    isMounted = true;
    leaveStack(parent);
    attach(parent, { owns: (_server, listeners) => listeners.has(parent) });
  });
}

// `app.use(systemdListen)`, without the parentheses, fails at once too.
mountable(systemdListen as Middleware, () => {
  throw notCalled();
});

/** Express mounts what looks like an app, and passes the parent to it: the one way to learn whose `use()` this is. */
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
    "ERR_OPTION",
    "systemdListen was given to app.use() without having been called. Write app.use(systemdListen()).",
    'Add the parentheses. Options go between them: app.use(systemdListen({ name: "http" })).',
  );
}
