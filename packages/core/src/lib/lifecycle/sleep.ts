import cluster from "node:cluster";
import { once } from "node:events";
import process from "node:process";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import type { Connection } from "../draining/connections.ts";
import { FIRST_REQUEST_MS, isOlder, isSilent } from "../draining/connection-state.ts";
import { sendToPrimary } from "../shared/cluster-channel.ts";
import { ActivationError } from "../shared/errors.ts";
import { allDrains, apps, emit } from "./app.ts";
import { idle } from "./idle.ts";
import { stop } from "./shutdown.ts";
import { isStopping } from "./stopping.ts";
import { workerPool } from "./worker-pool.ts";

/**
 * Called when the idle timer has ended. If something keeps the process awake, the timer is restarted when
 * that ends.
 */
export async function sleepIfIdle(timeout: number): Promise<void> {
  const sent = await Promise.all(allDrains().map((drain) => drain.countSent()));
  // There is no event when the time for a first request has passed, when a connection is sent to a child
  // process, or when it closes there. So the timer checks again.
  if (sent.some((count) => count > 0) || hasConnection((connection) => !isUnused(connection)))
    idle.timer?.refresh();
  if (sent.some((count) => count > 0)) return;
  if (!cluster.isWorker) return fallAsleep(timeout);
  if (isAwake()) return;
  idle.isReportedIdle = true;
  sendToPrimary({ act: "idle", timeout });
}

function isAwake(): boolean {
  if (idle.holds > 0 || isStopping() || workerPool()?.areAwake === true) return true;
  return hasConnection((connection) => !isUnused(connection));
}

function hasConnection(matches: (connection: Connection) => boolean): boolean {
  return allDrains().some(({ connections }) => [...connections.values()].some(matches));
}

/**
 * Whether a connection has sent nothing in the time for its first request. A client may be slower than a
 * short `idleTimeout`.
 */
function isUnused(connection: Connection): boolean {
  return isSilent(connection) && isOlder(connection.since, FIRST_REQUEST_MS);
}

/**
 * Ends the process, unless something keeps it awake, such as a connection that arrives before the last check.
 * The process stops accepting in the same turn of the event loop as that check, so no request can be cut. The
 * next connection waits in the kernel.
 */
export async function fallAsleep(timeout: number): Promise<void> {
  const { restarts } = idle;
  // The process may have been busy, so it first reads what has arrived in the kernel.
  await turnOfTheLoop();
  if (isAwake()) return;
  const closed = await closeUnusedConnections();
  // A datagram leaves no connection. It only restarts the timer.
  if (isAwake() || idle.restarts !== restarts + closed) return;
  emit({ type: "idle", timeout });
  if (isAwake()) return;
  // If several apps set a status, the highest one is used.
  await exitAsleep(Math.max(...apps.map(({ settings }) => settings.idleExitStatus)));
}

/**
 * Closes the connections that have sent nothing in the time for their first request, and returns their
 * number. A client that sends its first request at this moment must send it again (RFC 9112, section 9.5).
 */
export async function closeUnusedConnections(): Promise<number> {
  const closed = allDrains().flatMap(({ connections }) =>
    [...connections.values()].filter(isUnused).map(({ socket, stream }) => {
      const isClosed = once(socket, "close");
      stream.destroy();
      socket.destroy();
      return isClosed;
    }),
  );
  await Promise.all(closed);
  return closed.length;
}

/**
 * Ends a process without connections, even with `signals: false`. Its sockets are closed, so only the next
 * process can accept.
 *
 * @param status the exit status for sleep
 */
export async function exitAsleep(status: number): Promise<void> {
  let failed = false;
  process.once("exit", () => {
    if (!failed) reportExitStatus(status);
  });
  const code = await stop("idle", {
    lastHook: async () => {
      if (idle.holds > 0) await new Promise<void>((resolve) => (idle.onReleased = resolve));
    },
  });
  failed = code !== 0;
  if (failed) process.exitCode = code;
  else process.exitCode ||= status;
  process.exit();
}

/**
 * Emits an `error` event if the app, its `onStop` or a library has set another exit status. A status from 128
 * on comes from a signal.
 */
function reportExitStatus(status: number): void {
  const actual = Number(process.exitCode ?? 0);
  if (actual === status || actual >= 128) return;
  emit({
    type: "error",
    error: new ActivationError(
      "SOCKACT_ERR_EXIT_STATUS",
      `The app falls asleep, but ends with exit status ${actual} instead of ${status}, the status of an app that sleeps`,
      "Do not set process.exitCode, and do not call process.exit() in onStop or an exit listener: with another status, systemd may start the app again at once.",
    ),
  });
}
