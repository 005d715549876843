import cluster, { type Worker } from "node:cluster";
import type { PassedSocket } from "../activation/passed-socket.ts";
import { isWaitingToServe, onceServing } from "../activation/serving.ts";
import { scheduleUnservedWarning } from "../activation/unserved.ts";
import { type App, allDrains } from "../lifecycle/app.ts";
import { keepAwake, startTimer } from "../lifecycle/idle.ts";
import { fallAsleep } from "../lifecycle/sleep.ts";
import { checkReadiness, isReady } from "../lifecycle/readiness.ts";
import type { WorkerPool } from "../lifecycle/worker-pool.ts";
import { reportWhileStarting } from "../lifecycle/watchdog.ts";
import {
  onWorkerMessage,
  sendToWorker,
  type WorkerMessage,
  type WorkerSettings,
} from "../shared/cluster-channel.ts";
import { sendRecord } from "../shared/record.ts";
import { handleSignals } from "../signals/handle-signals.ts";
import { WORKER } from "@sockact/shared/records";
import { checkWorkers, noteChecked } from "./check-workers.ts";
import { noteReloadBegins, noteReloadEnds, reloadIfMissed, reloadWorkers } from "./reload-workers.ts";
import { askToStop, stopWorkers, type WorkersStop } from "./stop-workers.ts";
import { statusOf } from "./worker-status.ts";

/**
 * The workers of an activated primary: which sockets they serve, whether they are idle, and how they stop.
 */
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
  /** The longest timeouts of the workers so far, in milliseconds. */
  readonly #longest = { drainTimeout: 0, handoverTimeout: 0 };
  /** Whether the workers wait until this process may accept. */
  readonly #mustWait = isWaitingToServe();
  /** Loaded with the first worker: decisions/014. */
  readonly #fallAsleep = fallAsleep;

  /** @param app the app of the primary, which gets the settings of the workers */
  constructor(app: App, passed: readonly PassedSocket[]) {
    this.#app = app;
    this.#passed = passed;
    onceServing(() => {
      for (const worker of this.#living) this.#allowToServe(worker);
    });
    cluster.on("fork", (worker) => {
      // Node emits `error` instead of `exit` for a worker that it could not start.
      if (worker.process.pid === undefined) return;
      this.#living.add(worker);
      ignoreLostMessages(worker);
      onWorkerMessage(worker, (message) => this.#onMessage(worker, message));
    });
    cluster.on("listening", (worker, { fd }: { fd?: number | null }) => {
      if (typeof fd !== "number") return;
      const status = statusOf(worker);
      status.listensOn.add(fd);
      // A worker with sockact also reports when it is ready.
      if (status.isReady || !status.hasReported) this.#markServed(worker);
    });
    cluster.on("disconnect", (worker) => {
      noteReloadEnds(worker, false);
      noteChecked(worker);
    });
    cluster.on("exit", (worker) => {
      this.#living.delete(worker);
      this.#release(worker);
      // The app's own listener runs first, and may fork another worker.
      setImmediate(() => this.sleepIfAllAreIdle());
    });
  }

  get count(): number {
    return this.#living.size;
  }

  get areAwake(): boolean {
    const timeouts = this.#idleTimeouts();
    return timeouts.length === 0 || timeouts.includes(undefined) || !isReady();
  }

  sleepIfAllAreIdle(): void {
    if (this.areAwake) return;
    const timeout = Math.max(...(this.#idleTimeouts() as number[]));
    const sleep = (): void => {
      if (this.areAwake) return;
      // A keepAwake() may keep the primary awake. The timer restarts when it is released.
      startTimer(timeout, sleep);
      void this.#fallAsleep(timeout);
    };
    // The primary may serve sockets too. Their clients restart the timer.
    if (allDrains().length > 0) startTimer(timeout, sleep);
    else sleep();
  }

  stop(signal: NodeJS.Signals | null, isReplaced: boolean): Promise<boolean> {
    this.#stop = { signal, isReplaced };
    return stopWorkers(this.#living, this.#stop, this.#app.settings.drainTimeout);
  }

  readonly reload = (): Promise<void> => reloadWorkers(this.#living);

  checkHealth(timeout: number): Promise<void> {
    return checkWorkers(this.#living, timeout);
  }

  #allowToServe(worker: Worker): void {
    if (this.#mustWait && statusOf(worker).hasReported && !isWaitingToServe())
      sendToWorker(worker, { act: "serve" });
  }

  #onMessage(worker: Worker, message: WorkerMessage): void {
    const status = statusOf(worker);
    switch (message.act) {
      case "listening":
        status.hasReported = true;
        status.checksHealth ||= message.settings.checksHealth;
        // From now on, the worker itself reports whether it is idle.
        this.#release(worker);
        this.#adoptSettings(message.settings);
        this.#allowToServe(worker);
        reloadIfMissed(worker);
        reportWhileStarting();
        if (this.#stop !== undefined) askToStop(worker, this.#stop);
        return;
      case "ready":
        status.isReady = true;
        // A worker that waits until it may accept does not listen yet.
        for (const fd of message.fds) status.listensOn.add(fd);
        this.#markServed(worker);
        return;
      case "idle":
        status.idleTimeout = message.timeout;
        this.sleepIfAllAreIdle();
        return;
      case "awake":
        status.idleTimeout = undefined;
        return;
      case "held":
        status.release ??= keepAwake();
        return;
      case "released":
        this.#release(worker);
        return;
      case "drained":
        status.isDrained = true;
        // If the primary has received a signal meanwhile, it handles the signal first.
        setImmediate(() => sendToWorker(worker, { act: "noted" }));
        return;
      case "checked":
        noteChecked(worker, message.failure);
        return;
      case "record":
        sendRecord(`${message.fields}${WORKER}=${worker.id}\n`);
        return;
      case "reloading":
        noteReloadBegins(worker);
        return;
      case "reloaded":
        noteReloadEnds(worker, message.failed === true);
    }
  }

  #release(worker: Worker): void {
    const status = statusOf(worker);
    status.release?.();
    status.release = undefined;
  }

  #adoptSettings({ drainTimeout, idleExitStatus, notify, watchdog, ...more }: WorkerSettings): void {
    const { settings } = this.#app;
    if (more.reloads) settings.onReload ??= this.reload;
    settings.handover ||= more.handover;
    // The timeouts of the workers replace the primary's defaults, which may be longer.
    settings.handoverTimeout = this.#longest.handoverTimeout = Math.max(
      this.#longest.handoverTimeout,
      more.handoverTimeout,
    );
    settings.drainTimeout = this.#longest.drainTimeout = Math.max(this.#longest.drainTimeout, drainTimeout);
    settings.idleExitStatus = Math.max(settings.idleExitStatus, idleExitStatus);
    settings.notify &&= notify;
    settings.watchdog &&= watchdog;
    // Perhaps only the workers have `onReload` or the option `handover`.
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

  /** For the workers that serve. */
  #idleTimeouts(): (number | undefined)[] {
    return [...this.#living]
      .map(statusOf)
      .filter(({ listensOn }) => listensOn.size > 0)
      .map(({ idleTimeout }) => idleTimeout);
  }
}

/**
 * A worker may end while Node or the app writes to it. Its `exit` event reports that, so the error must not
 * end the primary.
 */
function ignoreLostMessages(worker: Worker): void {
  worker.on("error", (error: NodeJS.ErrnoException) => {
    // Any other error is thrown if the app has no listener, as in Node.
    if (error.syscall !== "write" && worker.listenerCount("error") === 1) throw error;
  });
}
