// Binds a socket, sends it to the parent process, and exits. libuv accepts from each listening handle of its
// event loop, so a process that keeps a socket for others must not listen on it. A handle that arrives over
// IPC is not polled.
import { createSocket } from "node:dgram";
import { unlinkSync } from "node:fs";
import { createServer } from "node:net";
import process from "node:process";
import type { BindAnswer, BindRequest } from "../lib/run/bind.ts";

/** The kernel lowers it to net.core.somaxconn, as with `Backlog=` of systemd. */
const BACKLOG = 4096;

const request = JSON.parse(process.argv[2] as string) as BindRequest;
const answer = (message: BindAnswer, handle?: unknown): void => {
  // Ends before the event loop polls the handle, so no connection is accepted here. There is no cleanup:
  // closing the handle would remove the file of a unix socket.
  process.send?.(message, handle as never, {}, () => process.kill(process.pid, "SIGKILL"));
};
const fail = ({ code, message }: NodeJS.ErrnoException): void => answer({ error: { code, message } });

if (request.isDatagram) bindDatagram(request.host === undefined ? "::" : request.host);
else {
  const server = createServer();
  server.on("error", fail);
  server.listen({ ...request, backlog: BACKLOG, exclusive: true }, () => {
    // If the parent was killed before the file existed, only this process can remove it.
    if (request.path !== undefined && process.ppid !== request.parent) unlinkSync(request.path);
    const address = server.address();
    answer({ port: typeof address === "object" ? address?.port : undefined }, handleOf(server));
  });
}

/** Without IPv6, "all addresses" means all IPv4 addresses. */
function bindDatagram(host: string): void {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  socket.on("error", (error: NodeJS.ErrnoException) =>
    request.host === undefined &&
    host === "::" &&
    /^E(?:AFNOSUPPORT|ADDRNOTAVAIL|INVAL)$/.test(error.code ?? "")
      ? bindDatagram("0.0.0.0")
      : fail(error),
  );
  socket.bind({ address: host, port: request.port, exclusive: true }, () =>
    answer({ port: socket.address().port }, handleOf(socket)),
  );
}

/** The handle of a server or UDP socket. Node has no public name for it. */
function handleOf(owner: object): unknown {
  // A UDP socket also has a deprecated `_handle`, which prints a warning.
  const state = Object.getOwnPropertySymbols(owner).find(({ description }) => description === "state symbol");
  return state === undefined
    ? (owner as { _handle?: unknown })._handle
    : (owner as Record<symbol, { handle?: unknown }>)[state]?.handle;
}
