import { addAbortListener, once } from "node:events";
import { Server as TlsServer } from "node:tls";
import type { ListenOptions as NodeListenOptions, Server } from "node:net";
import type { ActivationResult } from "../activation/activation.ts";
import { bindServer } from "../binding/bind-server.ts";
import { type BoundSockets, NO_SOCKETS } from "../binding/bound.ts";
import type { ActivatedSocket } from "../activation/passed-socket.ts";
import { debug } from "../shared/debug.ts";
import { notActivated } from "../shared/errors.ts";
import { checkInternals } from "../shared/internals-check.ts";
import { isHttpServer, nativeListen } from "../shared/node-internals.ts";
import { createApp } from "../lifecycle/app.ts";
import { isManaged } from "../lifecycle/service-manager.ts";
import { readSettings } from "../lifecycle/settings.ts";
import { manageServer } from "./manage-server.ts";
import {
  allTls,
  type AppOptions,
  checkOptions,
  namesOf,
  ownOptions,
  type TakeOptions,
  tlsOf,
} from "./options.ts";
import "../cluster/primary.ts";
import { checkPermission } from "../binding/permission.ts";
import { readActivation } from "../activation/read.ts";
import { claimForServer } from "../binding/claim.ts";
import { createTlsAcceptor, offersHttp2 } from "../binding/tls-acceptor.ts";
import type { TlsOptions } from "../binding/tls-identity.ts";

/**
 * Which sockets to take, the lifecycle, and Node's own options of `server.listen()`: where to listen when none were passed (`port`, `host`,
 * `path`). Of these, `backlog` and `signal` apply to a passed socket too.
 */
export type ListenOptions = AppOptions & NodeListenOptions;

/** Where a server listens. */
export interface Listening {
  /** Whether on sockets that were passed to this process, rather than on the port or path of the options. */
  activated: boolean;
  /** Those sockets, in the order in which they were passed. Empty when not activated. */
  sockets: readonly ActivatedSocket[];
}

/**
 * Makes any server of Node (http, https, http2, net, tls) listen on the sockets that were passed to this process, or else as
 * `server.listen(options)` does. A connection that was passed (`Accept=yes`) is served instead, and the process ends when it has closed.
 *
 * - fulfils once the server listens on all of them;
 * - rejects with {@link ActivationError}: `ERR_NOT_ACTIVATED` (`required`, or no port and no path to listen on instead),
 *   `ERR_NAME_UNKNOWN`, `ERR_SOCKET_TAKEN`, `ERR_SOCKET_DATAGRAM`, `ERR_SOCKET_CONNECTED`, `ERR_SOCKET_UNBOUND`,
 *   `ERR_SOCKET_UNSUPPORTED`, `ERR_PERMISSION`, `ERR_NODE_INTERNALS`, `ERR_OPTION`, `ERR_TLS`, `ERR_TLS_FILE`, or a code of {@link activatedSockets};
 * - rejects with Node's own error when the server already listens, or can't, and when it is closed before it does.
 */
export async function listen(server: Server, options: ListenOptions = {}): Promise<Listening> {
  const { required, trustParent } = options;
  const [own, where] = ownOptions(options);
  checkOptions(own);
  const passed = readActivation(trustParent);
  if (!passed.activated) {
    if (required === true) throw notActivated(passed.reason);
    if (where.port === undefined && where.path === undefined)
      throw notActivated(passed.reason, "there is no port and no path to listen on instead");
    server.listen(where);
  }
  const http2 = allTls(own).some(({ ALPNProtocols }) => offersHttp2(ALPNProtocols));
  const bound = passed.activated ? listenOnPassed(server, passed, own, where, http2) : NO_SOCKETS;
  const app = createApp(readSettings(own), passed.activated);
  if (isManaged(app)) manageServer(server, app, bound);
  await untilListening(server);
  return { activated: passed.activated, sockets: bound.sockets };
}

/** The listen options of the caller that apply to a socket which is already bound. */
export interface BindOptions {
  backlog?: number | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Takes the sockets and binds the server to them, which then emits `listening` or `error`.
 *
 * @throws ActivationError what {@link claimForServer} throws; and what server.listen() does: `ERR_SERVER_ALREADY_LISTEN`,
 * `ERR_INVALID_ARG_TYPE` for a signal that is none
 */
export function listenOnPassed(
  server: Server,
  { sockets }: Extract<ActivationResult, { activated: true }>,
  take: TakeOptions,
  { backlog, signal }: BindOptions,
  http2: boolean,
): BoundSockets {
  // Before anything is taken: Node throws ERR_SERVER_ALREADY_LISTEN.
  if (server.listening) (nativeListen as () => Server).call(server);
  const subscription = signal && addAbortListener(signal, () => server.close());
  try {
    const tls = allTls(take);
    checkPermission();
    checkInternals(partsOf(server, tls.length > 0));
    const acceptors = new Map(tls.map((each) => [each, createTlsAcceptor(server, each, http2)]));
    const taken = claimForServer(sockets, namesOf(take));
    bindServer(server, taken, {
      backlog,
      tlsFor: ({ name }) => acceptors.get(tlsOf(take, name) as TlsOptions)?.tls,
    });
    debug(
      () =>
        `bound ${taken.map(({ socket: { fd } }) => `fd ${fd}`).join(", ")}${backlog === undefined ? "" : `, backlog ${backlog}`}`,
    );
    if (subscription) server.once("close", () => subscription[Symbol.dispose]());
    return { sockets: taken.map(({ socket }) => socket), acceptors: [...acceptors.values()] };
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

/** Fulfils with `listening`; rejects with `error`, or when the server is closed before it listens. */
async function untilListening(server: Server): Promise<void> {
  const settled = new AbortController();
  const { signal } = settled;
  const closed = once(server, "close", { signal }).then(() => {
    throw new Error("The server was closed before it listened");
  });
  try {
    await Promise.race([once(server, "listening", { signal }), closed]);
  } finally {
    closed.catch(() => {});
    settled.abort();
  }
}
