import process from "node:process";
import { processState } from "../shared/process-state.ts";
import { apps, callHook, emit } from "./app.ts";
import { sendPendingReady } from "./pending-ready.ts";
import { shouldNotify, notifyServiceManager } from "./service-manager.ts";
import { isReady, statusText, untilReadySent } from "./readiness.ts";
import { isStopping } from "./stopping.ts";

const reloading = processState("reload", {
  isRunning: false,
  /** Whether another reload was requested since the running one started. */
  isAskedAgain: false,
});

/**
 * Reloads every app: sends RELOADING=1, reads the files of `tls` again, calls `onReload` of each app, and sends READY=1, as `Type=notify-reload` of
 * systemd.service(5) needs it. If one of these fails, the others are still done. Fulfils when that is done. If a reload is running already, it fulfils at once, and another reload follows. It also fulfils at once before the process is ready.
 */
export async function reload(): Promise<void> {
  // READY=1 must come before RELOADING=1.
  if (sendPendingReady()) await untilReadySent();
  // Before the process is ready, READY=1 would be too early. And an app that is starting reads its settings anyway.
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

/**
 * The result of a reload in the status text, which `systemctl status` shows and `sockact reload` reads. systemd itself does not learn the result. Everyone
 * can read the status, so it does not contain the error.
 */
function resultText(failed: boolean): string {
  if (failed) return "; the reload failed, and what failed keeps its old settings";
  const hasReloaded = apps.some(
    ({ settings, acceptors }) => settings.onReload !== undefined || acceptors.length > 0,
  );
  return hasReloaded ? "" : "; nothing was reloaded, as the app has no onReload";
}

/** Reads every file before anything changes, so that either all servers use the new files or none does. */
function rereadCertificates(): void {
  const changes = apps.flatMap(({ acceptors }) => acceptors.map((acceptor) => acceptor.reread()));
  for (const apply of changes) apply();
}

async function reloadOnce(): Promise<void> {
  emit({ type: "reloading" });
  const now = process.hrtime.bigint() / 1000n;
  await notifyServiceManager(`RELOADING=1\nMONOTONIC_USEC=${now}\nSTATUS=Reloading`);
  let failed = !(await callHook(rereadCertificates));
  for (const { settings } of apps) if (!(await callHook(() => settings.onReload?.()))) failed = true;
  // READY=1 is sent after a failure too, because the app keeps running, and systemctl reload would otherwise wait until it times out.
  // After STOPPING=1, no READY=1 may follow.
  if (shouldNotify() && !isStopping())
    await notifyServiceManager(`READY=1\nSTATUS=${statusText()}${resultText(failed)}`);
  emit({ type: "reloaded", ...(failed && { failed }) });
}
