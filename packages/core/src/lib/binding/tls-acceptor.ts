import {
  createSecureServer,
  type SecureServerOptions,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import type { Server } from "node:net";
import { createServer, type SecureContext, type Server as TlsServer, type TLSSocket } from "node:tls";
import { ActivationError } from "../shared/errors.ts";
import { type HttpLimits, limitSession } from "./http2-limits.ts";
import { inherit, type Place, readIdentity, type TlsOptions } from "./tls-identity.ts";

/**
 * Uses TLS for a server without TLS. It does not listen itself, and passes each connection to the server
 * after the handshake.
 */
export interface TlsAcceptor {
  readonly tls: TlsServer;
  /**
   * Reads the files again, and throws if they can't be used. Nothing changes until you call the returned
   * function. New connections then use the new content.
   */
  reread(): () => void;
}

/** The TLS of one socket or all sockets. */
export interface PlacedTls extends Place {
  options: TlsOptions;
}

/**
 * @param http2 whether the `request` listener can answer HTTP/2. HTTP/2 is then offered, unless
 *   `ALPNProtocols` is set.
 * @throws ActivationError `SOCKACT_ERR_TLS_FILE`, `SOCKACT_ERR_TLS`
 */
export function createTlsAcceptor(server: Server, placed: PlacedTls, http2: boolean): TlsAcceptor {
  const { sni, ...own } = placed.options;
  const ALPNProtocols = own.ALPNProtocols ?? (http2 ? ["h2", "http/1.1"] : ["http/1.1"]);
  // Before the names of sni, which inherit from it, so an error names the option that is wrong.
  const identity = readIdentity(own, placed).options;
  let hosts = readHosts(placed);
  // Not addContext(): Node would keep the contexts that a reload replaces.
  const SNICallback: TlsOptions["SNICallback"] = (name, callback) => {
    const host = hosts.findLast(({ pattern }) => pattern.test(name));
    if (host === undefined && own.SNICallback) own.SNICallback(name, callback);
    else callback(null, host?.context);
  };
  const settings = { ...identity, ALPNProtocols, ...(sni && { SNICallback }) };
  const tls =
    http2 && offersHttp2(ALPNProtocols)
      ? createHttp2Acceptor(server, settings)
      : createHttp1Acceptor(server, settings);
  // As in node:https, the connection ends if the client closes its side during the handshake.
  tls.prependListener("connection", (socket) => (socket.allowHalfOpen = false));
  tls.on("tlsClientError", (error, socket) => server.emit("tlsClientError", error, socket));
  return {
    tls,
    reread() {
      const [renewed, read] = [readIdentity(own, placed).options, readHosts(placed)];
      return () => {
        tls.setSecureContext(renewed);
        hosts = read;
      };
    },
  };
}

/**
 * Reports errors of TLS options before a server listens.
 *
 * @throws ActivationError `SOCKACT_ERR_TLS_FILE`, `SOCKACT_ERR_TLS`, `SOCKACT_ERR_OPTION` if the options
 *   offer HTTP/2 and the framework can't answer it
 */
export function checkTlsUsable(placed: PlacedTls, http2: boolean): void {
  const { options } = placed;
  readIdentity(options, placed);
  readHosts(placed);
  if (!http2 && offersHttp2(options.ALPNProtocols)) {
    throw new ActivationError(
      "SOCKACT_ERR_OPTION",
      "The option tls.ALPNProtocols offers h2, and this framework can't answer HTTP/2",
      "Leave ALPNProtocols out. Koa and Fastify can answer HTTP/2.",
    );
  }
}

/** A name of `sni`. */
interface Host {
  /** Matches the name that a client requests. */
  pattern: RegExp;
  context: SecureContext;
}

function readHosts({ options: { sni = {}, ...own }, where, owner }: PlacedTls): Host[] {
  return Object.entries(sni).map(([name, identity]) => {
    const place = {
      where: `${where}.sni[${JSON.stringify(name)}]`,
      owner: [...owner, name.replaceAll("*", "_")],
    };
    return { pattern: patternOf(name), context: readIdentity(inherit(identity, own), place).context };
  });
}

/** As in addContext(), a `*` stands for one label. */
function patternOf(name: string): RegExp {
  return new RegExp(`^${name.replaceAll(/[^\w*]/g, "\\$&").replaceAll("*", "[^.]*")}$`, "i");
}

/** Whether a list of protocols, in either of Node's forms, contains HTTP/2. */
export function offersHttp2(protocols: TlsOptions["ALPNProtocols"]): boolean {
  return protocolsOf(protocols).includes("h2");
}

function protocolsOf(protocols: TlsOptions["ALPNProtocols"] = []): string[] {
  if (Array.isArray(protocols)) return protocols as string[];
  // The wire format: each name follows a byte with its length.
  const bytes = Buffer.from(protocols as Uint8Array);
  const names: string[] = [];
  for (let at = 0; at < bytes.length; at += 1 + (bytes[at] as number))
    names.push(bytes.toString("latin1", at + 1, at + 1 + (bytes[at] as number)));
  return names;
}

function createHttp1Acceptor(server: Server, options: object): TlsServer {
  return createServer(options, (socket) => server.emit("connection", socket));
}

/**
 * HTTP/2 needs a separate server, which forwards the requests. A connection of HTTP/1.1 goes to the original
 * server.
 */
function createHttp2Acceptor(server: Server, { ALPNProtocols, ...options }: TlsOptions): TlsServer {
  const protocols = protocolsOf(ALPNProtocols);
  // Node overwrites ALPNProtocols of such a server. This chooses the first of our protocols that the client
  // supports. Without one, the handshake fails, as with the option.
  const ALPNCallback: SecureServerOptions["ALPNCallback"] = ({ protocols: known }) =>
    protocols.find((protocol) => known.includes(protocol));
  const tls = createSecureServer(
    { ...options, ALPNCallback } as SecureServerOptions,
    (request: Http2ServerRequest, response: Http2ServerResponse) => server.emit("request", request, response),
  );
  tls.on("unknownProtocol", (socket: TLSSocket) => server.emit("connection", socket));
  tls.on("session", (session) => limitSession(session, server as HttpLimits));
  return tls;
}
