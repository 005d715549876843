import type { IncomingMessage, Server as HttpServer } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import { isIP, type Server, type Socket } from "node:net";
import { connectionHandleOf, handshakeOf, isHttpServer } from "../shared/node-internals.ts";
import { processState } from "../shared/process-state.ts";
import type { ProxiedHandle } from "../shared/proxied-handle.ts";

const trusting = processState("trust proxy", { servers: new WeakSet<Server>() });

/** How long a client may still send a body that the app does not read, in milliseconds. It is that of nginx. */
const LINGER_TIME = 30_000;

/** The events of a server whose first argument is a request. */
const requestEvents = new Set(["request", "checkContinue", "checkExpectation", "upgrade", "connect"]);

/**
 * Sets the client of each request that comes over a unix socket from the headers of the proxy. Frameworks read
 * the address and the scheme from the connection, so they need no setting of their own. Has no effect on a
 * server that does not speak HTTP. See decisions/039-hosts.md.
 */
export function trustProxy(server: Server): void {
  if (!isHttpServer(server) || trusting.servers.has(server)) return;
  trusting.servers.add(server);
  // Node drops the headers after the 1,000th, and the proxy's may be the last. Their size stays limited.
  (server as HttpServer).maxHeadersCount = 0;
  const emit = server.emit as (this: Server, event: string, ...args: unknown[]) => boolean;
  // Patches emit of this server: a listener of `upgrade` or `connect` would change what Node does.
  server.emit = function (this: Server, event: string, ...args: unknown[]): boolean {
    if (requestEvents.has(event)) {
      const request = args[0] as IncomingMessage | Http2ServerRequest;
      // A TCP client may send any header.
      if (isOfUnixSocket(request.socket)) {
        setClient(request);
        if (!("stream" in request)) linger(request);
      }
    }
    return emit.call(this, event, ...args);
  } as typeof server.emit;
}

function isOfUnixSocket(socket: Socket): boolean {
  const handle = connectionHandleOf(handshakeOf(socket) ?? socket) as ProxiedHandle | null | undefined;
  return handle != null && handle.getpeername === undefined;
}

/** Sets the properties of a connection that Node has no value for. */
function setClient(request: IncomingMessage | Http2ServerRequest): void {
  const { headers, socket } = request;
  const address = lastOf(headers["x-forwarded-for"]);
  const family = isIP(address);
  const properties: Record<string | symbol, unknown> = {
    remoteAddress: family === 0 ? undefined : address,
    remoteFamily: family === 0 ? undefined : `IPv${family}`,
    encrypted: lastOf(headers["x-forwarded-proto"]) === "https" || undefined,
  };
  if ("stream" in request) {
    // The requests of an HTTP/2 connection may be those of several clients.
    const get = (of: Socket, name: string | symbol): unknown =>
      name in properties ? properties[name] : Reflect.get(of, name);
    const value = new Proxy(socket, { get });
    Object.defineProperties(request, { socket: { value }, connection: { value } });
    return;
  }
  for (const [name, value] of Object.entries(properties))
    Object.defineProperty(socket, name, { value, configurable: true, writable: true, enumerable: true });
}

/**
 * Lets the proxy read a response, such as 413, that ends before its request. The proxy sends one request on each
 * connection, so Node closes it after the response. With unread bytes, that is a reset, and the proxy would answer
 * that the app is not available.
 */
function linger(request: IncomingMessage): void {
  request.socket.destroySoon = function (this: Socket): void {
    delete (this as Partial<Socket>).destroySoon;
    if (request.complete) {
      this.destroySoon();
      return;
    }
    this.end();
    const timer = setTimeout(() => this.destroy(), LINGER_TIME).unref();
    request.once("close", () => {
      clearTimeout(timer);
      this.destroySoon();
    });
  };
}

/** The value that the proxy has added. A client may have sent those before it. */
function lastOf(header: string | string[] | undefined): string {
  return String(header ?? "")
    .split(",")
    .at(-1)!
    .trim();
}
