import cluster from "node:cluster";
import process from "node:process";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { tellPrimary } from "../cluster/messages.ts";
import { allDrains, callHook, emit, lifecycle } from "./apps.ts";
import { drainAll } from "./drain-all.ts";
import { tellManager } from "./manager.ts";
import { after } from "./timers.ts";

/**
 * Ends what the process does, once: drains every server, then calls `onStop` of each app, then what its framework has for the end.
 * Fulfils with the exit code: 0, or 1 when `drainTimeout` has cut something that was under way or an `onStop` has failed.
 */
export function stop(why: NodeJS.Signals | "idle" | "served"): Promise<number> {
  return (lifecycle.stopping ??= run(why));
}

async function run(why: NodeJS.Signals | "idle" | "served"): Promise<number> {
  const drains = allDrains();
  const timeout = Math.max(...lifecycle.apps.map(({ settings }) => settings.drainTimeout));
  // Before anything else is waited for.
  const drained = drainAll(drains, timeout, () => {
    for (const { settings } of lifecycle.apps) if (settings.onDrain) void callHook(settings.onDrain);
  });
  const connections = drains.reduce((sum, drain) => sum + drain.connections.size, 0);
  const signal = why === "idle" || why === "served" ? null : why;
  if (why !== "served") emit({ type: "draining", signal, connections });
  const told = tellManager(
    `STOPPING=1\nSTATUS=Draining ${lifecycle.workers ? `${lifecycle.workers.count} workers` : `${connections} connections`}`,
  );
  const workers = lifecycle.workers?.stop(signal);
  let cut = 0;
  const cap = after(timeout, () => {
    for (const drain of drains) cut += drain.cut();
  });
  await drained;
  clearTimeout(cap);
  const lost = await workers;
  if (why !== "served") emit({ type: "drained", cut });
  if (cluster.isWorker) tellPrimary({ act: "drained" });
  // A server emits `close` before its last connection does, which comes with libuv's closing callbacks; the end of a WebSocket is
  // one more turn behind. Whatever the app does then would be lost.
  await turnOfTheLoop();
  await turnOfTheLoop();
  let failed = cut > 0 || lost === true;
  // What an app waits for at the end need not keep a process alive by itself, and without that it would end here, with 0.
  const awake = setInterval(() => {}, 2 ** 30);
  for (const { settings, close } of lifecycle.apps) {
    for (const end of [settings.onStop, close]) {
      try {
        await end?.();
      } catch (error) {
        failed = true;
        emit({ type: "error", error });
      }
    }
  }
  await told;
  clearInterval(awake);
  return failed ? 1 : 0;
}

/** Ends the process, unless an app owns it in another way (`signals: false`): then it ends when nothing keeps it. */
export function leave(code: number): void {
  if (code !== 0) process.exitCode = code;
  if (lifecycle.apps.every(({ settings }) => settings.signals !== false)) process.exit();
}
