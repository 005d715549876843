import process from "node:process";
import { processState } from "../shared/process-state.ts";
import { apps, callHook, emit } from "./app.ts";
import { type ReloadFailure, reloadFailureText } from "./events.ts";
import { sendPendingReady } from "./pending-ready.ts";
import { shouldNotify, notifyServiceManager } from "./service-manager.ts";
import { isReady, onceReady, statusText, untilReadySent } from "./readiness.ts";
import { isStopping } from "./stopping.ts";
import { NOTHING_RELOADED } from "@sockact/shared/texts";
import { now } from "../shared/timers.ts";
import { warn } from "../shared/warnings.ts";
import { workerPool } from "./worker-pool.ts";

const reloading = processState("reload", {
  /** The current reload and those that follow it. */
  running: undefined as Promise<boolean> | undefined,
  /** When the current reload began, by now(). */
  since: 0,
  /** The reload that runs when the process is ready. */
  pending: undefined as Promise<boolean> | undefined,
  /** Whether another reload was requested since the current one started. */
  isAskedAgain: false,
  /** What failed in the last reload. */
  failures: [] as readonly ReloadFailure[],
});

/**
 * Reloads every app: sends RELOADING=1, reads the files of `tls` again, calls `onReload` of each app, and
 * sends READY=1, as required by `Type=notify-reload` of systemd.service(5). If one step fails, the others
 * still run. If a reload is already running, another one follows it. Resolves with whether the last reload
 * succeeded. Before the process is ready, the reload waits until it is.
 */
export async function reload(): Promise<boolean> {
  // READY=1 must come before RELOADING=1.
  if (sendPendingReady()) await untilReadySent();
  // Before the process is ready, READY=1 would be too early. But the app may have read its settings already,
  // and may even serve: in a worker of node:cluster, only READY=1 waits for `onListen`.
  if (!isReady()) return (reloading.pending ??= new Promise((resolve) => onceReady(() => resolve(reload()))));
  reloading.isAskedAgain = reloading.running !== undefined;
  if (reloading.isAskedAgain) warnOfRunningReload();
  return (reloading.running ??= reloadUntilDone());
}

/**
 * Warns that a reload waits for an `onReload` that may never settle. Nothing else would show why the reload
 * has no effect.
 */
function warnOfRunningReload(): void {
  warn(
    "SOCKACT_WARN_RELOADING",
    `The app must reload again, but the reload that began ${Math.floor((now() - reloading.since) / 1000)} s ago has not ended: an onReload has not settled.`,
    "The app reloads again when that reload has ended. If it never ends, make the promise of onReload settle, for example with a time limit for what it waits for, and restart the service.",
  );
}

async function reloadUntilDone(): Promise<boolean> {
  let hasSucceeded = true;
  do {
    reloading.isAskedAgain = false;
    reloading.since = now();
    if (isStopping()) break;
    hasSucceeded = await reloadOnce();
  } while (reloading.isAskedAgain);
  reloading.running = undefined;
  return hasSucceeded;
}

/**
 * Called when workers that were late in the last reload have reloaded. If nothing else failed, the reload has
 * now succeeded.
 */
export async function noteLateReload(): Promise<void> {
  const isLast = reloading.running === undefined && !isStopping();
  if (!isLast || reloading.failures.some((failure) => failure !== "workers")) return;
  reloading.failures = [];
  await notifyServiceManager(`STATUS=${statusText()}`);
  emit({ type: "reloaded" });
}

/**
 * The result of a reload in the status text, for `systemctl status` and `sockact reload`. systemd itself does
 * not get the result. Everyone can read the status, so it does not contain the error.
 */
function resultText(failures: readonly ReloadFailure[]): string {
  if (failures.length > 0) return `; ${reloadFailureText(failures)}`;
  const hasReloaded = apps.some(
    ({ settings, acceptors }) => settings.onReload !== undefined || acceptors.length > 0,
  );
  return hasReloaded ? "" : `; ${NOTHING_RELOADED}`;
}

/** Reads every file before anything changes, so either all servers use the new files or none does. */
function rereadCertificates(): void {
  const changes = apps.flatMap(({ acceptors }) => acceptors.map((acceptor) => acceptor.reread()));
  for (const apply of changes) apply();
}

/** Resolves with whether everything was reloaded. */
async function reloadOnce(): Promise<boolean> {
  emit({ type: "reloading" });
  const microseconds = process.hrtime.bigint() / 1000n;
  await notifyServiceManager(`RELOADING=1\nMONOTONIC_USEC=${microseconds}\nSTATUS=Reloading`);
  const failures: ReloadFailure[] = [];
  if (!(await callHook(rereadCertificates))) failures.push("tls");
  for (const { settings } of apps) {
    const { onReload } = settings;
    const part = onReload === workerPool()?.reload ? "workers" : "onReload";
    if (!(await callHook(() => onReload?.())) && !failures.includes(part)) failures.push(part);
  }
  reloading.failures = failures;
  // READY=1 is also sent after a failure, because the app keeps running, and systemctl reload would otherwise
  // wait until it times out. READY=1 must not follow STOPPING=1.
  if (shouldNotify() && !isStopping())
    await notifyServiceManager(`READY=1\nSTATUS=${statusText()}${resultText(failures)}`);
  emit({ type: "reloaded", ...(failures.length > 0 && { failed: true, failures }) });
  return failures.length === 0;
}
