import { Socket } from "node:net";
import process from "node:process";

/** libuv's class of pipe handles. It has no public name, and is the same from Node 20 to 26. */
type PipeClass = new (type: number) => { open(fd: number): number; unref(): void };

/**
 * The address to which a unix socket is connected: a path, or `@name`. Null if it is not connected, undefined
 * if this Node can't determine it.
 *
 * It uses getpeername(2), which works in any network namespace, whereas /proc/net lists only the sockets of
 * its own. This needs a handle, which owns the descriptor and makes it non-blocking. The handle does not
 * read, and does not keep the event loop alive.
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

/** A socket creates its pipe handle when it begins to connect to a path. */
function pipeClass(): PipeClass {
  const socket = new Socket();
  socket.on("error", () => {});
  socket.connect("/");
  const { _handle } = socket as unknown as { _handle: { constructor: PipeClass } };
  socket.destroy();
  return _handle.constructor;
}
