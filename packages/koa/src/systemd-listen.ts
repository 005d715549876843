import {
  ActivationError,
  type AppOptions,
  prepareApp,
  rememberRequestListeners,
  warn,
  warnUnless,
} from "@sockact/core/adapter";
import { expectWrappedMarker, isHandlerOf, patchCopyOf, patchKoaCopies } from "./koa-copies.ts";
import { asMarker, attachMarker, isAttached, type Middleware } from "./markers.ts";

/** Which sockets the app takes, and its lifecycle. */
export interface SystemdListenOptions extends AppOptions {
  /** The app itself, for a copy of Koa that can't be found: one that a bundler has put into the app's own file. */
  app?: object | undefined;
}

rememberRequestListeners();
patchKoaCopies();
// `app.use(systemdListen)`, without the parentheses.
asMarker(systemdListen, () => {
  throw notCalled();
});

/**
 * Makes a Koa app listen on the sockets that systemd passed to this process: `app.use(systemdListen())`, anywhere before
 * `listen()`. Works with Koa 2 and 3, with `app.listen()` and with a server made of the app: `http.createServer(app.callback()).listen()`.
 *
 * - Activated: the app serves those sockets; port and host of `listen()` are ignored. A connection (`Accept=yes`) is served, and the process
 *   ends when it has closed.
 * - Not activated: Koa's own behaviour.
 *
 * Nothing of it stays among the app's middleware.
 *
 * @throws ActivationError if the options, or what was passed, can't be used; also if `required` is set and nothing was passed. A problem that only a
 * server can have is an `error` event of that server: another server has the socket, for example. {@link ActivationError.code} lists the codes.
 */
export function systemdListen(options?: SystemdListenOptions): Middleware;
export function systemdListen(
  { app, ...options }: SystemdListenOptions = {},
  ...more: unknown[]
): Middleware {
  // As Koa calls a middleware.
  if (typeof more[0] === "function") throw notCalled();
  const isWrapped = patchKoaCopies();
  const { activated, attach } = prepareApp(options, { http2: true });
  const marker: Middleware = asMarker<Middleware>(
    (_context, next) => {
      if (activated && !isAttached(marker)) warn(...UNSEEN);
      return next();
    },
    (owner) => {
      attach(owner, {
        owns: (_server, listeners) => [...listeners].some((listener) => isHandlerOf(listener, owner)),
      });
    },
  );
  if (activated) warnUnless(() => isAttached(marker), ...UNSEEN);
  if (isWrapped) expectWrappedMarker(marker);
  if (app !== undefined) {
    patchCopyOf(app);
    attachMarker(marker, app);
  }
  return marker;
}

const UNSEEN = [
  "SOCKACT_UNSEEN",
  "systemdListen() has not seen the app that it was given to, so the app does not serve the sockets that were passed.",
  "Write app.use(systemdListen({ app })). The usual cause is a bundler that puts koa into the app's own file, a tracing agent that changed Koa after " +
    "systemdListen() was called, or a router in the place of the app.",
] as const;

/** The mistake is found at `use()`, at `callback()`, or, where neither is watched, with the first request. */
function notCalled(): ActivationError {
  return new ActivationError(
    "ERR_OPTION",
    "systemdListen was given to app.use() without having been called. Write app.use(systemdListen()).",
    'Add the parentheses. Options go between them: app.use(systemdListen({ name: "http" })).',
  );
}
