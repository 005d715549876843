import type { IncomingMessage, Server as HttpServer } from "node:http";
import { isIP, type Server, type Socket } from "node:net";
import { connectionHandleOf, isHttpServer } from "../shared/node-internals.ts";
import { processState } from "../shared/process-state.ts";
import type { ProxiedHandle } from "../shared/proxied-handle.ts";

const trusting = processState("trust proxy", { servers: new WeakSet<Server>() });

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
  const fromUnixSockets = new WeakSet<Socket>();
  const emit = server.emit as (this: Server, event: string, ...args: unknown[]) => boolean;
  // Patches emit of this server: a listener of `upgrade` or `connect` would change what Node does.
  server.emit = function (this: Server, event: string, ...args: unknown[]): boolean {
    // A TCP client may send any header.
    if (event === "connection" && isOfUnixSocket(args[0] as Socket)) fromUnixSockets.add(args[0] as Socket);
    else if (requestEvents.has(event)) {
      const { socket, headers } = args[0] as IncomingMessage;
      if (fromUnixSockets.has(socket)) setClient(socket, headers);
    }
    return emit.call(this, event, ...args);
  } as typeof server.emit;
}

function isOfUnixSocket(socket: Socket): boolean {
  return (connectionHandleOf(socket) as ProxiedHandle | null)?.getpeername === undefined;
}

/** Sets the properties of a connection that Node has no value for. */
function setClient(socket: Socket, headers: IncomingMessage["headers"]): void {
  const address = lastOf(headers["x-forwarded-for"]);
  const family = isIP(address);
  const properties = {
    remoteAddress: family === 0 ? undefined : address,
    remoteFamily: family === 0 ? undefined : `IPv${family}`,
    encrypted: lastOf(headers["x-forwarded-proto"]) === "https" || undefined,
  };
  for (const [name, value] of Object.entries(properties))
    Object.defineProperty(socket, name, { value, configurable: true, writable: true, enumerable: true });
}

/** The value that the proxy has added. A client may have sent those before it. */
function lastOf(header: string | string[] | undefined): string {
  return String(header ?? "")
    .split(",")
    .at(-1)!
    .trim();
}
