import process from "node:process";
import { processState } from "../shared/process-state.ts";
import { apps, callHook, emit } from "./app.ts";
import { sendPendingReady } from "./pending-ready.ts";
import { shouldNotify, notifyServiceManager } from "./service-manager.ts";
import { isReady, statusText, untilReadySent } from "./readiness.ts";
import { isStopping } from "./stopping.ts";

const reloading = processState("reload", {
  isRunning: false,
  /** Whether another reload was asked for since the running one started. */
  isAskedAgain: false,
});

/**
 * Reloads every app: RELOADING=1, `onReload` of each, READY=1, as `Type=notify-reload` of systemd.service(5) wants it. Fulfils when that is done; at once when a reload is running, which is then followed by another one, and before the process is ready.
 */
export async function reload(): Promise<void> {
  // READY=1 goes before RELOADING=1.
  if (sendPendingReady()) await untilReadySent();
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

/** What `systemctl status` shows of a reload, and `sockact reload` reads: systemd itself does not learn how it has ended. Everyone may see it, so it has nothing of the app. */
function resultText(failed: boolean): string {
  if (failed) return "; the reload failed, and the app keeps its old settings";
  const hasReloaded = apps.some(
    ({ settings, acceptors }) => settings.onReload !== undefined || acceptors.length > 0,
  );
  return hasReloaded ? "" : "; nothing was reloaded, as the app has no onReload";
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
  if (shouldNotify() && !isStopping())
    await notifyServiceManager(`READY=1\nSTATUS=${statusText()}${resultText(failed)}`);
  emit({ type: "reloaded", ...(failed && { failed }) });
}
