import type { FastifyListenOptions, FastifyPluginCallback } from "fastify";
import {
  ActivationError,
  type ActivatedSocket,
  type AppOptions,
  prepareApp,
  serverAddress,
} from "@sockact/core/adapter";
import { closeOf, closeWhenDrained } from "./close-when-drained.ts";
import { logTo } from "./log.ts";
import { nameTheOthers } from "./name-the-others.ts";
import { rootOf } from "./root-of.ts";
import { withoutLookup } from "./without-lookup.ts";
import { withoutNetlink } from "./without-netlink.ts";

/** Which sockets the app takes, and its lifecycle. */
export interface SystemdListenOptions extends AppOptions {}

/**
 * Makes a Fastify app listen on the sockets that systemd passed to this process: `app.register(systemdListen)`. Works with
 * Fastify 4 and 5, and with a `serverFactory`.
 *
 * - Activated: `app.listen()` serves those sockets; port and host are ignored. A connection (`Accept=yes`) is served, and the process ends when it
 *   has closed. `app.addresses()` and the log name each of them,
 *   and none is opened besides, also for the default host, `localhost`.
 * - Not activated: Fastify's own behaviour.
 *
 * `ready()` and `listen()` reject with an {@link ActivationError} if the options, or what was passed, can't be used; also if `required` is set and nothing
 * was passed. `listen()` alone rejects if the server can't listen: another server has the socket, for example. {@link ActivationError.code} lists the codes.
 */
export const systemdListen: FastifyPluginCallback<SystemdListenOptions> = Object.assign(
  ((fastify, registration, done) => {
    if (typeof done !== "function") throw called();
    // Fastify hands its own options of register() on.
    const {
      prefix: _prefix,
      logLevel: _logLevel,
      logSerializers: _logSerializers,
      ...options
    } = registration;
    const handlers = fastify.server.listeners("request");
    const { activated, attach } = prepareApp(
      { ...options, onEvent: options.onEvent ?? logTo(fastify.log) },
      {
        close: closeOf(fastify),
        // Fastify 4 answers 505 when it was not made for HTTP/2 alone.
        http2: !fastify.version.startsWith("4."),
      },
    );
    attach(rootOf(fastify), {
      // For the host `localhost` Fastify makes a second server with the same handler, and ignores that it can't listen: all sockets are claimed by then.
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
    if (activated) closeWhenDrained(fastify);
    done();
  }) satisfies FastifyPluginCallback<SystemdListenOptions & RegisterOptions>,
  {
    [Symbol.for("skip-override")]: true,
    [Symbol.for("fastify.display-name")]: "@sockact/fastify",
    [Symbol.for("plugin-meta")]: { name: "@sockact/fastify", fastify: "4.x || 5.x" },
  },
);

/** `app.register(systemdListen())`, as in Express and Koa. */
function called(): ActivationError {
  return new ActivationError(
    "ERR_OPTION",
    "systemdListen() was called by the app, and Fastify has to call it. Write app.register(systemdListen).",
    'Remove the parentheses. Options are the second argument: app.register(systemdListen, { name: "http" }).',
  );
}

interface RegisterOptions {
  prefix?: string;
  logLevel?: unknown;
  logSerializers?: unknown;
}
