import type { Server as HttpServer } from "node:http";
import process from "node:process";
import { isWaitingToServe, serve } from "../activation/serving.ts";
import { emit } from "./app.ts";
import { keepAwake } from "./idle.ts";
import { takeUpgraded } from "./take-upgraded.ts";
import { servedSockets } from "../shared/served-sockets.ts";
import {
  type OldProcessMessage,
  onOldProcessEnd,
  onOldProcessMessage,
  sendToOldProcess,
} from "../shared/handover-channel.ts";
import { type AdoptedConnection, keepers } from "../shared/connection-keepers.ts";
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
  /** Serves each connection from the other process that is not served yet. */
  arrived: [] as (() => void)[],
  /** The upgraded connections from the other process, by their numbers. */
  kept: new Map<number, AdoptedConnection>(),
  /** Why upgraded connections were declined. */
  reported: new Set<string>(),
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
    else if (message.act === "late") takeOver.kept.get(message.id)?.receive(message.data);
    else {
      const connection = handle as ConnectionHandle;
      expectNoHeader(connection);
      if (message.header !== undefined) restore(connection, message.header);
      if (message.kept === undefined) noteConnection(message, connection);
      else noteUpgraded(message, message.kept, connection);
    }
  });
  onOldProcessEnd(() => {
    serveArrived();
    takeOver.kept.clear();
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
    sendToOldProcess({ act: "ready", pid: process.pid, fds, keeps: [...keepers.keys()] });
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
  takeOver.arrived.push(() => serveConnection(message, connection));
  // Sent at once, before anything is read from the connection. If this process ends later, the old one knows
  // that the connection was here.
  sendToOldProcess({ act: "taken" });
  serveUnlessMore(message);
}

/**
 * Gives an upgraded connection to its keeper at once, because the old process must continue with one that the
 * keeper does not take.
 */
function noteUpgraded(
  message: ConnectionMessage,
  kept: NonNullable<ConnectionMessage["kept"]>,
  connection: ConnectionHandle,
): void {
  try {
    const adopted = takeUpgraded(message.fd, kept, connection);
    takeOver.kept.set(kept.id, adopted);
    // Nothing is read or written before the message is. If this process ends then, the old one has the
    // connection as it was.
    sendToOldProcess({ act: "taken" }, () => {
      takeOver.arrived.push(() => adopted.start());
      serveUnlessMore(message);
    });
  } catch (error) {
    // All connections of a keeper may have the same error.
    const kind = String(error);
    if (!takeOver.reported.has(kind)) emit({ type: "error", error });
    takeOver.reported.add(kind);
    sendToOldProcess({ act: "declined" });
    serveUnlessMore(message);
  }
}

function serveUnlessMore({ isMore }: ConnectionMessage): void {
  if (isMore) takeOver.timer ??= after(ARRIVAL_MS, serveArrived);
  else serveArrived();
}

function serveArrived(): void {
  clearTimeout(takeOver.timer);
  takeOver.timer = undefined;
  for (const serveOne of takeOver.arrived.splice(0)) serveOne();
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
