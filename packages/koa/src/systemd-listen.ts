import {
  type AppOptions,
  attach,
  checkActivation,
  rememberRequestListeners,
  warn,
} from "@sockact/core/adapter";
import { asMarker, isHandlerOf, watchCopyOf, watchKoa } from "./koa-copies.ts";

/** Which sockets the app takes, and how it lives with them. */
export interface SystemdListenOptions extends AppOptions {
  /** The app itself, for a copy of Koa that can't be found: one that a bundler has put into the app's own file. */
  app?: object;
}

/** A Koa middleware. */
export type Middleware = (context: unknown, next: () => Promise<unknown>) => Promise<unknown>;

rememberRequestListeners();
watchKoa();

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
 * @throws ActivationError `ERR_NOT_ACTIVATED` when `required`, `ERR_NAME_UNKNOWN`, `ERR_OPTION`, `ERR_TLS`, `ERR_TLS_FILE`, `ERR_LISTEN_PID`,
 * `ERR_LISTEN_PIDFDID`, `ERR_LISTEN_FDS`, `ERR_LISTEN_FDNAMES`, `ERR_FD_NOT_OPEN`, `ERR_SOCKET_OUTPUT`, `ERR_BUN`, `ERR_WORKER_THREAD`.
 * What keeps a server from listening is an `error` event of that server: `ERR_SOCKET_TAKEN`, `ERR_SOCKET_DATAGRAM`,
 * `ERR_SOCKET_CONNECTED`, `ERR_SOCKET_UNBOUND`, `ERR_SOCKET_UNSUPPORTED`
 */
export function systemdListen({ app, ...options }: SystemdListenOptions = {}): Middleware {
  watchKoa();
  if (app !== undefined) watchCopyOf(app);
  const { activated } = checkActivation(options, true);
  const marker = asMarker((_context, next) => {
    if (activated) {
      warn(
        "SOCKACT_UNSEEN",
        "systemdListen() has not found this copy of Koa, and the app does not serve the sockets that were passed.",
        "Write systemdListen({ app }). A bundler that puts koa into the app's own file is the usual cause.",
      );
    }
    return next();
  });
  attach(marker, options, {
    http2: true,
    owns: (_server, listeners) => [...listeners].some((listener) => isHandlerOf(listener, marker, app)),
  });
  return marker;
}
