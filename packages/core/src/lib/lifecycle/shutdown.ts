import cluster from "node:cluster";
import process from "node:process";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { predecessor } from "@sockact/shared/notify";
import { sendToPrimary, untilNoted } from "../shared/cluster-channel.ts";
import { allDrains, apps, callHook, emit } from "./app.ts";
import { reportEarlyExit } from "./early-exit.ts";
import { drainAll } from "../draining/drain-all.ts";
import { handOverAll } from "../draining/hand-over-all.ts";
import type { Receiver } from "../draining/move-connections.ts";
import type { Drainable } from "../draining/drainable.ts";
import { ActivationError } from "../shared/errors.ts";
import { sendPendingReady } from "./pending-ready.ts";
import { notifyServiceManager } from "./service-manager.ts";
import { stopState } from "./stopping.ts";
import { connectionsMoved, oldProcessEnds } from "./take-over.ts";
import { after, now } from "../shared/timers.ts";
import { workerPool } from "./worker-pool.ts";

/**
 * Why the process stops. `disconnect`: a worker of node:cluster was disconnected. `handover`: another process
 * has replaced it.
 */
type StopReason = NodeJS.Signals | "idle" | "disconnect" | "served" | "handover";

/** How much longer than `drainTimeout` the stop of an idle process or a worker may take, in milliseconds. */
export const GRACE_MS = 5000;

/** How often to destroy connections after `drainTimeout`, in milliseconds. */
const DESTROY_MS = 100;

/** After this many polls without connections, a server counts as one that does not close. */
const STUCK_POLLS = 5;

/**
 * Stops everything, once: drains every server, then calls `onStop` of each app and `close` of its framework.
 * Resolves with the exit code: 0, or 1 if `drainTimeout` has cut an active connection, if a server has not
 * closed by then, or if an `onStop` failed.
 *
 * @param lastHook called after these functions; the process waits for it
 * @param receiver with `handover`: the other process, which gets the connections
 */
export function stop(
  reason: StopReason,
  { lastHook = async () => {}, receiver }: StopOptions = {},
): Promise<number> {
  return (stopState.exitCode ??= shutDown(reason, lastHook, receiver));
}

interface StopOptions {
  lastHook?: () => Promise<void>;
  receiver?: Receiver | undefined;
}

async function shutDown(
  reason: StopReason,
  lastHook: () => Promise<void>,
  receiver: Receiver | undefined,
): Promise<number> {
  const signal = reason.startsWith("SIG") ? (reason as NodeJS.Signals) : null;
  stopState.isBySignal = signal !== null;
  for (const listener of stopState.listeners) listener();
  // A pending READY=1 must come before STOPPING=1.
  const wasPending = sendPendingReady();
  // Listeners of the stop's events must see it.
  stopState.hasBegun = true;
  if (wasPending) await turnOfTheLoop();
  const isReplaced = reason === "handover";
  const drainTimeout = Math.max(...apps.map(({ settings }) => settings.drainTimeout));
  // A closed server would reset connections that the old process has sent. In a handover, connections that
  // still arrive move on to the next process.
  const hasPredecessor = predecessor() !== undefined;
  const moved = hasPredecessor
    ? connectionsMoved(isReplaced ? drainTimeout / 4 : 0, drainTimeout / 4)
    : undefined;
  const began = isReplaced ? undefined : moved && now();
  if (began !== undefined) await moved;
  // systemd keeps passed sockets open, and a developer who presses Ctrl+C does not want to wait.
  const isDelayed = signal !== null && signal !== "SIGINT" && !apps.some(({ activated }) => activated);
  const stopDelay = isDelayed ? Math.max(...apps.map(({ settings }) => settings.stopDelay)) : 0;
  const pool = workerPool();
  for (const drain of allDrains()) drain.forgetSent();
  const connections = allDrains().reduce((sum, drain) => sum + drain.connections.size, 0);
  const timeout = drainTimeout - (began === undefined ? 0 : now() - began);
  if (reason !== "served")
    emit({
      type: "draining",
      signal,
      connections,
      ...(pool && { workers: pool.count }),
      ...(isReplaced && { handover: true }),
    });
  reportEarlyExit();
  const announce = createDrainAnnouncer();
  const known = new Set(allDrains());
  const drained = isReplaced
    ? handOverAll([...known], timeout, { receiver, announce, arriving: moved })
    : drainAll([...known], timeout, { announce, stopDelay });
  const draining = `Draining ${pool ? `${pool.count} workers` : `${connections} connections`}`;
  // An idle process has nothing to drain. `systemctl status` shows this while the app sleeps.
  const status = reason === "idle" ? "Asleep: the next connection starts it" : draining;
  const stoppingSent = notifyServiceManager(`STOPPING=1\nSTATUS=${status}`);
  const workersFailed = pool?.stop(signal, isReplaced);
  let cut = 0;
  const destroyConnections = (): void => {
    for (const drain of allDrains()) cut += drain.destroyConnections();
  };
  let destroying: NodeJS.Timeout | undefined;
  let isStuck = false;
  const cap = after(stopDelay + timeout, () => {
    destroyConnections();
    let emptyPolls = 0;
    // A server may still start to listen.
    destroying = setInterval(() => {
      destroyConnections();
      emptyPolls = allDrains().some((drain) => drain.connections.size > 0) ? 0 : emptyPolls + 1;
      if (emptyPolls < STUCK_POLLS) return;
      // Node emits `close` only after child processes have closed the connections that the server sent to
      // them.
      isStuck = true;
      for (const drain of allDrains()) drain.stopWaiting();
    }, DESTROY_MS);
  });
  // No additional turns: the app may end the process in its own listener of `close`, and the event `drained`
  // must come before.
  await drained;
  // Servers that have started to listen meanwhile.
  for (let late = newDrains(known); late.length > 0; late = newDrains(known))
    await drainAll(late, timeout, { announce });
  clearTimeout(cap);
  clearInterval(destroying);
  stopState.isEndEarly = false;
  if (isStuck) emit({ type: "error", error: stuckError(timeout) });
  const haveWorkersFailed = await workersFailed;
  // With KillMode=mixed, systemd kills the old process when the main one ends.
  const oldProcessEnd = hasPredecessor ? oldProcessEnds(timeout + GRACE_MS) : undefined;
  if (oldProcessEnd && !isReplaced) await oldProcessEnd;
  if (reason !== "served") emit({ type: "drained", cut, ...(receiver && { moved: receiver.taken }) });
  if (cluster.isWorker) sendToPrimary({ act: "drained" });
  // The primary may have received the signal too. If it saw the end of this worker before the signal, the app
  // would fork another worker.
  const followsPrimary = signal !== null && apps.some(({ activated }) => activated);
  const noted = cluster.worker && followsPrimary ? untilNoted(cluster.worker, GRACE_MS) : undefined;
  // A server emits `close` before its last connection does, in libuv's closing callbacks. A WebSocket emits
  // its end one turn later. Code of the app that then runs must not be lost.
  await turnOfTheLoop();
  await turnOfTheLoop();
  // An `onStop` may wait for something that does not keep the process alive. Without this timer, the process
  // would exit here with 0.
  const awake = setInterval(() => {}, 2 ** 30);
  const ending = callStopHooks(lastHook);
  // TimeoutStopSec= limits any other stop. Without this limit, an idle process of Type=simple would stay
  // alive with closed sockets, and an old process forever.
  const failed = await (reason === "idle" || isReplaced
    ? limitStopHooks(ending, timeout + GRACE_MS, isReplaced)
    : ending);
  await Promise.all([stoppingSent, noted, oldProcessEnd]);
  clearInterval(awake);
  return failed || isStuck || cut > 0 || haveWorkersFailed === true ? 1 : 0;
}

function stuckError(timeout: number): ActivationError {
  return new ActivationError(
    "SOCKACT_ERR_STOP_TIMEOUT",
    `A server has not closed within its drainTimeout of ${timeout / 1000} s, although this process has no connection left. Child processes have connections that the server has sent to them`,
    "Make each child process close these connections when it gets SIGTERM or the event disconnect.",
  );
}

/**
 * Calls `onStop` of each app and `close` of its framework, then `lastHook`, one after the other. Resolves
 * with whether one failed.
 */
async function callStopHooks(lastHook: () => Promise<void>): Promise<boolean> {
  let failed = false;
  for (const hook of [...apps.flatMap(({ settings, close }) => [settings.onStop, close]), lastHook]) {
    if (hook !== undefined && !(await callHook(hook))) failed = true;
  }
  return failed;
}

/** Resolves as the result of callStopHooks(). After this time, emits an `error` event, and resolves with true. */
function limitStopHooks(ending: Promise<boolean>, timeout: number, isReplaced: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = after(timeout, () => {
      emit({
        type: "error",
        error: new ActivationError(
          "SOCKACT_ERR_STOP_TIMEOUT",
          `The app ${isReplaced ? "has handed over" : "falls asleep"}, but its onStop has not ended within ${timeout / 1000} s`,
          "Make sure that onStop settles and that every keepAwake() is released, or raise drainTimeout (SOCKACT_DRAIN_TIMEOUT overrides it). The process ends with status 1.",
        ),
      });
      resolve(true);
    });
    // An app that ends the process itself may only wait until nothing keeps it.
    void ending.then(resolve).finally(() => clearTimeout(timer));
  });
}

/** The servers and datagram sockets of the process that are not in `known`. Adds them to `known`. */
function newDrains(known: Set<Drainable>): Drainable[] {
  const drains = allDrains().filter((drain) => !known.has(drain));
  for (const drain of drains) known.add(drain);
  return drains;
}

/** Returns a function that calls `onDrain` of every app, except after a failure. */
function createDrainAnnouncer(): () => void {
  const failed = new Set<unknown>();
  return () => {
    for (const { settings } of apps) {
      const { onDrain } = settings;
      if (onDrain === undefined || failed.has(onDrain)) continue;
      void callHook(onDrain).then((isDone) => isDone || failed.add(onDrain));
    }
  };
}

/**
 * Ends the process with this exit status. If an app has `signals: false`, only sets the status, and Node
 * exits when nothing is left to do.
 */
export function exitProcess(code: number): void {
  if (code !== 0) process.exitCode = code;
  if (apps.every(({ settings }) => settings.signals !== false)) process.exit();
}
