import cluster from "node:cluster";
import process from "node:process";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { sendToPrimary } from "../shared/cluster-channel.ts";
import { allDrains, callHook, emit, lifecycle } from "./app.ts";
import { drainAll } from "../draining/drain-all.ts";
import type { Drainable } from "../draining/drainable.ts";
import { ActivationError } from "../shared/errors.ts";
import { notifyServiceManager } from "./service-manager.ts";
import { after } from "../shared/timers.ts";

/** What ends the process. `disconnect` is that of a worker of node:cluster. */
type StopReason = NodeJS.Signals | "idle" | "disconnect" | "served";

/** How much longer than `drainTimeout` the end of an idle process, or of a worker, may take, in milliseconds. */
export const GRACE_MS = 5000;

/**
 * Ends what the process does, once: drains every server, then calls `onStop` of each app, then what its framework has for the end.
 * Fulfils with the exit code: 0, or 1 when `drainTimeout` has cut something that was under way or an `onStop` has failed.
 *
 * @param last what the process waits for after that
 */
export function stop(why: StopReason, last = async (): Promise<void> => {}): Promise<number> {
  return (lifecycle.stopping ??= shutDown(why, last));
}

async function shutDown(why: StopReason, last: () => Promise<void>): Promise<number> {
  const connections = allDrains().reduce((sum, drain) => sum + drain.connections.size, 0);
  const timeout = Math.max(...lifecycle.apps.map(({ settings }) => settings.drainTimeout));
  const signal = why === "idle" || why === "disconnect" || why === "served" ? null : why;
  if (why !== "served") emit({ type: "draining", signal, connections });
  const announce = createDrainAnnouncer();
  const known = new Set(allDrains());
  const drained = drainAll([...known], timeout, announce);
  const draining = `Draining ${lifecycle.workers ? `${lifecycle.workers.count} workers` : `${connections} connections`}`;
  // An idle process has nothing to drain, and this is what `systemctl status` shows while it sleeps.
  const status = why === "idle" ? "Asleep: the next connection starts it" : draining;
  const told = notifyServiceManager(`STOPPING=1\nSTATUS=${status}`);
  const workers = lifecycle.workers?.stop(signal);
  let cut = 0;
  const cutAll = (): void => {
    for (const drain of allDrains()) cut += drain.cut();
  };
  let cutting: NodeJS.Timeout | undefined;
  const cap = after(timeout, () => {
    cutAll();
    // A server may begin to listen even now.
    cutting = setInterval(cutAll, 100);
  });
  await drained;
  // Those that have begun to listen meanwhile.
  for (let late = newDrains(known); late.length > 0; late = newDrains(known))
    await drainAll(late, timeout, announce);
  clearTimeout(cap);
  clearInterval(cutting);
  const lost = await workers;
  if (why !== "served") emit({ type: "drained", cut });
  if (cluster.isWorker) sendToPrimary({ act: "drained" });
  // A server emits `close` before its last connection does, which comes with libuv's closing callbacks; the end of a WebSocket is
  // one more turn behind. Whatever the app does then would be lost.
  await turnOfTheLoop();
  await turnOfTheLoop();
  // What an app waits for at the end need not keep a process alive by itself, and without that it would end here, with 0.
  const awake = setInterval(() => {}, 2 ** 30);
  const ending = callStopHooks(last);
  // TimeoutStopSec= limits any other stop. An idle process of Type=simple would live on with closed sockets.
  const failed = await (why === "idle"
    ? Promise.race([ending, reportStopTimeout(timeout + GRACE_MS)])
    : ending);
  await told;
  clearInterval(awake);
  return failed || cut > 0 || lost === true ? 1 : 0;
}

/** Whether one has failed. */
async function callStopHooks(last: () => Promise<void>): Promise<boolean> {
  let failed = false;
  for (const end of [...lifecycle.apps.flatMap(({ settings, close }) => [settings.onStop, close]), last]) {
    try {
      await end?.();
    } catch (error) {
      failed = true;
      emit({ type: "error", error });
    }
  }
  return failed;
}

/** Fulfils with true when this time is over. */
function reportStopTimeout(timeout: number): Promise<true> {
  return new Promise((resolve) => {
    after(timeout, () => {
      emit({
        type: "error",
        error: new ActivationError(
          "ERR_STOP_TIMEOUT",
          `The app falls asleep, but its onStop has not ended within ${timeout / 1000} s`,
          "Make sure that onStop settles and that every hold() is released, or raise drainTimeout. The process ends with status 1.",
        ),
      });
      resolve(true);
    });
  });
}

/** The servers and datagram sockets that are not known yet, which they are from now on. */
function newDrains(known: Set<Drainable>): Drainable[] {
  const drains = allDrains().filter((drain) => !known.has(drain));
  for (const drain of drains) known.add(drain);
  return drains;
}

/** Calls the `onDrain` of every app, unless it has failed before. */
function createDrainAnnouncer(): () => void {
  const failed = new Set<unknown>();
  return () => {
    for (const { settings } of lifecycle.apps) {
      const { onDrain } = settings;
      if (onDrain === undefined || failed.has(onDrain)) continue;
      void callHook(onDrain).then((isDone) => isDone || failed.add(onDrain));
    }
  };
}

/** Ends the process with this exit status, unless an app owns it in another way (`signals: false`): then it ends when nothing keeps it. */
export function exitProcess(code: number): void {
  if (code !== 0) process.exitCode = code;
  if (lifecycle.apps.every(({ settings }) => settings.signals !== false)) process.exit();
}
