import cluster from "node:cluster";
import { allDrains, lifecycle } from "../lifecycle/app.ts";
import { closeUnusedConnections, exitAsleep } from "../lifecycle/idle.ts";
import { reload } from "../lifecycle/reload.ts";
import { receiveSignal } from "../lifecycle/signals.ts";
import { exitProcess, stop } from "../lifecycle/shutdown.ts";
import { once } from "../shared/process-state.ts";
import { onPrimaryMessage, sendToPrimary, type WorkerSettings } from "../shared/cluster-channel.ts";

/** Lets this worker live as its primary does. Called whenever a server of it listens on a socket of the primary. */
export function followPrimary({ drainTimeout, idleExitStatus, notify, watchdog }: WorkerSettings): void {
  once("hear the primary", () => {
    onPrimaryMessage((message) => {
      if (message.act === "reload") void reload().then(() => sendToPrimary({ act: "reloaded" }));
      else if (message.signal !== null) receiveSignal(message.signal);
      else void closeUnusedConnections().then(() => exitAsleep(0));
    });
    cluster.worker?.once("disconnect", () => void stopAfterDisconnect());
  });
  sendToPrimary({ act: "listening", settings: { drainTimeout, idleExitStatus, notify, watchdog } });
}

/** `worker.disconnect()`: Node has closed the servers. What is under way may take its time. */
async function stopAfterDisconnect(): Promise<void> {
  await Promise.all(allDrains().map((drain) => drain.drainPatiently()));
  // A signal has come as well, and sees to the end.
  if (lifecycle.stopping === undefined) exitProcess(await stop("disconnect"));
}
