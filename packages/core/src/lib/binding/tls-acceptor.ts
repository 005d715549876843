import {
  createSecureServer,
  type SecureServerOptions,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type Http2Session,
} from "node:http2";
import type { Server } from "node:net";
import { createServer, type Server as TlsServer, type TLSSocket } from "node:tls";
import { ActivationError } from "../shared/errors.ts";
import { readIdentity, type TlsOptions } from "./tls-identity.ts";

/** Speaks TLS for a server that has none. It listens nowhere itself, and hands each connection to the server when the handshake is done. */
export interface TlsAcceptor {
  readonly tls: TlsServer;
  /** Reads the files again, for connections from now on. If they can't be used, it throws, and nothing changes. */
  reread(): void;
}

/**
 * @param http2 whether the `request` listener can answer HTTP/2. Then HTTP/2 is offered, unless `ALPNProtocols` says otherwise.
 * @throws ActivationError `ERR_TLS_FILE`, `ERR_TLS`
 */
export function createTlsAcceptor(server: Server, options: TlsOptions, http2: boolean): TlsAcceptor {
  const { sni = {}, ...own } = options;
  const ALPNProtocols = own.ALPNProtocols ?? (http2 ? ["h2", "http/1.1"] : ["http/1.1"]);
  const settings = { ...readIdentity(own), ALPNProtocols };
  const names = (): [string, ReturnType<typeof readIdentity>][] =>
    Object.entries(sni).map(([name, identity]) => [name, readIdentity(identity)]);
  const tls =
    http2 && offersHttp2(ALPNProtocols)
      ? createHttp2Acceptor(server, settings)
      : createHttp1Acceptor(server, settings);
  for (const [name, context] of names()) tls.addContext(name, context);
  // As in node:https, the connection ends if the client closes its side during the handshake.
  tls.prependListener("connection", (socket) => (socket.allowHalfOpen = false));
  tls.on("tlsClientError", (error, socket) => server.emit("tlsClientError", error, socket));
  return {
    tls,
    reread() {
      // Every file is read before anything changes.
      const [identity, contexts] = [readIdentity(own), names()];
      tls.setSecureContext(identity);
      // Node uses the context that was added last for a name.
      for (const [name, context] of contexts) tls.addContext(name, context);
    },
  };
}

/**
 * Reports the errors of TLS options early, before a server listens.
 *
 * @throws ActivationError `ERR_TLS_FILE`, `ERR_TLS`, `ERR_OPTION` if the options offer HTTP/2 and the framework can't answer it
 */
export function checkTlsUsable({ sni = {}, ...own }: TlsOptions, http2: boolean): void {
  for (const identity of [own, ...Object.values(sni)]) readIdentity(identity);
  if (!http2 && offersHttp2(own.ALPNProtocols)) {
    throw new ActivationError(
      "ERR_OPTION",
      "The option tls.ALPNProtocols offers h2, and this framework can't answer HTTP/2",
      "Leave ALPNProtocols out. Koa and Fastify can answer HTTP/2.",
    );
  }
}

/** Whether a list of protocols contains HTTP/2, in either form that Node accepts. */
export function offersHttp2(protocols: TlsOptions["ALPNProtocols"]): boolean {
  return protocolsOf(protocols).includes("h2");
}

function protocolsOf(protocols: TlsOptions["ALPNProtocols"] = []): string[] {
  if (Array.isArray(protocols)) return protocols as string[];
  // The form of the protocol: each name follows a byte with its length.
  const bytes = Buffer.from(protocols as Uint8Array);
  const names: string[] = [];
  for (let at = 0; at < bytes.length; at += 1 + (bytes[at] as number))
    names.push(bytes.toString("latin1", at + 1, at + 1 + (bytes[at] as number)));
  return names;
}

function createHttp1Acceptor(server: Server, options: object): TlsServer {
  return createServer(options, (socket) => server.emit("connection", socket));
}

/** HTTP/2 needs a separate server, which passes the requests on. A connection of HTTP/1.1 is handed to the original server. */
function createHttp2Acceptor(server: Server, { ALPNProtocols, ...options }: TlsOptions): TlsServer {
  const protocols = protocolsOf(ALPNProtocols);
  // Node overwrites ALPNProtocols of such a server. This picks the first of our protocols that the client knows. If there is none, the handshake fails, as
  // with the option.
  const ALPNCallback: TlsOptions["ALPNCallback"] = ({ protocols: known }) =>
    protocols.find((protocol) => known.includes(protocol));
  const tls = createSecureServer(
    { ...options, ALPNCallback } as SecureServerOptions,
    (request: Http2ServerRequest, response: Http2ServerResponse) => server.emit("request", request, response),
  );
  tls.on("unknownProtocol", (socket: TLSSocket) => server.emit("connection", socket));
  tls.on("session", (session: Http2Session) => {
    const { keepAliveTimeout = 0 } = server as { keepAliveTimeout?: number };
    // An idle session stays open as long as an idle HTTP/1 connection of the server.
    if (keepAliveTimeout > 0) session.setTimeout(keepAliveTimeout, () => session.close());
  });
  return tls;
}
