import process from "node:process";
import { once, processState } from "../shared/process-state.ts";
import { apps, callHook, emit } from "./app.ts";
import { shouldNotify, isNotifyExpected, notifyServiceManager } from "./service-manager.ts";
import type { Settings } from "./settings.ts";
import { isReady, statusText } from "./readiness.ts";
import { isStopping } from "./shutdown.ts";

/**
 * Makes SIGHUP reload from now on: RELOADING=1, `onReload` of each app, READY=1, as `Type=notify-reload` of systemd.service(5) wants it. An
 * app without `onReload` does so too, since systemd does not know whether there is one. But Node's own SIGHUP stays where no service manager waits for messages.
 */
export function handleReload({ onReload, notify }: Settings): void {
  if (onReload === undefined && !(notify && isNotifyExpected())) return;
  once("handle SIGHUP", () => process.on("SIGHUP", () => void reload()));
}

const reloading = processState("reload", {
  isRunning: false,
  /** Whether another reload was asked for since the running one started. */
  isAskedAgain: false,
});

/** Reloads every app. Fulfils when that is done; at once when a reload is running, which is then followed by another one, and before the process is ready. */
export async function reload(): Promise<void> {
  // Before that, READY=1 would be too early; and the app has just read whatever has changed.
  if (!isReady()) return;
  reloading.isAskedAgain = reloading.isRunning;
  if (reloading.isRunning) return;
  reloading.isRunning = true;
  do {
    reloading.isAskedAgain = false;
    if (isStopping()) break;
    await reloadOnce();
  } while (reloading.isAskedAgain);
  reloading.isRunning = false;
}

async function reloadOnce(): Promise<void> {
  emit({ type: "reloading" });
  const now = process.hrtime.bigint() / 1000n;
  await notifyServiceManager(`RELOADING=1\nMONOTONIC_USEC=${now}\nSTATUS=Reloading`);
  let failed = false;
  for (const { settings, acceptors } of apps) {
    const isReloaded = await callHook(() => {
      for (const acceptor of acceptors) acceptor.reread();
      return settings.onReload?.();
    });
    failed ||= !isReloaded;
  }
  // Also after a failure: the app keeps running as before, and systemctl reload would wait until it times out.
  // But STOPPING=1 is final.
  if (shouldNotify() && !isStopping()) await notifyServiceManager(`READY=1\nSTATUS=${statusText()}`);
  emit({ type: "reloaded", ...(failed && { failed }) });
}
