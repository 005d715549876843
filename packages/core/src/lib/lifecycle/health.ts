import { processState } from "../shared/process-state.ts";
import { after, now } from "../shared/timers.ts";
import { type App, apps, emit, emitToApp } from "./app.ts";
import { isDrained } from "./drained.ts";
import { areAppsReady } from "./readiness.ts";
import { isToldToStop, stopState } from "./stopping.ts";

/** How the process answers a load balancer. */
export interface Health {
  /** Whether the load balancer may send clients: the state is `ready`. */
  readonly healthy: boolean;
  /**
   * - `ready`: the app serves.
   * - `starting`: a promise of `onListen` is pending, or a socket has no server yet.
   * - `stopping`: a signal has told the process to stop. It still answers requests.
   * - `drained`: `sockact drain` has taken the service out of rotation, and it is healthy.
   * - `unhealthy`: `healthCheck` has returned `false`, has thrown or rejected, or has not answered within 5
   *   s.
   */
  readonly state: "ready" | "starting" | "stopping" | "drained" | "unhealthy";
}

/** How long `healthCheck` may take, in milliseconds. */
const DEADLINE_MS = 5000;

/** How long an answer of `healthCheck` counts, in milliseconds. */
const FRESH_MS = 1000;

/** One call of the `healthCheck` of every app. */
interface Check {
  /** When it began, on the clock of now(). */
  since: number;
  /** When it ended. Undefined while it runs. */
  ended: number | undefined;
  isHealthy: Promise<boolean>;
}

const health = processState("health", {
  /**
   * The apps with the option `health`. They may be apps that you start yourself, which are in no other list.
   */
  probedApps: new Set<App>(),
  latest: undefined as Check | undefined,
  /** The apps whose last `healthCheck` has thrown or rejected. */
  failed: new WeakSet<App>(),
  /** The last state that an event has reported. No event says that the app is ready at first. */
  reported: "ready",
});

/** Asks the `healthCheck` of this app too, until the returned function is called. */
export function askForHealth(app: App): () => void {
  health.probedApps.add(app);
  return () => health.probedApps.delete(app);
}

/**
 * Whether a load balancer may send clients to this process. It is what the option `health` answers, for a
 * handler of your own.
 *
 * `healthCheck` is called at most once a second, and never while an earlier call runs: calls of this function
 * share its answer. If it throws or rejects, an `error` event reports that once, until it has succeeded
 * again.
 *
 * It never rejects. It resolves after 5 s at the latest. In a worker of node:cluster, it is about that worker.
 * If you start the app yourself without the option `signals`, the state is `ready`, or with the option
 * `health` also `unhealthy`.
 */
export async function checkHealth(): Promise<Health> {
  const state = await currentState();
  report(state);
  return { healthy: state === "ready", state };
}

/** Emits one event for each change, however many probes there are. */
function report(state: Health["state"]): void {
  if (state === "starting" || state === "stopping" || state === health.reported) return;
  health.reported = state;
  emit({ type: "health", state });
}

async function currentState(): Promise<Health["state"]> {
  if (isToldToStop()) return "stopping";
  if (!areAppsReady()) return "starting";
  const [isOut, isHealthy] = await Promise.all([isDrained(), areAppsHealthy()]);
  // The process may have begun to stop meanwhile.
  if (isToldToStop()) return "stopping";
  // A deploy that drains the host must see that the new version is unhealthy.
  if (!isHealthy) return "unhealthy";
  return isOut ? "drained" : "ready";
}

async function areAppsHealthy(): Promise<boolean> {
  const { latest } = health;
  const isOld = latest?.ended !== undefined && now() - latest.ended >= FRESH_MS;
  const check = latest === undefined || isOld ? startCheck() : latest;
  return check.ended === undefined ? inTime(check) : check.isHealthy;
}

function startCheck(): Check {
  const checked = [...new Set([...apps, ...health.probedApps])];
  const results = Promise.all(checked.map(isAppHealthy));
  const check: Check = {
    since: now(),
    ended: undefined,
    isHealthy: results.then((each) => {
      check.ended = now();
      return !each.includes(false);
    }),
  };
  return (health.latest = check);
}

async function isAppHealthy(app: App): Promise<boolean> {
  try {
    const isHealthy = (await app.settings.healthCheck?.()) !== false;
    health.failed.delete(app);
    return isHealthy;
  } catch (error) {
    if (!health.failed.has(app)) emitToApp(app, { type: "error", error });
    health.failed.add(app);
    return false;
  }
}

/**
 * Resolves with the result of a check. With false if the check is late, and as soon as the process stops,
 * because the drain must not wait for it.
 */
function inTime({ since, isHealthy }: Check): Promise<boolean> {
  const left = since + DEADLINE_MS - now();
  if (left <= 0) return Promise.resolve(false);
  return new Promise((resolve) => {
    const settle = (result: boolean): void => {
      clearTimeout(timer);
      stopState.listeners.delete(onStop);
      resolve(result);
    };
    const onStop = (): void => {
      if (stopState.isBySignal) settle(false);
    };
    const timer = after(left, () => settle(false))?.unref();
    stopState.listeners.add(onStop);
    void isHealthy.then(settle);
  });
}
