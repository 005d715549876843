import process from "node:process";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { environment, takeEnvironment } from "./environment.ts";
import { NotifyError } from "./errors.ts";
import { watchdog } from "./notify.ts";
import { warn } from "./warn.ts";

/** Functions that {@link startWatchdog} calls before each ping, and when it skips one. */
export interface WatchdogOptions {
  /**
   * Called before each ping. The ping is skipped if it returns false, throws, rejects, or has not answered
   * when the next ping is due.
   */
  healthCheck?: (() => boolean | Promise<boolean>) | undefined;
  /** Called with the reason for each skipped ping. By default, the first one emits a process warning. */
  onFailure?: ((error: unknown) => void) | undefined;
}

/** A running watchdog. */
export interface Watchdog {
  /** The time between two pings, in milliseconds: half of `WatchdogSec=`. */
  readonly interval: number;
  /**
   * Sends no more pings. The service manager still waits for them, and kills the service after `WatchdogSec=`
   * unless it ends before.
   */
  stop(): void;
}

/** The longest delay of a Node timer, in milliseconds. */
const TIMER_MAX = 2 ** 31 - 1;
/**
 * sd_watchdog_enabled(3) rejects this value ("no limit") and 0. With `WatchdogSec=infinity`, systemd sets no
 * variable.
 */
const USEC_INFINITY = 2n ** 64n - 1n;

/**
 * Tells the service manager that this process is alive, with a ping at once and then two per `WatchdogSec=`,
 * as sd_watchdog_enabled(3) recommends. A timer sends the pings. While the event loop is blocked, no ping is
 * sent, so systemd restarts the service. The timer does not keep the process alive.
 *
 * - Returns `undefined` if the unit has no `WatchdogSec=` for this process.
 * - Throws a {@link NotifyError} `SOCKACT_ERR_WATCHDOG_ENVIRONMENT` if WATCHDOG_USEC or WATCHDOG_PID is
 *   malformed.
 *
 * It removes the variables, as the first message does: see {@link notify}.
 *
 * If a ping can't be sent, or the health check fails, it calls `onFailure` and does not throw.
 */
export function startWatchdog({ healthCheck, onFailure = warnOfFailure }: WatchdogOptions = {}):
  | Watchdog
  | undefined {
  const timeout = watchdogEnabled();
  if (timeout === undefined) return undefined;
  takeEnvironment();
  const interval = Math.min(Math.max(timeout / 2, 1), TIMER_MAX);

  let checks = 0;
  let checking = false;
  let stopped = false;
  const ping = async (): Promise<void> => {
    try {
      // If the event loop was blocked, for example by the garbage collector, the answer may have arrived.
      // Node reads it after the timers and after setImmediate() callbacks, one of which may have blocked the
      // loop.
      const check = checks;
      for (let turn = 0; checking && turn < 2; turn += 1) await turnOfTheLoop();
      // The previous ping has waited too, and now calls the check.
      if (checks !== check) return;
      if (checking) throw unhealthy(`healthCheck() has not answered in ${interval} ms`);
      checks += 1;
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
 * Returns `WatchdogSec=` in milliseconds, as sd_watchdog_enabled(3) reads it. The service manager expects a
 * ping from this process within that time. {@link startWatchdog} sends two.
 *
 * It sends nothing and removes no variable. Call it before {@link ready} to detect a malformed variable while
 * the service is still starting.
 *
 * - Returns `undefined` if the unit has no `WatchdogSec=` for this process: WATCHDOG_USEC is unset or empty,
 *   or WATCHDOG_PID is another process.
 * - Throws a {@link NotifyError} `SOCKACT_ERR_WATCHDOG_ENVIRONMENT` if WATCHDOG_USEC or WATCHDOG_PID is
 *   malformed, such as `0` or `30s`.
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

/** Whether the value has only digits and is not 0, as systemd writes it. */
function isNumber(value: string): boolean {
  return /^[1-9]\d*$/.test(value);
}

function malformed(variable: string, value: string): NotifyError {
  return new NotifyError(
    "SOCKACT_ERR_WATCHDOG_ENVIRONMENT",
    `${variable} must be a whole number above 0; got ${JSON.stringify(value)}`,
    "systemd sets this variable itself. Remove the line that sets it to something else: `systemctl show -p Environment` shows what the unit sets.",
  );
}

const UNHEALTHY_HINT =
  "Without pings, the service manager ends the service after WatchdogSec=. Find out why the app is not healthy.";

function unhealthy(message: string): NotifyError {
  return new NotifyError("SOCKACT_ERR_WATCHDOG_HEALTH", message, UNHEALTHY_HINT);
}

function warnOfFailure(error: unknown): void {
  // A ping rejects with a NotifyError. A health check may throw anything.
  const [reason, hint] =
    error instanceof NotifyError
      ? [`${error.code}: ${error.message}`, error.hint]
      : [`healthCheck() threw ${String(error)}`, UNHEALTHY_HINT];
  warn("SOCKACT_WARN_WATCHDOG", `No ping was sent to the watchdog of the service manager: ${reason}`, hint);
}
