import cluster from "node:cluster";
import { serve } from "../activation/serving.ts";
import { type App, allDrains } from "../lifecycle/app.ts";
import { closeUnusedConnections, exitAsleep } from "../lifecycle/sleep.ts";
import { onceReady } from "../lifecycle/readiness.ts";
import { reload } from "../lifecycle/reload.ts";
import { receiveSignal } from "../lifecycle/stop-at-signal.ts";
import { exitProcess, stop } from "../lifecycle/shutdown.ts";
import { isStopping } from "../lifecycle/stopping.ts";
import { isHealthy } from "../lifecycle/watchdog.ts";
import { once } from "../shared/process-state.ts";
import { onPrimaryMessage, sendToPrimary } from "../shared/cluster-channel.ts";

/**
 * Makes this worker stop and reload when its primary asks, and reports its settings to the primary. Called
 * whenever a server listens on a socket of the primary.
 */
export function followPrimary({ settings, acceptors }: App): void {
  const { drainTimeout, idleExitStatus, notify, watchdog, handover, handoverTimeout, onReload } = settings;
  const reloads = onReload !== undefined || acceptors.length > 0;
  once("follow primary", () => {
    // Loads them now: decisions/014.
    const sleep = { closeUnusedConnections, exitAsleep };
    onPrimaryMessage((message) => {
      // Until then, the primary does not know whether this worker will ever be ready.
      if (message.act === "reload") onceReady(reloadForPrimary);
      if (message.act === "check")
        void checkHealth().then((failure) =>
          sendToPrimary({ act: "checked", ...(failure !== undefined && { failure }) }),
        );
      if (message.act === "serve") serve();
      if (message.act !== "stop") return;
      if (message.isReplaced) void stop("handover").then(exitProcess);
      else if (message.signal !== null) receiveSignal(message.signal);
      else void sleep.closeUnusedConnections().then(() => sleep.exitAsleep(0));
    });
    cluster.worker?.once("disconnect", () => void stopAfterDisconnect());
  });
  sendToPrimary({
    act: "listening",
    settings: {
      drainTimeout,
      idleExitStatus,
      notify,
      watchdog,
      handover,
      handoverTimeout,
      reloads,
      checksHealth: settings.healthCheck !== undefined,
    },
  });
}

/** Resolves with how a `healthCheck` of this worker failed, or undefined if it is healthy. */
async function checkHealth(): Promise<string | undefined> {
  try {
    return (await isHealthy()) ? undefined : "returned false";
  } catch (error) {
    return `threw ${String(error)}`;
  }
}

function reloadForPrimary(): void {
  sendToPrimary({ act: "reloading" });
  void reload().then((hasSucceeded) => sendToPrimary({ act: "reloaded", failed: !hasSucceeded }));
}

/** Called after `worker.disconnect()`, when Node has closed the servers. Open requests have no time limit. */
async function stopAfterDisconnect(): Promise<void> {
  await Promise.all(allDrains().map((drain) => drain.drainAlone()));
  // If a signal has also arrived, it ends the process.
  if (!isStopping()) exitProcess(await stop("disconnect"));
}
