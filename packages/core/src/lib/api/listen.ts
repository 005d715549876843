import type { ListenOptions as NodeListenOptions, Server } from "node:net";
import type { ActivatedSocket } from "../activation/passed-socket.ts";
import { NO_SOCKETS } from "../binding/bound.ts";
import { offersHttp2 } from "../binding/tls-acceptor.ts";
import { createApp } from "../lifecycle/app.ts";
import { isManaged } from "../lifecycle/service-manager.ts";
import type { LifecycleOptions } from "../lifecycle/settings.ts";
import { notActivated } from "../shared/errors.ts";
import { answerProbes } from "./answer-probes.ts";
import { claimAndBind } from "./claim-and-bind.ts";
import { manageServer } from "./manage-server.ts";
import type { ClaimOptions } from "./options.ts";
import { prepare } from "./prepare.ts";
import { checkServer, splitOptions } from "./split-options.ts";

/**
 * The options of {@link listen}: which sockets to claim, the lifecycle, and Node's own options of
 * `server.listen()`. `port`, `host` and `path` say where to listen if no sockets were passed. `backlog` and
 * `signal` apply to passed sockets too.
 */
export type ListenOptions = ClaimOptions & LifecycleOptions & NodeListenOptions;

/** Where a server listens. */
export interface Listening {
  /**
   * Whether the server listens on sockets that were passed to this process. False if it listens on the port
   * or path of the options.
   */
  readonly activated: boolean;
  /** The passed sockets, in the order in which they were passed. Empty if `activated` is false. */
  readonly sockets: readonly ActivatedSocket[];
}

const CALL = {
  example: "await listen(server, { port: 3000 })",
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
 * Makes a server of Node (http, https, http2, net, tls) listen on the sockets that were passed to this
 * process. If none were passed, the server listens as with `server.listen(options)`. If a connection was
 * passed (`Accept=yes`), the server serves it, and the process ends when the connection has closed.
 *
 * - It resolves when the server listens on all of the sockets.
 * - It rejects with an {@link ActivationError}: `SOCKACT_ERR_NOT_ACTIVATED` (no sockets were passed, and
 *   `required` is set or `port` and `path` are missing), `SOCKACT_ERR_NAME_UNKNOWN`,
 *   `SOCKACT_ERR_SOCKET_CLAIMED`, `SOCKACT_ERR_SOCKET_DATAGRAM`, `SOCKACT_ERR_SOCKET_CONNECTED`,
 *   `SOCKACT_ERR_SOCKET_UNBOUND`, `SOCKACT_ERR_SOCKET_UNSUPPORTED`, `SOCKACT_ERR_PERMISSION`,
 *   `SOCKACT_ERR_NODE_INTERNALS`, `SOCKACT_ERR_OPTION` (also an argument that is not a server of Node, and
 *   `tls` for a server that has TLS of its own), `SOCKACT_ERR_TLS`, `SOCKACT_ERR_TLS_FILE`, or a code of
 *   {@link activatedSockets}.
 * - It rejects with Node's own error if the server already listens, if it can't listen, and if it is closed
 *   before it listens.
 */
export function listen(server: Server, options?: ListenOptions): Promise<Listening>;
export async function listen(
  server: Server,
  options: ListenOptions = {},
  ...more: unknown[]
): Promise<Listening> {
  checkServer(server);
  const [own, where] = splitOptions(options, more, CALL);
  const { activation, selection, settings } = prepare(own);
  const { activated } = activation;
  if (!activated) {
    if (where.port === undefined && where.path === undefined)
      throw notActivated(activation.reason, "the options have neither a port nor a path");
    server.listen(where);
  }
  const http2 = selection.tls.some((tls) => offersHttp2(tls.options.ALPNProtocols));
  const bound = activated
    ? claimAndBind(server, activation.sockets, selection, { ...where, handover: settings.handover }, http2)
    : NO_SOCKETS;
  const app = createApp(settings, activated);
  if (isManaged(app)) manageServer(server, app, bound);
  else if (settings.health !== false) answerProbes(server, app);
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
