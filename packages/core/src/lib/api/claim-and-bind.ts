import { addAbortListener } from "node:events";
import type { Server } from "node:net";
import { Server as TlsServer } from "node:tls";
import type { PassedSocket } from "../activation/passed-socket.ts";
import { bindServer } from "../binding/bind-server.ts";
import type { BoundSockets } from "../binding/bound.ts";
import { claimForServer } from "../binding/claim.ts";
import { checkPermission } from "../binding/permission.ts";
import { createTlsAcceptor } from "../binding/tls-acceptor.ts";
import type { TlsOptions } from "../binding/tls-identity.ts";
import { debug } from "../shared/debug.ts";
import { checkInternals } from "../shared/internals-check.ts";
import { isHttpServer, nativeListen } from "../shared/node-internals.ts";
import type { SocketSelection } from "./options.ts";

/** The listen options of the caller that apply to a socket which is already bound. */
export interface BindOptions {
  backlog?: number | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Claims the selected sockets and binds the server to them, which then emits `listening` or `error`.
 *
 * @param http2 whether what listens to `request` can answer HTTP/2
 * @throws ActivationError what {@link claimForServer} throws, `ERR_PERMISSION`, `ERR_NODE_INTERNALS`, `ERR_TLS`, `ERR_TLS_FILE`; and what server.listen() does:
 * `ERR_SERVER_ALREADY_LISTEN`, `ERR_INVALID_ARG_TYPE` for a signal that is none
 */
export function claimAndBind(
  server: Server,
  sockets: readonly PassedSocket[],
  { names, tls, tlsOf }: SocketSelection,
  { backlog, signal }: BindOptions,
  http2: boolean,
): BoundSockets {
  // Before anything is claimed: Node throws ERR_SERVER_ALREADY_LISTEN.
  if (server.listening) (nativeListen as () => Server).call(server);
  const subscription = signal && addAbortListener(signal, () => server.close());
  try {
    checkPermission();
    checkInternals(partsOf(server, tls.length > 0));
    const acceptors = new Map(tls.map((each) => [each, createTlsAcceptor(server, each, http2)]));
    const claimed = claimForServer(sockets, names);
    bindServer(server, claimed, {
      backlog,
      tlsFor: ({ name }) => acceptors.get(tlsOf(name) as TlsOptions)?.tls,
    });
    debug(
      () =>
        `bound ${claimed.map(({ socket: { fd } }) => `fd ${fd}`).join(", ")}${backlog === undefined ? "" : `, backlog ${backlog}`}`,
    );
    if (subscription) server.once("close", () => subscription[Symbol.dispose]());
    return { sockets: claimed.map(({ socket }) => socket), acceptors: [...acceptors.values()] };
  } catch (error) {
    subscription?.[Symbol.dispose]();
    throw error;
  }
}

/** What serving needs of Node. */
function partsOf(server: Server, tls: boolean): Parameters<typeof checkInternals>[0] {
  return [
    "net",
    ...(isHttpServer(server) ? (["http"] as const) : []),
    ...(tls || server instanceof TlsServer ? (["tls"] as const) : []),
  ];
}
