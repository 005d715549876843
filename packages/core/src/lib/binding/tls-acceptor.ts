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

/** What speaks TLS for a server that does not: it listens nowhere, and hands each connection on once the handshake is done. */
export interface TlsAcceptor {
  readonly tls: TlsServer;
  /** Reads the files again: connections from now on get what is in them. Throws when they can't be used, and nothing has changed. */
  reread(): void;
}

/**
 * @param http2 whether what listens to `request` can answer HTTP/2, which is then offered unless `ALPNProtocols` says otherwise
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
  // As with https: a client that goes in the middle of its handshake is gone.
  tls.prependListener("connection", (socket) => (socket.allowHalfOpen = false));
  tls.on("tlsClientError", (error, socket) => server.emit("tlsClientError", error, socket));
  return {
    tls,
    reread() {
      // All is read before anything is changed.
      const [identity, contexts] = [readIdentity(own), names()];
      tls.setSecureContext(identity);
      // Of two for one name, the later one counts.
      for (const [name, context] of contexts) tls.addContext(name, context);
    },
  };
}

/**
 * Finds out early what would be an error later.
 *
 * @throws ActivationError `ERR_TLS_FILE`, `ERR_TLS`, `ERR_OPTION` where HTTP/2 is asked of a framework that can't
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

/** Whether a list of protocols, in either form that Node takes, has HTTP/2. */
export function offersHttp2(protocols: TlsOptions["ALPNProtocols"]): boolean {
  return protocolsOf(protocols).includes("h2");
}

function protocolsOf(protocols: TlsOptions["ALPNProtocols"] = []): string[] {
  if (Array.isArray(protocols)) return protocols as string[];
  // As on the wire: each name behind its length.
  const bytes = Buffer.from(protocols as Uint8Array);
  const names: string[] = [];
  for (let at = 0; at < bytes.length; at += 1 + (bytes[at] as number))
    names.push(bytes.toString("latin1", at + 1, at + 1 + (bytes[at] as number)));
  return names;
}

function createHttp1Acceptor(server: Server, options: object): TlsServer {
  return createServer(options, (socket) => server.emit("connection", socket));
}

/** HTTP/2 needs a server of its own, which passes the requests on. What asks for HTTP/1.1 is handed on as it is. */
function createHttp2Acceptor(server: Server, { ALPNProtocols, ...options }: TlsOptions): TlsServer {
  const protocols = protocolsOf(ALPNProtocols);
  // Node replaces ALPNProtocols of such a server. The first of ours that the client knows, or the handshake fails, as with the option.
  const ALPNCallback: TlsOptions["ALPNCallback"] = ({ protocols: known }) =>
    protocols.find((protocol) => known.includes(protocol));
  const tls = createSecureServer(
    { ...options, ALPNCallback } as SecureServerOptions,
    (request: Http2ServerRequest, response: Http2ServerResponse) => server.emit("request", request, response),
  );
  tls.on("unknownProtocol", (socket: TLSSocket) => server.emit("connection", socket));
  tls.on("session", (session: Http2Session) => {
    const { keepAliveTimeout = 0 } = server as { keepAliveTimeout?: number };
    // As long as the server keeps an idle connection of HTTP/1.
    if (keepAliveTimeout > 0) session.setTimeout(keepAliveTimeout, () => session.close());
  });
  return tls;
}
