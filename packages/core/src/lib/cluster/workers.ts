import cluster, { type Worker } from "node:cluster";
import type { PassedSocket } from "../activation/passed-socket.ts";
import { isWaitingToServe, onceServing } from "../activation/serving.ts";
import { scheduleUnservedWarning } from "../activation/unserved.ts";
import type { App } from "../lifecycle/app.ts";
import { fallAsleep } from "../lifecycle/sleep.ts";
import { checkReadiness } from "../lifecycle/readiness.ts";
import type { WorkerPool } from "../lifecycle/worker-pool.ts";
import { reportWhileStarting } from "../lifecycle/watchdog.ts";
import {
  onWorkerMessage,
  sendToWorker,
  type WorkerMessage,
  type WorkerSettings,
} from "../shared/cluster-channel.ts";
import { handleSignals } from "../signals/handle-signals.ts";
import { emitReloaded, reloadWorkers } from "./reload-workers.ts";
import { askToStop, stopWorkers, type WorkersStop } from "./stop-workers.ts";
import { statusOf } from "./worker-status.ts";

/** The workers of an activated primary: which sockets they serve, whether they are idle, and how they stop. */
export class Workers implements WorkerPool {
  readonly served: Set<number> = new Set();
  haveServed = false;
  areAnnounced = false;
  readonly #app: App;
  readonly #passed: readonly PassedSocket[];
  /** The running workers. A worker that drains after disconnect() is no longer in cluster.workers. */
  readonly #living = new Set<Worker>();
  /** Undefined until the stop begins. */
  #stop: WorkersStop | undefined;
  /** Whether the workers wait until this process may accept. */
  readonly #mustWait = isWaitingToServe();

  /** @param app the app of the primary. It adopts the settings of the workers. */
  constructor(app: App, passed: readonly PassedSocket[]) {
    this.#app = app;
    this.#passed = passed;
    onceServing(() => {
      for (const worker of this.#living) this.#allowToServe(worker);
    });
    app.settings.onReload = () => reloadWorkers(this.#living);
    cluster.on("fork", (worker) => {
      this.#living.add(worker);
      onWorkerMessage(worker, (message) => this.#onMessage(worker, message));
    });
    cluster.on("listening", (worker, { fd }: { fd?: number | null }) => {
      if (typeof fd !== "number") return;
      const { listensOn, hasReported, isReady } = statusOf(worker);
      listensOn.add(fd);
      // A worker that uses sockact reports when it is ready, too.
      if (isReady || !hasReported) this.#markServed(worker);
    });
    cluster.on("exit", (worker) => {
      this.#living.delete(worker);
      // The app's own listener runs first, and may fork another worker.
      setImmediate(() => this.#sleepIfAllAreIdle());
    });
  }

  get count(): number {
    return this.#living.size;
  }

  get areAwake(): boolean {
    return this.#living.size === 0 || this.#idleTimeouts().includes(undefined);
  }

  stop(signal: NodeJS.Signals | null, isReplaced: boolean): Promise<boolean> {
    this.#stop = { signal, isReplaced };
    return stopWorkers(this.#living, this.#stop, this.#app.settings.drainTimeout);
  }

  #allowToServe(worker: Worker): void {
    if (this.#mustWait && statusOf(worker).hasReported && !isWaitingToServe())
      sendToWorker(worker, { act: "serve" });
  }

  #onMessage(worker: Worker, message: WorkerMessage): void {
    const status = statusOf(worker);
    status.hasReported = true;
    switch (message.act) {
      case "listening":
        this.#adoptSettings(message.settings);
        this.#allowToServe(worker);
        reportWhileStarting();
        if (this.#stop !== undefined) askToStop(worker, this.#stop);
        return;
      case "ready":
        status.isReady = true;
        // A worker that waits until it may serve does not listen yet.
        for (const fd of message.fds) status.listensOn.add(fd);
        this.#markServed(worker);
        return;
      case "idle":
        status.idleTimeout = message.timeout;
        this.#sleepIfAllAreIdle();
        return;
      case "awake":
        status.idleTimeout = undefined;
        return;
      case "drained":
        status.isDrained = true;
        // If the primary has received a signal in the meantime, it handles the signal first.
        setImmediate(() => sendToWorker(worker, { act: "noted" }));
        return;
      case "reloaded":
        emitReloaded(worker);
    }
  }

  #adoptSettings({ drainTimeout, idleExitStatus, notify, watchdog, ...handover }: WorkerSettings): void {
    const { settings } = this.#app;
    settings.handover ||= handover.handover;
    settings.handoverTimeout = Math.max(settings.handoverTimeout, handover.handoverTimeout);
    settings.drainTimeout = Math.max(settings.drainTimeout, drainTimeout);
    settings.idleExitStatus = Math.max(settings.idleExitStatus, idleExitStatus);
    settings.notify &&= notify;
    settings.watchdog &&= watchdog;
    // The workers alone may have the option `handover`.
    handleSignals(this.#app);
  }

  #markServed(worker: Worker): void {
    this.haveServed = true;
    const { listensOn } = statusOf(worker);
    for (const passedSocket of this.#passed) {
      const { fd } = passedSocket.socket;
      if (!listensOn.has(fd)) continue;
      passedSocket.claimed = true;
      this.served.add(fd);
    }
    scheduleUnservedWarning();
    checkReadiness();
  }

  #sleepIfAllAreIdle(): void {
    if (!this.areAwake) void fallAsleep(Math.max(...(this.#idleTimeouts() as number[])));
  }

  #idleTimeouts(): (number | undefined)[] {
    return [...this.#living].map((worker) => statusOf(worker).idleTimeout);
  }
}
