import type { FastifyInstance, FastifyListenOptions, FastifyPluginCallback } from "fastify";
import type { ActivatedSocket } from "@sockact/core";
import {
  ActivationError,
  type AppOptions,
  prepareApp,
  separateApp,
  serverAddress,
  type Sockact,
} from "@sockact/core/adapter";
import { closeOf, closeWhenDrained } from "./close-when-drained.ts";
import { logTo } from "./log.ts";
import { nameTheOthers } from "./name-the-others.ts";
import { rootOf } from "./root-of.ts";
import { withoutLookup } from "./without-lookup.ts";
import { withoutNetlink } from "./without-netlink.ts";

/** Which sockets the app claims, and how it starts, stops and sleeps. */
export interface SystemdListenOptions extends AppOptions {}

declare module "fastify" {
  interface FastifyInstance {
    /** For other plugins: whether sockets were passed, whether the process drains, and its health. */
    sockact: Sockact;
  }
}

/**
 * Makes a Fastify app listen on the sockets that systemd passed to this process. Call
 * `app.register(systemdListen)` or `systemdListen({ app })` anywhere before `listen()`. It works with Fastify
 * 4 and 5, and with a `serverFactory`.
 *
 * - If sockets were passed, `app.listen()` serves them and no others, even with the default host `localhost`.
 *   It ignores its port and host; `backlog` and `signal` apply. `app.addresses()` and the log list each
 *   socket.
 * - If a connection was passed (`Accept=yes`), the app serves it, and the process ends when the connection
 *   closes.
 * - If nothing was passed, the app listens as without this plugin.
 *
 * The root instance is always decorated with {@link Sockact | `sockact`}.
 *
 * `ready()` and `listen()` reject with an {@link ActivationError}, or `systemdListen({ app })` throws it, if
 * the options or the passed sockets can't be used, or if `required` is set and nothing was passed.
 * {@link ActivationError.code} lists the codes. If the server can't listen, for example because another
 * server has the socket, only `listen()` rejects.
 */
export const systemdListen: ((
  options: SystemdListenOptions & {
    readonly app: { addresses(): unknown; listen(): unknown };
  },
) => void) &
  FastifyPluginCallback<SystemdListenOptions> = Object.assign(
  (
    first: object,
    registration?: SystemdListenOptions & RegisterOptions,
    done?: (error?: Error) => void,
  ): void => {
    if (registration === undefined || done === undefined) {
      // No other framework has `addresses()`.
      const [app, options] = separateApp(first, (value) => "addresses" in value, "Fastify()");
      if (app === undefined || registration !== undefined) throw called();
      serve(app as FastifyInstance, options);
      return;
    }
    // Fastify also passes the options of register() itself.
    const {
      prefix: _prefix,
      logLevel: _logLevel,
      logSerializers: _logSerializers,
      ...options
    } = registration;
    try {
      serve(first as FastifyInstance, options);
    } catch (error) {
      // Fastify does not catch what a plugin throws.
      done(error as Error);
      return;
    }
    done();
  },
  {
    [Symbol.for("skip-override")]: true,
    [Symbol.for("fastify.display-name")]: "@sockact/fastify",
    [Symbol.for("plugin-meta")]: { name: "@sockact/fastify" },
  },
);

function serve(fastify: FastifyInstance, options: SystemdListenOptions): void {
  const handlers = fastify.server.listeners("request");
  const root = rootOf(fastify);
  const { sockact, attach } = prepareApp(
    { ...options, onEvent: options.onEvent ?? logTo(fastify.log) },
    {
      close: closeOf(fastify),
      // Fastify 4 answers HTTP/2 requests with 505, unless it was created for HTTP/2 only.
      http2: !fastify.version.startsWith("4."),
    },
  );
  // decorate() throws for a second registration, and for systemdListen({ app }) after ready().
  root.sockact ??= sockact;
  const isDrained = attach(root, {
    // For the host `localhost`, Fastify creates a second server with the same handler. All sockets are
    // already claimed, and Fastify ignores the error.
    owns: (server, listeners) =>
      server === fastify.server || handlers.some((handler) => listeners.has(handler)),
    onBound: (server, sockets, listenOptions) => {
      const listening = Object(listenOptions) as FastifyListenOptions;
      const bound = serverAddress(sockets[0] as ActivatedSocket);
      withoutLookup(listening, bound);
      withoutNetlink(server, bound);
      nameTheOthers(fastify, sockets.slice(1), listening.listenTextResolver);
    },
  });
  if (isDrained) closeWhenDrained(fastify);
}

/** The error for `app.register(systemdListen())`, which would be right in Express and Koa. */
function called(): ActivationError {
  return new ActivationError(
    "SOCKACT_ERR_OPTION",
    "The app called systemdListen(), but Fastify must call it. Write app.register(systemdListen).",
    'Remove the parentheses. Options are the second argument: app.register(systemdListen, { name: "http" }). Or pass the app: systemdListen({ app, name: "http" }).',
  );
}

interface RegisterOptions {
  prefix?: string;
  logLevel?: unknown;
  logSerializers?: unknown;
}
