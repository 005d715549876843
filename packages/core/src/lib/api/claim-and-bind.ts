import { addAbortListener } from "node:events";
import type { Server } from "node:net";
import type { PassedSocket } from "../activation/passed-socket.ts";
import { bindServer } from "../binding/bind-server.ts";
import type { BoundSockets } from "../binding/bound.ts";
import { claimSockets, selectForServer } from "../binding/claim.ts";
import { checkPermission } from "../binding/permission.ts";
import { createTlsAcceptor } from "../binding/tls-acceptor.ts";
import type { TlsOptions } from "../binding/tls-identity.ts";
import { debug } from "../shared/debug.ts";
import { ActivationError } from "../shared/errors.ts";
import { afterFirstResponse } from "../shared/first-response.ts";
import { checkInternals, type Part } from "../shared/internals-check.ts";
import { isHttpServer, isTlsServer, nativeListen } from "../shared/node-internals.ts";
import { emitStartupError } from "./manage-server.ts";
import type { SocketSelection } from "./options.ts";

/** The listen options of the caller that apply to a socket which is already bound. */
export interface BindOptions {
  backlog?: number | undefined;
  signal?: AbortSignal | undefined;
  /** What was given to `listen()` to be called. */
  listenCallback?: unknown;
}

/**
 * Claims the selected sockets and binds the server to them, which then emits `listening` or `error`.
 *
 * @param http2 whether what listens to `request` can answer HTTP/2
 * @throws ActivationError what {@link selectForServer} throws, `ERR_OPTION` for `tls` with a server of TLS, `ERR_PERMISSION`, `ERR_NODE_INTERNALS`, `ERR_TLS`, `ERR_TLS_FILE`; and what server.listen() does:
 * `ERR_SERVER_ALREADY_LISTEN`, `ERR_INVALID_ARG_TYPE` for a signal that is none
 */
export function claimAndBind(
  server: Server,
  sockets: readonly PassedSocket[],
  { names, tls, tlsOf }: SocketSelection,
  { backlog, signal, listenCallback }: BindOptions,
  http2: boolean,
): BoundSockets {
  // Before anything is claimed: Node throws ERR_SERVER_ALREADY_LISTEN.
  if (server.listening) (nativeListen as () => Server).call(server);
  if (tls.length > 0 && isTlsServer(server)) throw tlsTwiceError();
  const subscription = signal && addAbortListener(signal, () => server.close());
  try {
    checkPermission();
    const selected = selectForServer(sockets, names);
    checkInternals(partsToBind(server, selected, tls.length > 0));
    checkInternalsLater(server, listenCallback);
    const acceptors = new Map(tls.map((each) => [each, createTlsAcceptor(server, each, http2)]));
    claimSockets(selected);
    bindServer(server, selected, {
      backlog,
      tlsFor: ({ name }) => acceptors.get(tlsOf(name) as TlsOptions)?.tls,
    });
    debug(
      () =>
        `bound ${selected.map(({ socket: { fd } }) => `fd ${fd}`).join(", ")}${backlog === undefined ? "" : `, backlog ${backlog}`}`,
    );
    if (subscription) server.once("close", () => subscription[Symbol.dispose]());
    return { sockets: selected.map(({ socket }) => socket), acceptors: [...acceptors.values()] };
  } catch (error) {
    subscription?.[Symbol.dispose]();
    throw error;
  }
}

/** Every connection would need TLS inside of TLS, which no client speaks. */
function tlsTwiceError(): ActivationError {
  return new ActivationError(
    "ERR_OPTION",
    "The option tls was given for a server that has TLS of its own (node:https, node:tls, http2.createSecureServer())",
    "Give tls only to a server without TLS of its own, such as one of node:http. A node:https server brings its TLS to every socket: leave tls out, or make the server with http.createServer(). With Fastify, leave out its https option.",
  );
}

/** What binding needs of Node: little for one listener, since nothing is joined or redirected. */
function partsToBind(server: Server, selected: readonly PassedSocket[], tls: boolean): Part[] {
  const [first, ...others] = selected;
  const isPlain = others.length === 0 && !tls && first?.socket.kind === "listener" && !first.fromPrimary;
  return [isPlain ? "listen" : "net", ...(tls || isTlsServer(server) ? (["tls"] as const) : [])];
}

/**
 * Checks what the rest of a server's life needs of Node: how its connections end. The first client does not wait for this. It comes before the service manager is
 * told that the service is ready; an error is one of the server, as with all that goes wrong after `listening`.
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
