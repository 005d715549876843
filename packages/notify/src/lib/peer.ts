import { Socket } from "node:net";
import process from "node:process";

/** The class of libuv's pipe handles, which has no public name. The same from Node 20 to 26. */
type PipeClass = new (type: number) => { open(fd: number): number; unref(): void };

/**
 * Where a unix socket is connected to: a path, or `@name`. Null when it is not connected; undefined when this Node can't tell.
 *
 * It asks the kernel (getpeername(2)), and so works in any network namespace, of which /proc/net would show but its own. The
 * handle it needs owns the descriptor from then on and makes it non-blocking; it neither reads nor keeps the event loop alive.
 */
export function peerOf(fd: number): string | null | undefined {
  const report = process.report as typeof process.report & { excludeNetwork?: boolean };
  const before = report.excludeNetwork;
  try {
    const handle = new (pipeClass())(0);
    handle.unref();
    if (handle.open(fd) !== 0) return null;
    // Or it would look up the host names of all connections.
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

/** A socket has a pipe handle as soon as it is to connect to a path. */
function pipeClass(): PipeClass {
  const socket = new Socket();
  socket.on("error", () => {});
  socket.connect("/");
  const { _handle } = socket as unknown as { _handle: { constructor: PipeClass } };
  socket.destroy();
  return _handle.constructor;
}
