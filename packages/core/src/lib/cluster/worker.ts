import cluster from "node:cluster";
import { statSync } from "node:fs";
import process from "node:process";
import type { ReadOutcome } from "../activation/activation.ts";
import { findSockets } from "../activation/classify.ts";
import { allDrains } from "../lifecycle/app.ts";
import { closeUnusedConnections, exitAsleep } from "../lifecycle/idle.ts";
import { reload } from "../lifecycle/reload.ts";
import { receiveSignal } from "../lifecycle/signals.ts";
import { exitProcess, isStopping, stop } from "../lifecycle/shutdown.ts";
import { LISTEN_FDS_START, parseListenEnvironment } from "../activation/protocol/parse-environment.ts";
import type { PassedSocket } from "../activation/passed-socket.ts";
import { once } from "../shared/process-state.ts";
import { warn } from "../shared/warnings.ts";
import { onPrimaryMessage, sendToPrimary, type WorkerSettings } from "../shared/cluster-channel.ts";
import { CLUSTER_VARIABLE, parseClusterVariable } from "../activation/cluster-variable.ts";

/**
 * The sockets of the primary of this worker: those that it has named, or, where it does not import us, those that were passed to it.
 * Undefined when there are none. The descriptors of this process are never looked at: its 3 is its channel to the primary.
 *
 * @throws ActivationError as parseListenEnvironment()
 */
export function readFromPrimary(): ReadOutcome | undefined {
  const named = parseClusterVariable(process.env[CLUSTER_VARIABLE], process.ppid);
  if (named !== undefined) {
    return {
      activated: true,
      sockets: named.map((one) => ({ ...one, probe: undefined, claimed: false, fromPrimary: true })),
    };
  }
  const environment = parseListenEnvironment(process.env, process.ppid);
  if (!environment.activated) return undefined;
  const passed = socketsOfPrimary(environment.names);
  // Once for all workers.
  if (cluster.worker?.id === 1) {
    warn(
      "SOCKACT_PRIMARY",
      `The primary of this cluster (pid ${process.ppid}) does not import sockact: its workers serve the sockets, but once all of them have died ` +
        "no other can, a stop may lose requests, and the service manager is told nothing.",
      'Import it in the primary too, before the first fork(): import "@sockact/core";',
    );
  }
  return { activated: true, sockets: passed };
}

function socketsOfPrimary(names: readonly string[]): PassedSocket[] {
  const all = names.map((name, index) => ({
    name,
    fd: LISTEN_FDS_START + index,
    inode: inodeOfPrimary(LISTEN_FDS_START + index),
  }));
  const facts = findSockets(new Set(all.flatMap(({ inode }) => inode ?? [])));
  return all.map(({ name, fd, inode }) => ({
    socket: Object.freeze({
      fd,
      name,
      ...(facts.get(inode ?? 0) ?? {
        kind: inode === undefined ? ("other" as const) : ("unknown" as const),
        family: "unknown" as const,
        address: null,
      }),
    }),
    inode,
    probe: undefined,
    claimed: false,
    fromPrimary: true,
  }));
}

/** Undefined for what is no socket; 0 where /proc is closed to this process. */
function inodeOfPrimary(fd: number): number | undefined {
  try {
    const stats = statSync(`/proc/${process.ppid}/fd/${fd}`, { bigint: true });
    return stats.isSocket() ? Number(stats.ino) : undefined;
  } catch {
    return 0;
  }
}

/** Makes this worker stop and reload when its primary says so, and reports its settings to the primary. Called whenever one of its servers listens on a socket of the primary. */
export function followPrimary({ drainTimeout, idleExitStatus, notify, watchdog }: WorkerSettings): void {
  once("follow primary", () => {
    onPrimaryMessage((message) => {
      if (message.act === "reload") void reload().then(() => sendToPrimary({ act: "reloaded" }));
      else if (message.signal !== null) receiveSignal(message.signal);
      else void closeUnusedConnections().then(() => exitAsleep(0));
    });
    cluster.worker?.once("disconnect", () => void stopAfterDisconnect());
  });
  sendToPrimary({ act: "listening", settings: { drainTimeout, idleExitStatus, notify, watchdog } });
}

/** Called after `worker.disconnect()`: Node has closed the servers. What is under way may take its time. */
async function stopAfterDisconnect(): Promise<void> {
  await Promise.all(allDrains().map((drain) => drain.drainAlone()));
  // A signal that has come as well ends the process.
  if (!isStopping()) exitProcess(await stop("disconnect"));
}
