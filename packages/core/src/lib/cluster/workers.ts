import cluster, { type Worker } from "node:cluster";
import type { App, WorkerPool } from "../lifecycle/app.ts";
import { fallAsleep } from "../lifecycle/idle.ts";
import { checkReadiness } from "../lifecycle/readiness.ts";
import { GRACE_MS } from "../lifecycle/shutdown.ts";
import { after } from "../shared/timers.ts";
import type { PassedSocket } from "../activation/passed-socket.ts";
import { scheduleUnservedWarning } from "../activation/unserved.ts";
import { onWorkerMessage, sendToWorker, type WorkerMessage } from "../shared/cluster-channel.ts";

/** Emitted on a worker of ours. */
const RELOADED = "sockact:reloaded";

/** One worker that has told of itself. */
interface WorkerStatus {
  isReady: boolean;
  isDrained: boolean;
  /** Of its `idleTimeout`, in milliseconds, while nothing keeps it awake. */
  idle: number | undefined;
}

/**
 * Keeps account of the workers of an activated primary.
 *
 * @param app the primary's own, which gets what the workers want
 */
export function createWorkerPool(app: App, passed: readonly PassedSocket[]): WorkerPool {
  const known = new Map<Worker, WorkerStatus>();
  const listened = new Map<Worker, Set<number>>();
  const served = new Set<number>();
  let haveServed = false;
  let stopping: NodeJS.Signals | null | undefined;

  // Of cluster.workers, those that drain after disconnect() are no more.
  const living = new Set<Worker>();

  const markServed = (worker: Worker): void => {
    haveServed = true;
    for (const fd of listened.get(worker) ?? []) {
      for (const passedSocket of passed) {
        if (passedSocket.socket.fd !== fd) continue;
        passedSocket.claimed = true;
        served.add(fd);
      }
    }
    scheduleUnservedWarning();
    checkReadiness();
  };

  const askToStop = (worker: Worker): void => {
    if (known.has(worker)) sendToWorker(worker, { act: "stop", signal: stopping ?? null });
    // It has nothing of ours, or has not come to it yet.
    else if (worker.isConnected()) worker.disconnect();
  };

  const idleTimeouts = (): (number | undefined)[] => [...living].map((worker) => known.get(worker)?.idle);
  const areAwake = (): boolean => living.size === 0 || idleTimeouts().includes(undefined);
  const sleepIfAllAreIdle = (): void => {
    if (!areAwake()) void fallAsleep(Math.max(...(idleTimeouts() as number[])));
  };

  const hear = (worker: Worker, message: WorkerMessage): void => {
    const one = known.get(worker) ?? { isReady: false, isDrained: false, idle: undefined };
    known.set(worker, one);
    switch (message.act) {
      case "listening": {
        const { settings } = app;
        settings.drainTimeout = Math.max(settings.drainTimeout, message.settings.drainTimeout);
        settings.idleExitStatus = Math.max(settings.idleExitStatus, message.settings.idleExitStatus);
        settings.notify &&= message.settings.notify;
        settings.watchdog &&= message.settings.watchdog;
        if (stopping !== undefined) askToStop(worker);
        return;
      }
      case "ready":
        one.isReady = true;
        markServed(worker);
        return;
      case "idle":
        one.idle = message.timeout;
        sleepIfAllAreIdle();
        return;
      case "awake":
        one.idle = undefined;
        return;
      case "drained":
        one.isDrained = true;
        return;
      case "reloaded":
        worker.emit(RELOADED);
    }
  };

  cluster.on("fork", (worker) => {
    living.add(worker);
    onWorkerMessage(worker, (message) => hear(worker, message));
  });
  cluster.on("listening", (worker, { fd }: { fd?: number | null }) => {
    if (typeof fd !== "number") return;
    listened.set(worker, (listened.get(worker) ?? new Set()).add(fd));
    // A worker that has told of itself tells when it is ready, too.
    if (known.get(worker)?.isReady ?? true) markServed(worker);
  });
  cluster.on("exit", (worker) => {
    living.delete(worker);
    listened.delete(worker);
    if (stopping === undefined) known.delete(worker);
    // Behind the app's own listener, which may fork another.
    setImmediate(sleepIfAllAreIdle);
  });

  app.settings.onReload = async () => {
    const all = [...known.keys()].filter((worker) => worker.isConnected());
    await Promise.all(
      all.map((worker) => {
        const done = new Promise<void>((resolve) => {
          for (const event of [RELOADED, "disconnect"]) worker.once(event, () => resolve());
        });
        sendToWorker(worker, { act: "reload" });
        return done;
      }),
    );
  };

  return {
    served,
    get haveServed() {
      return haveServed;
    },
    get count() {
      return living.size;
    },
    get areAwake() {
      return areAwake();
    },
    async stop(signal) {
      stopping = signal;
      let failed = false;
      const gone = new Promise<void>((resolve) => {
        const look = (): void => {
          if (living.size === 0) resolve();
        };
        cluster.on("exit", (worker, code) => {
          // One that was not up yet may die of the signal.
          failed ||= code !== 0 && known.has(worker);
          look();
        });
        look();
      });
      for (const worker of living) askToStop(worker);
      const { drainTimeout } = app.settings;
      // A worker sees to its `drainTimeout` itself, unless it is blocked. At a signal, TimeoutStopSec= limits its `onStop`.
      const kill = (isMeant: (worker: Worker) => boolean) => (): void => {
        for (const worker of living) if (isMeant(worker)) worker.process.kill("SIGKILL");
      };
      const caps = [
        after(
          drainTimeout + GRACE_MS,
          kill((worker) => !known.get(worker)?.isDrained),
        ),
      ];
      if (signal === null)
        caps.push(
          after(
            2 * (drainTimeout + GRACE_MS),
            kill(() => true),
          ),
        );
      await gone;
      for (const cap of caps) clearTimeout(cap);
      return failed;
    },
  };
}
