import {
  ActivationError,
  type AppOptions,
  prepareApp,
  rememberRequestListeners,
  separateApp,
  warn,
  warnUnless,
} from "@sockact/core/adapter";
import { expectWrappedMarker, isHandlerOf, type KoaApp, patchApp, patchKoaCopies } from "./koa-copies.ts";
import { asMarker, attachMarker, isAttached, type Middleware } from "./markers.ts";

/** Which sockets the app claims, and how it starts, stops and sleeps. */
export interface SystemdListenOptions extends AppOptions {}

rememberRequestListeners();
patchKoaCopies();
// `app.use(systemdListen)` without the parentheses fails at once.
asMarker(systemdListen, () => {
  throw notCalled();
});

/**
 * Makes a Koa app listen on the sockets that systemd passed to this process. Call `app.use(systemdListen())`
 * anywhere before `listen()`. If sockact can't find Koa, for example in a bundle, call `systemdListen({ app
 * })` before `listen()` and `callback()`. It works with Koa 2 and 3, with `app.listen()`, and with your own
 * server: `http.createServer(app.callback()).listen()`.
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
        readonly app: { callback(): unknown; listen(): unknown };
      }),
): (context: unknown, next: () => Promise<unknown>) => Promise<unknown>;
export function systemdListen(options: SystemdListenOptions = {}, ...more: unknown[]): Middleware {
  // Koa calls a middleware with two arguments: the app has app.use(systemdListen).
  if (typeof more[0] === "function") throw notCalled();
  const [app, appOptions] = separateApp(
    options,
    (value) => "callback" in value && "listen" in value,
    "new Koa()",
  );
  const isWrapped = app === undefined && patchKoaCopies();
  const { activated, sockact, attach } = prepareApp(appOptions, { http2: true }, more);
  const marker: Middleware = asMarker<Middleware>(
    (_context, next) => {
      if (activated && !isAttached(marker)) warn(...UNSEEN);
      return next();
    },
    (owner) => {
      const { context } = owner as KoaApp;
      if (context !== undefined) context["sockact"] ??= sockact;
      attach(owner, {
        owns: (_server, listeners) => [...listeners].some((listener) => isHandlerOf(listener, owner)),
      });
    },
  );
  if (app !== undefined) {
    patchApp(app as KoaApp);
    attachMarker(marker, app);
  } else if (activated) warnUnless(() => isAttached(marker), ...UNSEEN);
  if (isWrapped) expectWrappedMarker(marker);
  return marker;
}

const UNSEEN = [
  "SOCKACT_WARN_UNSEEN",
  "systemdListen() could not find the app that it was passed to, so the app does not serve the passed sockets.",
  "Write systemdListen({ app }) before listen(). The usual cause is a bundler that puts koa into the app's own file, a tracing agent that changed Koa after " +
    "systemdListen() was called, or a router in the place of the app.",
] as const;

/** `use()` or `callback()` throws this error. If neither is patched, the first request throws it. */
function notCalled(): ActivationError {
  return new ActivationError(
    "SOCKACT_ERR_OPTION",
    "systemdListen was given to app.use() without having been called. Write app.use(systemdListen()).",
    'Add the parentheses. Options go between them: app.use(systemdListen({ name: "http" })).',
  );
}
