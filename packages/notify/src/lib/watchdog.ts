import process from "node:process";
import { environment, takeEnvironment } from "./environment.ts";
import { NotifyError } from "./errors.ts";
import { watchdog } from "./notify.ts";
import { warn } from "./warn.ts";

/** What {@link startWatchdog} calls before each ping, and when it leaves one out. */
export interface WatchdogOptions {
  /**
   * Asked before each ping. When it returns false, throws or rejects, no ping is sent; nor when it has not answered by the time that
   * the next is due.
   */
  healthCheck?: (() => boolean | Promise<boolean>) | undefined;
  /** Called each time that a ping was left out, with the reason. Left out, a process warning says so once. */
  onFailure?: ((error: unknown) => void) | undefined;
}

/** What keeps the service alive. */
export interface Watchdog {
  /** Time between pings, in milliseconds: half of `WatchdogSec=`. */
  readonly interval: number;
  /** No more pings; the service manager, which still waits for them, ends the service unless it ends by itself. */
  stop(): void;
}

/** What a timer of Node can wait at most, in milliseconds. */
const TIMER_MAX = 2 ** 31 - 1;
/** What sd_watchdog_enabled(3) refuses like 0, since it stands for no time at all. systemd writes no variable for `WatchdogSec=infinity`. */
const USEC_INFINITY = 2n ** 64n - 1n;

/**
 * Tells the service manager that this process is alive, at once and then at half the interval of its `WatchdogSec=`, as
 * sd_watchdog_enabled(3) wants it. A timer does it, so that an event loop which no longer turns sends nothing, and systemd restarts the service.
 * The timer does not keep the process alive.
 *
 * - undefined: no `WatchdogSec=` asks this process. Nothing was done.
 * - throws {@link NotifyError} `ERR_WATCHDOG_ENVIRONMENT`: WATCHDOG_USEC or WATCHDOG_PID is malformed. Nothing was done.
 *
 * When it starts, it removes the variables, as the first message does: see {@link notify}.
 *
 * That a ping could not be sent, or the health check failed, never throws: it goes to `onFailure`.
 */
export function startWatchdog({ healthCheck, onFailure = warnOfFailure }: WatchdogOptions = {}):
  | Watchdog
  | undefined {
  const timeout = watchdogEnabled();
  if (timeout === undefined) return undefined;
  takeEnvironment();
  const interval = Math.min(Math.max(timeout / 2, 1), TIMER_MAX);

  let checking = false;
  let stopped = false;
  const ping = async (): Promise<void> => {
    try {
      if (checking) throw unhealthy(`healthCheck() has not answered in ${interval} ms`);
      checking = true;
      try {
        if ((await healthCheck?.()) === false) throw unhealthy("healthCheck() returned false");
      } finally {
        checking = false;
      }
      if (!stopped) await watchdog();
    } catch (error) {
      onFailure(error);
    }
  };
  void ping();
  const timer = setInterval(() => void ping(), interval).unref();
  return {
    interval,
    stop() {
      stopped = true;
      clearInterval(timer);
    },
  };
}

/**
 * The time in which the service manager wants to hear from this process, in milliseconds: `WatchdogSec=`, as sd_watchdog_enabled(3)
 * reads it. {@link startWatchdog} pings at half of it.
 *
 * It only looks: no variable is removed and nothing is sent. Call it before {@link ready} to find a malformed variable while the service
 * still starts.
 *
 * - undefined: no `WatchdogSec=` asks this process. WATCHDOG_USEC is unset or empty, or WATCHDOG_PID is another process.
 * - throws {@link NotifyError} `ERR_WATCHDOG_ENVIRONMENT`: WATCHDOG_USEC or WATCHDOG_PID is malformed, such as `0` or `30s`.
 */
export function watchdogEnabled(): number | undefined {
  const { watchdogUsec: usec, watchdogPid: pid } = environment();
  if (usec === undefined) return undefined;
  if (!isNumber(usec) || BigInt(usec) >= USEC_INFINITY) throw malformed("WATCHDOG_USEC", usec);
  if (pid !== undefined) {
    if (!isNumber(pid)) throw malformed("WATCHDOG_PID", pid);
    if (pid !== String(process.pid)) return undefined;
  }
  return Number(usec) / 1000;
}

/** Digits alone, and not 0: systemd writes no other form. */
function isNumber(value: string): boolean {
  return /^[1-9]\d*$/.test(value);
}

function malformed(variable: string, value: string): NotifyError {
  return new NotifyError(
    "ERR_WATCHDOG_ENVIRONMENT",
    `${variable} is malformed: ${JSON.stringify(value)}`,
    "systemd writes this variable itself: remove whatever else sets it (see `systemctl show -p Environment`).",
  );
}

function unhealthy(message: string): NotifyError {
  return new NotifyError(
    "ERR_WATCHDOG_HEALTH",
    message,
    "Without pings the service manager ends the service when WatchdogSec= has passed.",
  );
}

function warnOfFailure(error: unknown): void {
  const { hint = "" } = error as Partial<NotifyError>;
  warn("SOCKACT_WATCHDOG", `No ping to the watchdog of the service manager: ${String(error)}`, hint);
}
