import type { ListenOptions as NodeListenOptions, Server } from "node:net";
import type { ActivatedSocket } from "../activation/passed-socket.ts";
import { offersHttp2 } from "../binding/tls-acceptor.ts";
import { createApp } from "../lifecycle/app.ts";
import type { LifecycleOptions } from "../lifecycle/settings.ts";
import { notActivated } from "../shared/errors.ts";
import { checkServer } from "./check-server.ts";
import type { ClaimOptions } from "./options.ts";
import { prepare } from "./prepare.ts";
import { serve } from "./serve.ts";

/**
 * The options of {@link listen}: the sockets to claim, the lifecycle, and Node's options of
 * `server.listen()`. `port`, `host` and `path` apply if no sockets were passed. `backlog` and `signal` always
 * apply.
 */
export type ListenOptions = ClaimOptions & LifecycleOptions & NodeListenOptions;

/** Where a server listens. */
export interface Listening {
  /**
   * Whether the server listens on passed sockets. `false` if it listens on the port or path of the options.
   */
  readonly activated: boolean;
  /** The passed sockets, in the order in which systemd passed them. Empty if `activated` is `false`. */
  readonly sockets: readonly ActivatedSocket[];
}

const CALL = {
  hint: "Write await listen(server, { port: 3000 }). It returns a promise, which resolves when it listens.",
  nodeOptions: [
    "port",
    "host",
    "path",
    "backlog",
    "signal",
    "exclusive",
    "ipv6Only",
    "readableAll",
    "writableAll",
    "reusePort",
    "fd",
  ],
};

/**
 * Makes a Node server (http, https, http2, net or tls) listen on the sockets that systemd passed to this
 * process. If none were passed, this is `server.listen(options)`. If a connection was passed (`Accept=yes`),
 * the server serves it, and the process ends when the connection closes.
 *
 * - Resolves when the server listens on all of the sockets.
 * - Rejects with an {@link ActivationError}: `SOCKACT_ERR_NOT_ACTIVATED` (no sockets were passed, and
 *   `required` is set or `port` and `path` are missing), `SOCKACT_ERR_NAME_UNKNOWN`,
 *   `SOCKACT_ERR_SOCKET_CLAIMED`, `SOCKACT_ERR_SOCKET_DATAGRAM`, `SOCKACT_ERR_SOCKET_CONNECTED`,
 *   `SOCKACT_ERR_SOCKET_UNBOUND`, `SOCKACT_ERR_SOCKET_UNSUPPORTED`, `SOCKACT_ERR_PERMISSION`,
 *   `SOCKACT_ERR_NODE_INTERNALS`, `SOCKACT_ERR_OPTION` (also for an argument that is not a Node server, and
 *   for `tls` with a TLS server), `SOCKACT_ERR_TLS`, `SOCKACT_ERR_TLS_FILE`, or a code of
 *   {@link activatedSockets}.
 * - Rejects with Node's error if the server already listens, if it can't listen, or if it is closed before it
 *   listens.
 */
export function listen(server: Server, options?: ListenOptions): Promise<Listening>;
export async function listen(
  server: Server,
  options: ListenOptions = {},
  ...more: unknown[]
): Promise<Listening> {
  checkServer(server);
  const { activation, selection, settings, nodeOptions } = prepare(options, CALL, more);
  const { activated, sockets } = activation;
  if (!activated && nodeOptions.port === undefined && nodeOptions.path === undefined)
    throw notActivated(activation.reason, "the options have neither a port nor a path");
  const bound = serve(server, {
    app: createApp(settings, activated),
    sockets,
    selection,
    http2: selection.tls.some((tls) => offersHttp2(tls.options.ALPNProtocols)),
    options: nodeOptions,
    listenAsUsual: () => void server.listen(nodeOptions),
  });
  await untilListening(server);
  return { activated, sockets: bound.sockets };
}

/** Resolves with `listening`; rejects with `error`, or when the server is closed before it listens. */
function untilListening(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (action: () => void): void => {
      server.off("listening", onListening).off("error", onError).off("close", onClose);
      action();
    };
    const onListening = (): void => settle(resolve);
    const onError = (error: Error): void => settle(() => reject(error));
    const onClose = (): void => settle(() => reject(new Error("The server was closed before it listened")));
    server.once("listening", onListening).once("error", onError).once("close", onClose);
  });
}
