import { Socket } from "node:net";
import process from "node:process";

/** The class of pipe handles of libuv. It has no public name, and is the same from Node 20 to 26. */
type PipeClass = new (type: number) => { open(fd: number): number; unref(): void };

/**
 * The address to which a unix socket is connected: a path, or `@name`. Null if it is not connected, and
 * undefined if this Node does not know.
 *
 * This asks the kernel (getpeername(2)). So it works in any network namespace, while /proc/net shows only its
 * own. It needs a handle, which owns the descriptor from then on and makes it non-blocking. The handle does
 * not read, and does not keep the event loop alive.
 */
export function peerOf(fd: number): string | null | undefined {
  const report = process.report as typeof process.report & { excludeNetwork?: boolean };
  const before = report.excludeNetwork;
  try {
    const handle = new (pipeClass())(0);
    handle.unref();
    if (handle.open(fd) !== 0) return null;
    // Otherwise the report looks up the host names of all connections.
    report.excludeNetwork = true;
    const { libuv } = report.getReport() as unknown as { libuv: ReportedHandle[] };
    const reported = libuv.find((candidate) => candidate.type === "pipe" && candidate.fd === fd);
    return reported && (reported.remoteEndpoint?.replace(/^\0/, "@") ?? null);
  } catch {
    return undefined;
  } finally {
    report.excludeNetwork = before as boolean;
  }
}

interface ReportedHandle {
  type: string;
  fd?: number;
  remoteEndpoint?: string | null;
}

/** A socket has a pipe handle as soon as it begins to connect to a path. */
function pipeClass(): PipeClass {
  const socket = new Socket();
  socket.on("error", () => {});
  socket.connect("/");
  const { _handle } = socket as unknown as { _handle: { constructor: PipeClass } };
  socket.destroy();
  return _handle.constructor;
}
