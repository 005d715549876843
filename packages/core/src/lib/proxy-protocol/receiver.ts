import { EventEmitter } from "node:events";
import { type BlockList, isIP, type Server, type Socket } from "node:net";
import type { PassedSocket } from "../activation/passed-socket.ts";
import { type ConnectionHandle, connectionHandleOf } from "../shared/node-internals.ts";
import type { ActivationError } from "../shared/errors.ts";
import { hasProxyHeader, senderOf, setProxyHeader } from "./client-address.ts";
import { headerError } from "./header-error.ts";
import { headers } from "../shared/proxied-handle.ts";
import { parseProxyHeader } from "./parse-header.ts";
import { readHeader } from "./read-header.ts";
import type { ProxyRules } from "./senders.ts";

/** A connection that was closed instead of served. */
interface Rejection {
  /** The `FileDescriptorName=` of the socket that accepted it. */
  readonly name: string;
  /** The address of the other end, or `unix`. Undefined if unknown. */
  readonly sender: string | undefined;
  readonly error: ActivationError;
}

interface Events {
  /** A connection was accepted, and its header is pending. */
  connection: [Socket];
  rejected: [Rejection];
}

/** Reads the PROXY header of each accepted connection before its server gets the connection. */
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
   * Makes a server emit `connection` after the header of this connection. If the header is missing, late or
   * invalid, closes the connection.
   *
   * @param socket a new connection
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
    hideHeader(handle, Infinity);
    // Patches bytesRead of this handle.
    Object.defineProperty(handle, "bytesRead", bytesReadAfterHeader);
    readHeader(socket, this.#rules.timeout, {
      onHeader(header, bytes) {
        hideHeader(handle, bytes.length);
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

/** The receivers of sockets with PROXY headers, by socket name. */
export function createProxyReceivers(
  sockets: readonly PassedSocket[],
  rulesOf: (name: string) => ProxyRules | undefined,
): Map<string, ProxyReceiver> {
  headers.parse ??= parseProxyHeader;
  const receivers = new Map<string, ProxyReceiver>();
  for (const { name } of sockets) {
    const rules = rulesOf(name);
    if (rules !== undefined && !receivers.has(name)) receivers.set(name, new ProxyReceiver(name, rules));
  }
  return receivers;
}

const HEADER_LENGTH = Symbol("sockact header length");

/** The handle of a connection whose header is not counted in bytesRead. */
interface HidingHandle extends ConnectionHandle {
  [HEADER_LENGTH]?: number;
}

/** One getter for all handles: with separate ones, V8 could not optimize Node's code for them. */
const bytesReadAfterHeader = {
  get(this: HidingHandle): number {
    const read = Reflect.get(Object.getPrototypeOf(this) as object, "bytesRead", this) as number;
    return Math.max(0, read - (this[HEADER_LENGTH] as number));
  },
};

/**
 * Subtracts the header from bytesRead of a connection. A connection that has sent nothing else is a new one,
 * also for a drain.
 *
 * @param length the length of the header. `Infinity` while the header arrives: all bytes belong to it.
 */
function hideHeader(handle: HidingHandle, length: number): void {
  handle[HEADER_LENGTH] = length;
}

/**
 * Whether the server rejects this client (`blockList` of Node 24). Node itself has checked only the address
 * of the proxy.
 */
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
