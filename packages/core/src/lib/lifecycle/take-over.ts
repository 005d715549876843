import type { Server as HttpServer } from "node:http";
import process from "node:process";
import { isWaitingToServe, serve } from "../activation/serving.ts";
import { keepAwake } from "./idle.ts";
import { servedSockets } from "../shared/served-sockets.ts";
import {
  type OldProcessMessage,
  onOldProcessEnd,
  onOldProcessMessage,
  sendToOldProcess,
} from "../shared/handover-channel.ts";
import { acceptHandle, isSentAway } from "../shared/node-connections.ts";
import type { ConnectionHandle } from "../shared/node-internals.ts";
import { restoreProxyHeader } from "../proxy-protocol/client-address.ts";
import { expectNoHeader } from "../shared/proxied-handle.ts";
import { once, processState } from "../shared/process-state.ts";
import { ERROR, writeLine } from "../shared/standard-error.ts";
import { after } from "../shared/timers.ts";
import { resumeSessions, type TlsSessions } from "../shared/tls-sessions.ts";

const takeOver = processState("take over", {
  /** Called when the other process has handed over. */
  onServe: () => {},
  /** Whether the other process sends no more connections. */
  haveMoved: false,
  /** Called when it sends no more. */
  movedListeners: new Set<() => void>(),
  /** Connections from the other process that no server has yet. */
  arrived: [] as [message: ConnectionMessage, connection: ConnectionHandle][],
  /** Limits their wait. */
  timer: undefined as NodeJS.Timeout | undefined,
});

type ConnectionMessage = Extract<OldProcessMessage, { act: "connection" }>;

/** How long the other process may take to stop sending connections, in milliseconds. */
const MOVED_MS = 2000;

/** How long an idle connection waits at most for others that arrive, in milliseconds. */
const ARRIVAL_MS = 1000;

/**
 * How much longer than `keepAliveTimeout` an idle connection from another process stays open, in
 * milliseconds.
 */
const KEEP_ALIVE_BUFFER_MS = 1000;

/** Listens to the process that hands over to this one. */
export function followPredecessor(): void {
  once("follow predecessor", follow);
}

function follow(): void {
  // Loaded now: the old process may have read PROXY headers even if this one does not.
  const restore = restoreProxyHeader;
  onOldProcessMessage((message, handle) => {
    if (message.act === "serve") startServing(message.sessions);
    else if (message.act === "moved") noteMoved();
    else {
      const connection = handle as ConnectionHandle;
      expectNoHeader(connection);
      if (message.header !== undefined) restore(connection, message.header);
      noteConnection(message, connection);
    }
  });
  onOldProcessEnd(() => {
    serveArrived();
    if (!isWaitingToServe()) return;
    writeLine("sockact: the process that was to hand over to this one has ended", ERROR);
    process.exit(1);
  });
  // An app that does not listen must end instead of waiting.
  process.channel?.unref();
}

/**
 * Reports to the old process that everything is ready. Resolves when that process has stopped accepting and
 * this one accepts. Until then, connecting clients wait in the kernel.
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
 * Resolves when the old process sends no more connections, or has ended. Undefined if no process sends
 * connections, because a process that falls asleep must not wait.
 *
 * @param patience how long that process may continue to send, in milliseconds. It is then asked to stop
 *   sending.
 * @param answerIn how long it may take to react, in milliseconds, but at most two seconds
 */
export function connectionsMoved(patience: number, answerIn: number): Promise<void> | undefined {
  if (isFirst() || takeOver.haveMoved) return undefined;
  const asking = after(patience, () => sendToOldProcess({ act: "stopping" }));
  return new Promise((resolve) => {
    const limit = after(patience + Math.min(answerIn, MOVED_MS), resolve);
    onceMoved(() => {
      for (const timer of [asking, limit]) clearTimeout(timer);
      resolve();
    });
  });
}

function onceMoved(listener: () => void): void {
  takeOver.movedListeners.add(listener);
  onOldProcessEnd(listener);
}

/** Whether the old process has not handed over yet, or has ended since. */
function isFirst(): boolean {
  return isWaitingToServe() || !process.connected;
}

/**
 * Resolves when the old process has ended, or after `timeout` milliseconds. Undefined if there is none,
 * because an app may end the process at once when its connections have ended.
 */
export function oldProcessEnds(timeout: number): Promise<void> | undefined {
  if (isFirst()) return undefined;
  // Nothing else may keep this process alive.
  process.channel?.ref();
  return new Promise((resolve) => {
    onOldProcessEnd(resolve);
    after(timeout, resolve)?.unref();
  });
}

function startServing(sessions: Readonly<Record<number, TlsSessions>>): void {
  serve();
  // A process that falls asleep waits for the end of the old one, and meanwhile accepts nothing.
  onOldProcessEnd(keepAwake());
  for (const [fd, { tls }] of servedSockets) {
    const known = sessions[fd];
    if (tls !== undefined && known !== undefined) resumeSessions(tls, known);
  }
  takeOver.onServe();
}

/**
 * Keeps a connection until no other one follows at once. The other process waits after each of them until
 * this one has it. If their clients were served meanwhile, each would delay the next one.
 */
function noteConnection(message: ConnectionMessage, connection: ConnectionHandle): void {
  takeOver.arrived.push([message, connection]);
  // Sent at once, before anything is read from the connection. If this process ends later, the old one knows
  // that the connection was here.
  sendToOldProcess({ act: "taken" });
  if (message.isMore) takeOver.timer ??= after(ARRIVAL_MS, serveArrived);
  else serveArrived();
}

function serveArrived(): void {
  clearTimeout(takeOver.timer);
  takeOver.timer = undefined;
  for (const [message, connection] of takeOver.arrived.splice(0)) serveConnection(message, connection);
}

function noteMoved(): void {
  serveArrived();
  takeOver.haveMoved = true;
  for (const listener of takeOver.movedListeners) listener();
}

/**
 * Serves a connection that the old process accepted, even if the server no longer accepts. If the server is
 * closed, closes the connection.
 */
function serveConnection({ fd }: ConnectionMessage, connection: ConnectionHandle): void {
  const served = servedSockets.get(fd);
  if (served === undefined) return connection.close();
  const { server, handle } = served;
  const socket = acceptHandle(server, handle, connection);
  const { keepAliveTimeout = 0 } = server as Partial<HttpServer>;
  if (keepAliveTimeout === 0 || socket === undefined) return;
  const endIfUnused = (): void => {
    // Without a handle, it is in transit to the next process.
    if (socket.bytesRead === 0 && !isSentAway(socket)) socket.destroySoon();
  };
  // At the end of the turn, everything that had arrived is read.
  const timer = after(keepAliveTimeout + KEEP_ALIVE_BUFFER_MS, () => setImmediate(endIfUnused))?.unref();
  socket.once("close", () => clearTimeout(timer));
}
