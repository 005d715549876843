import { processState } from "../shared/process-state.ts";
import { after, now } from "../shared/timers.ts";
import { type App, apps, emit, emitToApp } from "./app.ts";
import { isDrained } from "./drained.ts";
import { areAppsReady } from "./readiness.ts";
import { isToldToStop, stopState } from "./stopping.ts";

/** The answer of the process to a load balancer. */
export interface Health {
  /** Whether the load balancer may send clients. True if the state is `ready`. */
  readonly healthy: boolean;
  /**
   * - `ready`: the app serves requests.
   * - `starting`: a promise of `onListen` is pending, or a socket has no server yet.
   * - `stopping`: the process is stopping. It still answers requests.
   * - `drained`: `sockact drain` has taken the service out of rotation. The app is healthy.
   * - `unhealthy`: `healthCheck` returned `false`, threw, rejected, or did not answer within 5 s.
   */
  readonly state: "ready" | "starting" | "stopping" | "drained" | "unhealthy";
}

/** The time limit for `healthCheck`, in milliseconds. */
const DEADLINE_MS = 5000;

/** How long a result of `healthCheck` is cached, in milliseconds. */
const FRESH_MS = 1000;

/** One call of the `healthCheck` of every app. */
interface Check {
  /** When it began, by now(). */
  since: number;
  /** When it ended, or undefined. */
  ended: number | undefined;
  isHealthy: Promise<boolean>;
}

const health = processState("health", {
  /** The apps with the option `health`. Apps that you start yourself are in no other list. */
  probedApps: new Set<App>(),
  latest: undefined as Check | undefined,
  /** The apps whose last `healthCheck` threw or rejected. */
  failed: new WeakSet<App>(),
  /** The last state that an event reported. The initial `ready` causes no event. */
  reported: "ready",
});

/** Includes the `healthCheck` of this app until the returned function is called. */
export function askForHealth(app: App): () => void {
  health.probedApps.add(app);
  return () => health.probedApps.delete(app);
}

/**
 * Returns whether a load balancer may send clients to this process: the answer that the option `health`
 * gives, for use in your own handler.
 *
 * `healthCheck` runs at most once a second, and calls of this function share its result. If it throws or
 * rejects, an `error` event reports the first failure of each series.
 *
 * This function never rejects, and resolves within 5 s. In a worker of node:cluster, the result is that of
 * the worker. If you start the app yourself without the option `signals`, the state is always `ready`, or
 * `unhealthy` if the option `health` is set.
 */
export async function checkHealth(): Promise<Health> {
  const state = await currentState();
  report(state);
  return { healthy: state === "ready", state };
}

/** Emits one event per change, not per probe. */
function report(state: Health["state"]): void {
  if (state === "starting" || state === "stopping" || state === health.reported) return;
  health.reported = state;
  emit({ type: "health", state });
}

async function currentState(): Promise<Health["state"]> {
  if (isToldToStop()) return "stopping";
  if (!areAppsReady()) return "starting";
  const [isOut, isHealthy] = await Promise.all([isDrained(), areAppsHealthy()]);
  // The process may have begun to stop during the check.
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
 * Resolves with the result of a check, or with false if the check is late or the process stops. The drain
 * must not wait for the check.
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
