import cluster from "node:cluster";
import { statSync } from "node:fs";
import process from "node:process";
import type { Activation } from "../activation.ts";
import { lookUp } from "../classify.ts";
import { allDrains, lifecycle } from "../lifecycle/apps.ts";
import { closeUnusedConnections, sleep } from "../lifecycle/idle.ts";
import { reload } from "../lifecycle/reload.ts";
import { receiveSignal } from "../lifecycle/signals.ts";
import { leave, stop } from "../lifecycle/stop.ts";
import { LISTEN_FDS_START, parseListenEnvironment } from "../parse.ts";
import type { PassedSocket } from "../passed-socket.ts";
import { once } from "../process-state.ts";
import { warn } from "../warn.ts";
import { hearPrimary, tellPrimary, type WorkerSettings } from "./messages.ts";
import { CLUSTER_VARIABLE, readVariable } from "./variable.ts";

/**
 * The sockets of the primary of this worker: those that it has named, or, where it does not import us, those that were passed to it.
 * Undefined when there are none. The descriptors of this process are never looked at: its 3 is its channel to the primary.
 *
 * @throws ActivationError as parseListenEnvironment()
 */
export function readFromPrimary(): Activation | undefined {
  const named = readVariable(process.env[CLUSTER_VARIABLE], process.ppid);
  if (named !== undefined) {
    return {
      activated: true,
      passed: named.map((one) => ({ ...one, probe: undefined, taken: false, ofPrimary: true })),
    };
  }
  const environment = parseListenEnvironment(process.env, process.ppid);
  if (!environment.activated) return undefined;
  const passed = look(environment.names);
  // Once for all workers.
  if (cluster.worker?.id === 1) {
    warn(
      "SOCKACT_PRIMARY",
      `The primary of this cluster (pid ${process.ppid}) does not import sockact: its workers serve the sockets, but once all of them have died ` +
        "no other can, a stop may lose requests, and the service manager is told nothing.",
      'Import it in the primary too, before the first fork(): import "@sockact/core";',
    );
  }
  return { activated: true, passed };
}

function look(names: readonly string[]): PassedSocket[] {
  const all = names.map((name, index) => ({
    name,
    fd: LISTEN_FDS_START + index,
    inode: inodeOfPrimary(LISTEN_FDS_START + index),
  }));
  const facts = lookUp(new Set(all.flatMap(({ inode }) => inode ?? [])));
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
    taken: false,
    ofPrimary: true,
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

/** Lets this worker live as its primary does. Called whenever a server of it listens on a socket of the primary. */
export function liveAsWorker({ drainTimeout, idleExitStatus, notify, watchdog }: WorkerSettings): void {
  once("hear the primary", () => {
    hearPrimary((message) => {
      if (message.act === "reload") void reload().then(() => tellPrimary({ act: "reloaded" }));
      else if (message.signal !== null) receiveSignal(message.signal);
      else void closeUnusedConnections().then(() => sleep(0));
    });
    cluster.worker?.once("disconnect", () => void end());
  });
  tellPrimary({ act: "listening", settings: { drainTimeout, idleExitStatus, notify, watchdog } });
}

/** `worker.disconnect()`: Node has closed the servers. What is under way may take its time. */
async function end(): Promise<void> {
  await Promise.all(allDrains().map((drain) => drain.drainPatiently()));
  // A signal has come as well, and sees to the end.
  if (lifecycle.stopping === undefined) leave(await stop("disconnect"));
}
