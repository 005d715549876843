import type { Server as HttpServer } from "node:http";
import process from "node:process";
import { predecessor } from "@sockact/notify/internal";
import { isWaitingToServe, serve } from "../activation/serving.ts";
import { servedSockets } from "../shared/served-sockets.ts";
import { onOldProcessMessage, sendToOldProcess, takeChannel } from "../shared/handover-channel.ts";
import { acceptHandle, type ConnectionHandle, handleOf } from "../shared/node-internals.ts";
import { once, processState } from "../shared/process-state.ts";
import { writeLine } from "../shared/standard-error.ts";
import { after } from "../shared/timers.ts";
import { resumeSessions, type TlsSessions } from "../shared/tls-sessions.ts";

const takeOver = processState("take over", {
  /** Called when the other process has handed over. */
  onServe: () => {},
});

/** How much longer than `keepAliveTimeout` an idle connection stays open that another process has accepted, in milliseconds. */
const KEEP_ALIVE_BUFFER_MS = 1000;

// The channel is taken as early as possible, before the app looks for it.
if (predecessor() !== undefined) once("follow predecessor", followPredecessor);

function followPredecessor(): void {
  takeChannel();
  onOldProcessMessage((message, handle) => {
    if (message.act === "serve") startServing(message.sessions);
    else takeConnection(message.fd, handle as ConnectionHandle);
  });
  process.once("disconnect", () => {
    if (!isWaitingToServe()) return;
    writeLine("sockact: the process that was to hand over to this one has ended");
    process.exit(1);
  });
  process.once("exit", (code) => {
    if (isWaitingToServe()) sendToOldProcess({ act: "exit", code });
  });
  // An app that does not listen must end, not wait.
  process.channel?.unref();
}

/**
 * Reports to the process that hands over to this one that everything is ready. Fulfils when that process accepts nothing more, and this one does. Until then,
 * clients that connect wait in the kernel.
 *
 * @param fds the numbers of the passed sockets that this process serves
 */
export function untilHandedOver(fds: readonly number[]): Promise<void> {
  return new Promise((resolve) => {
    takeOver.onServe = resolve;
    sendToOldProcess({ act: "ready", pid: process.pid, fds });
  });
}

/**
 * Fulfils when the process that has handed over to this one has ended, or after `timeout` milliseconds. Undefined if there is no such process, because an app may
 * end the process at once when its connections have ended.
 */
export function oldProcessEnds(timeout: number): Promise<void> | undefined {
  if (predecessor() === undefined || !process.connected) return undefined;
  return new Promise((resolve) => {
    process.once("disconnect", resolve);
    after(timeout, resolve)?.unref();
  });
}

function startServing(sessions: Readonly<Record<number, TlsSessions>>): void {
  serve();
  for (const [fd, { tls }] of servedSockets) {
    const known = sessions[fd];
    if (tls !== undefined && known !== undefined) resumeSessions(tls, known);
  }
  takeOver.onServe();
}

/** Serves a connection that the old process has accepted. If the app has closed the server of its socket, the connection closes. */
function takeConnection(fd: number, connection: ConnectionHandle): void {
  const served = servedSockets.get(fd);
  if (served !== undefined && handleOf(served.server) !== undefined) {
    const { server, handle } = served;
    const socket = acceptHandle(server, handle, connection);
    const { keepAliveTimeout = 0 } = server as Partial<HttpServer>;
    if (keepAliveTimeout > 0 && socket !== undefined) {
      const timer = after(keepAliveTimeout + KEEP_ALIVE_BUFFER_MS, () => {
        if (socket.bytesRead === 0) socket.destroySoon();
      })?.unref();
      socket.once("close", () => clearTimeout(timer));
    }
  } else connection.close();
  // Written at once, before anything is read from the connection. So if this process ends later, the old one knows that the connection was here.
  sendToOldProcess({ act: "taken" });
}
