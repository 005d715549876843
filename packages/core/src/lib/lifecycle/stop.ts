import cluster from "node:cluster";
import process from "node:process";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { tellPrimary } from "../cluster/messages.ts";
import { allDrains, callHook, emit, lifecycle } from "./apps.ts";
import { drainAll } from "./drain-all.ts";
import type { Drainable } from "./drainable.ts";
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
  const connections = allDrains().reduce((sum, drain) => sum + drain.connections.size, 0);
  const timeout = Math.max(...lifecycle.apps.map(({ settings }) => settings.drainTimeout));
  const signal = why === "idle" || why === "served" ? null : why;
  if (why !== "served") emit({ type: "draining", signal, connections });
  const announce = announcement();
  const known = new Set(allDrains());
  const drained = drainAll([...known], timeout, announce);
  const told = tellManager(
    `STOPPING=1\nSTATUS=Draining ${lifecycle.workers ? `${lifecycle.workers.count} workers` : `${connections} connections`}`,
  );
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

/** The servers and datagram sockets that are not known yet, which they are from now on. */
function newDrains(known: Set<Drainable>): Drainable[] {
  const drains = allDrains().filter((drain) => !known.has(drain));
  for (const drain of drains) known.add(drain);
  return drains;
}

/** Calls the `onDrain` of every app, unless it has failed before. */
function announcement(): () => void {
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
export function leave(code: number): void {
  if (code !== 0) process.exitCode = code;
  if (lifecycle.apps.every(({ settings }) => settings.signals !== false)) process.exit();
}
