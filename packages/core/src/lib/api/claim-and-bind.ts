import { addAbortListener } from "node:events";
import type { Server } from "node:net";
import { areConnections, type PassedSocket } from "../activation/passed-socket.ts";
import { isWaitingToServe } from "../activation/serving.ts";
import { bindServerLater } from "../binding/bind-later.ts";
import { bindOnBun, checkBun } from "../binding/bind-on-bun.ts";
import { bindServer } from "../binding/bind-server.ts";
import type { BoundSockets } from "../binding/bound.ts";
import { handoverError, tlsTwiceError } from "../binding/claim-errors.ts";
import { claimSockets, selectForServer } from "../binding/claim.ts";
import { checkPermission } from "../binding/permission.ts";
import { createTlsAcceptor, type PlacedTls } from "../binding/tls-acceptor.ts";
import { createProxyReceivers } from "../proxy-protocol/receiver.ts";
import { debug } from "../shared/debug.ts";
import { afterFirstResponse } from "../shared/first-response.ts";
import { checkInternals, type Part } from "../shared/internals-check.ts";
import { isBun } from "../shared/runtime.ts";
import { isHttpServer, isTlsServer, nativeListen } from "../shared/node-internals.ts";
import { emitStartupError } from "./manage-server.ts";
import type { SocketSelection } from "./options.ts";
import { refuseInWorker } from "./refuse-in-worker.ts";

/** The options of Node's `listen()` that apply to a passed socket. */
export interface BindOptions {
  backlog?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** How to bind one server. */
interface Binding extends BindOptions {
  /** Whether the `request` listener can answer HTTP/2. */
  http2: boolean;
  /** The callback that was passed to `listen()`. */
  listenCallback: unknown;
  /** Whether the process hands over to a new process on reload. */
  handover: boolean;
}

/**
 * Claims the selected sockets and binds the server to them. The server then emits `listening` or `error`.
 *
 * @throws ActivationError the errors of {@link selectForServer}, `SOCKACT_ERR_CLUSTER_WORKER` for a
 *   connection in a worker of node:cluster, `SOCKACT_ERR_HANDOVER_UNSUPPORTED` for `handover` with a
 *   connection or with a socket on standard input, `SOCKACT_ERR_OPTION` for `tls` with a TLS server,
 *   `SOCKACT_ERR_PERMISSION`, `SOCKACT_ERR_NODE_INTERNALS`, `SOCKACT_ERR_TLS`, `SOCKACT_ERR_TLS_FILE`; and
 *   the errors of server.listen(): `ERR_SERVER_ALREADY_LISTEN`, or `ERR_INVALID_ARG_TYPE` if `signal` is not
 *   an AbortSignal
 */
export function claimAndBind(
  server: Server,
  sockets: readonly PassedSocket[],
  { names, tls, tlsOf, proxyOf }: SocketSelection,
  { backlog, signal, http2, listenCallback, handover }: Binding,
): BoundSockets {
  // Nothing is claimed yet: Node throws ERR_SERVER_ALREADY_LISTEN.
  if (server.listening) (nativeListen as () => Server).call(server);
  if (tls.length > 0 && isTlsServer(server)) throw tlsTwiceError();
  const subscription = signal && addAbortListener(signal, () => server.close());
  try {
    checkPermission();
    const selected = selectForServer(sockets, names);
    if (areConnections(selected.map(({ socket }) => socket)))
      refuseInWorker(selected, "listen() for a connection (Accept=yes)");
    if (handover) refuseConnections(selected);
    if (isBun) checkBun(server, selected, { tls: tls.length > 0, proxy: proxyOf !== undefined });
    const proxies = proxyOf && createProxyReceivers(selected, proxyOf);
    checkInternals(partsToBind(server, selected, { tls: tls.length > 0, proxy: (proxies?.size ?? 0) > 0 }));
    checkInternalsLater(server, listenCallback);
    const acceptors = new Map(tls.map((each) => [each, createTlsAcceptor(server, each, http2)]));
    claimSockets(selected);
    const bind = isBun ? bindOnBun : isWaitingToServe() ? bindServerLater : bindServer;
    bind(server, selected, {
      backlog,
      preambleOf: ({ name }) => ({
        proxy: proxies?.get(name),
        tls: acceptors.get(tlsOf(name) as PlacedTls)?.tls,
      }),
    });
    debug(
      () =>
        `bound ${selected.map(({ socket: { fd } }) => `fd ${fd}`).join(", ")}${backlog === undefined ? "" : `, backlog ${backlog}`}`,
    );
    if (subscription) server.once("close", () => subscription[Symbol.dispose]());
    return {
      sockets: selected.map(({ socket }) => socket),
      acceptors: [...acceptors.values()],
      proxies: [...(proxies?.values() ?? [])],
    };
  } catch (error) {
    subscription?.[Symbol.dispose]();
    throw error;
  }
}

/**
 * A process for one connection ends with the connection. A socket on standard input can't be passed on,
 * because no variable describes it.
 */
function refuseConnections(selected: readonly PassedSocket[]): void {
  const isConnection = areConnections(selected.map(({ socket }) => socket));
  if (!isConnection && !selected.some(({ fd }) => fd === 0)) return;
  throw handoverError(isConnection);
}

/** The Node internals that binding needs. A single plain listener needs only a few of them. */
function partsToBind(
  server: Server,
  selected: readonly PassedSocket[],
  { tls, proxy }: { tls: boolean; proxy: boolean },
): Part[] {
  const [first, ...others] = selected;
  const isPlain =
    others.length === 0 && !tls && !proxy && first?.socket.kind === "listener" && !first.fromPrimary;
  return [
    isPlain ? "listen" : "net",
    ...(tls || isTlsServer(server) ? (["tls"] as const) : []),
    ...(proxy ? (["proxy"] as const) : []),
  ];
}

/**
 * Checks the Node internals that draining needs, after the server has started to listen and before READY=1,
 * so that the first client does not wait for the check. If an internal is missing, the server emits `error`.
 */
function checkInternalsLater(server: Server, listenCallback: unknown): void {
  const check = (): void => {
    try {
      checkInternals(isHttpServer(server) ? ["net", "http"] : ["net"]);
    } catch (error) {
      emitStartupError(server, error as Error, listenCallback);
    }
  };
  server.once("listening", () => afterFirstResponse(check));
}
