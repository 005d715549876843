import type { Socket } from "node:net";
import type { ActivationError } from "../shared/errors.ts";
import { after } from "../shared/timers.ts";
import { headerError } from "./header-error.ts";
import type { ParsedHeader, ProxyHeader } from "./header.ts";
import { parseProxyHeader } from "./parse-header.ts";

/** Exactly one of these is called, unless the connection closes before its first byte. */
interface Callbacks {
  /** Called when the header has arrived. The bytes that have arrived after it are read from the socket after this call, as if they had arrived alone. */
  onHeader(header: ProxyHeader, bytes: Buffer): void;
  onFailure(error: ActivationError): void;
}

/**
 * Reads the PROXY header of a connection from which nothing has been read.
 *
 * @param timeout in milliseconds
 */
export function readHeader(socket: Socket, timeout: number, { onHeader, onFailure }: Callbacks): void {
  let received: Buffer = Buffer.alloc(0);
  const ignoreError = (): void => {};
  const fail = (error: ActivationError): void => {
    settle();
    onFailure(error);
  };
  const onClose = (): void => {
    // Health checks and port scans connect, and send nothing.
    if (received.length > 0) fail(headerError("The connection closed within the PROXY header"));
    else settle();
  };
  const timer = after(timeout, () =>
    fail(headerError(`The PROXY header has not arrived within ${timeout / 1000} s`)),
  );
  const { push } = socket;
  const settle = (): void => {
    clearTimeout(timer);
    socket.push = push;
    socket.off("close", onClose);
  };
  // Patches push of this socket, until the header has been read. Node calls it with what has arrived.
  socket.push = (chunk: Buffer | null): boolean => {
    if (chunk === null) {
      socket.destroy();
      return false;
    }
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    let parsed: ParsedHeader | undefined;
    try {
      parsed = parseProxyHeader(received);
    } catch (error) {
      fail(error as ActivationError);
      return false;
    }
    if (parsed === undefined) return true;
    settle();
    socket.off("error", ignoreError);
    onHeader(parsed.header, Buffer.from(received.subarray(0, parsed.length)));
    const rest = received.subarray(parsed.length);
    return socket.destroyed || rest.length === 0 || socket.push(rest);
  };
  socket.on("error", ignoreError).on("close", onClose);
  // Begins to read, if the server has the option `pauseOnConnect`.
  socket.read(0);
}
