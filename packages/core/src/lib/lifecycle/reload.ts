import process from "node:process";
import { once, processState } from "../shared/process-state.ts";
import { emit, lifecycle } from "./app.ts";
import { shouldNotify, isNotifyExpected, notifyServiceManager } from "./service-manager.ts";
import type { Settings } from "./settings.ts";
import { statusText } from "./readiness.ts";

/**
 * From now on SIGHUP reloads: RELOADING=1, `onReload` of each app, READY=1, as `Type=notify-reload` of systemd.service(5) wants it. Also with
 * no `onReload`, since systemd asks without knowing; but a process that no service manager listens to keeps Node's own SIGHUP.
 */
export function handleReload({ onReload, notify }: Settings): void {
  if (onReload === undefined && !(notify && isNotifyExpected())) return;
  once("handle SIGHUP", () => process.on("SIGHUP", () => void reload()));
}

const reloading = processState("reload", {
  running: false,
  /** Whether it was asked for since the running one began. */
  again: false,
});

/** Fulfils once what was asked for has been done, unless it was asked for meanwhile. */
export async function reload(): Promise<void> {
  // Before that, READY=1 would be too early; and the app has just read whatever has changed.
  if (!lifecycle.isReady) return;
  reloading.again = reloading.running;
  if (reloading.running) return;
  reloading.running = true;
  do {
    reloading.again = false;
    if (lifecycle.stopping !== undefined) break;
    await reloadOnce();
  } while (reloading.again);
  reloading.running = false;
}

async function reloadOnce(): Promise<void> {
  emit({ type: "reloading" });
  const now = process.hrtime.bigint() / 1000n;
  await notifyServiceManager(`RELOADING=1\nMONOTONIC_USEC=${now}\nSTATUS=Reloading`);
  let failed = false;
  for (const { settings, acceptors } of lifecycle.apps) {
    try {
      for (const acceptor of acceptors) acceptor.reread();
      await settings.onReload?.();
    } catch (error) {
      failed = true;
      emit({ type: "error", error });
    }
  }
  // Also after a failure: the app keeps running as before, and systemctl reload would wait until it times out.
  // But STOPPING=1 is final.
  if (shouldNotify() && lifecycle.stopping === undefined)
    await notifyServiceManager(`READY=1\nSTATUS=${statusText()}`);
  emit({ type: "reloaded", ...(failed && { failed }) });
}
