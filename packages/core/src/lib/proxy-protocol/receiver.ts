import { EventEmitter } from "node:events";
import { type BlockList, isIP, type Server, type Socket } from "node:net";
import { type ConnectionHandle, connectionHandleOf } from "../shared/node-internals.ts";
import type { ActivationError } from "../shared/errors.ts";
import { hasProxyHeader, senderOf, setProxyHeader } from "./client-address.ts";
import { headerError } from "./header-error.ts";
import { readHeader } from "./read-header.ts";
import type { ProxyRules } from "./senders.ts";

/** A connection that was closed instead of served. */
interface Rejection {
  /** The `FileDescriptorName=` of the socket that has accepted it. */
  readonly name: string;
  /** The address at the other end, or `unix`. Undefined if it is not known. */
  readonly sender: string | undefined;
  readonly error: ActivationError;
}

interface Events {
  /** A connection has been accepted, and its header is awaited. */
  connection: [Socket];
  rejected: [Rejection];
}

/** Reads the PROXY header of each connection that a socket accepts, before its server gets the connection. */
export class ProxyReceiver extends EventEmitter<Events> {
  readonly #name: string;
  readonly #rules: ProxyRules;

  /** @param name the `FileDescriptorName=` of the socket */
  constructor(name: string, rules: ProxyRules) {
    super();
    this.#name = name;
    this.#rules = rules;
  }

  /**
   * Makes a server emit `connection` when the header of this connection has been read. If the header is missing, late, or not valid, the connection closes.
   *
   * @param socket a connection from which nothing has been read
   */
  receive(socket: Socket, server: Server): void {
    const handle = connectionHandleOf(socket);
    if (hasProxyHeader(handle)) {
      server.emit("connection", socket);
      return;
    }
    // Over IPv6, the kernel writes an IPv4 address as ::ffff:192.0.2.1.
    const sender = senderOf(handle)?.replace(/^::ffff:(?=\d+\.)/i, "");
    this.emit("connection", socket);
    if (!this.#rules.isTrusted(sender)) {
      this.#reject(socket, sender, senderError(sender));
      return;
    }
    const setHeaderLength = hideHeader(handle);
    readHeader(socket, this.#rules.timeout, {
      onHeader(header, bytes) {
        setHeaderLength(bytes.length);
        setProxyHeader(handle, bytes, header);
        if (isBlocked(socket, header.source?.address)) socket.destroy();
        else server.emit("connection", socket);
      },
      onFailure: (error) => this.#reject(socket, sender, error),
    });
  }

  #reject(socket: Socket, sender: string | undefined, error: ActivationError): void {
    socket.destroy();
    this.emit("rejected", { name: this.#name, sender, error });
  }
}

/**
 * Leaves the header out of the number of bytes that have been read from a connection. A connection that has sent nothing else is a new one, also for a drain.
 *
 * @returns sets the length of the header. Until then, all bytes belong to it.
 */
function hideHeader(handle: ConnectionHandle): (length: number) => void {
  let headerLength = Infinity;
  const read = (): number =>
    Reflect.get(Object.getPrototypeOf(handle) as object, "bytesRead", handle) as number;
  // Patches bytesRead of this handle.
  Object.defineProperty(handle, "bytesRead", { get: () => Math.max(0, read() - headerLength) });
  return (length) => (headerLength = length);
}

/** Whether the server refuses this client (`blockList` of Node 24). Node itself has checked only the address of the proxy. */
function isBlocked(socket: Socket, address = ""): boolean {
  const { server } = socket as Socket & { server?: Server & { blockList?: BlockList } };
  const family = isIP(address);
  return family !== 0 && server?.blockList?.check(address, family === 6 ? "ipv6" : "ipv4") === true;
}

function senderError(sender: string | undefined): ActivationError {
  return headerError(
    `${sender === undefined ? "A client whose address is not known" : sender} is not in proxyProtocol.from`,
    `If it is a load balancer of yours, add ${sender ?? "its address"} to from, and restart the service. For clients that connect directly, pass a second socket without proxyProtocol.`,
  );
}
