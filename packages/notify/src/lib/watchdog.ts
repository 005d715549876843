import process from "node:process";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { environment, takeEnvironment } from "./environment.ts";
import { NotifyError } from "./errors.ts";
import { watchdog } from "./notify.ts";
import { warn } from "./warn.ts";

/** The functions that {@link startWatchdog} calls before each ping, and when it skips a ping. */
export interface WatchdogOptions {
  /**
   * Called before each ping. No ping is sent if it returns false, throws or rejects, or if it has not
   * answered when the next ping is due.
   */
  healthCheck?: (() => boolean | Promise<boolean>) | undefined;
  /** Called with the reason each time that a ping is skipped. By default, a process warning says so once. */
  onFailure?: ((error: unknown) => void) | undefined;
}

/** A running watchdog, which sends the pings. */
export interface Watchdog {
  /** The time between two pings, in milliseconds. It is half of `WatchdogSec=`. */
  readonly interval: number;
  /**
   * Sends no more pings. The service manager still waits for them, and ends the service after `WatchdogSec=`
   * if it has not ended by itself.
   */
  stop(): void;
}

/** The longest time that a timer of Node can wait, in milliseconds. */
const TIMER_MAX = 2 ** 31 - 1;
/**
 * sd_watchdog_enabled(3) refuses this value, which means "no limit", as it refuses 0. For
 * `WatchdogSec=infinity`, systemd sets no variable.
 */
const USEC_INFINITY = 2n ** 64n - 1n;

/**
 * Reports to the service manager that this process is alive: at once, and then twice in each `WatchdogSec=`,
 * as sd_watchdog_enabled(3) recommends. A timer sends these pings. So a blocked event loop sends none, and
 * systemd restarts the service. The timer does not keep the process alive.
 *
 * - Returns `undefined` if the unit has no `WatchdogSec=` for this process. Nothing was done.
 * - Throws a {@link NotifyError} `SOCKACT_ERR_WATCHDOG_ENVIRONMENT` if WATCHDOG_USEC or WATCHDOG_PID is
 *   malformed. Nothing was done.
 *
 * When it starts, it removes the variables, as the first message does: see {@link notify}.
 *
 * If a ping cannot be sent, or the health check fails, nothing is thrown: `onFailure` is called.
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
      // While the event loop was blocked, for example by the garbage collector, the answer may have arrived.
      // Node reads it after the timers, and after the callbacks of setImmediate(), of which one may have
      // blocked it.
      const check = checks;
      for (let turn = 0; checking && turn < 2; turn += 1) await turnOfTheLoop();
      // The ping before this one has waited too, and asks now.
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
 * Returns `WatchdogSec=` in milliseconds, as sd_watchdog_enabled(3) reads it: the service manager expects a
 * ping from this process within that time. {@link startWatchdog} sends two.
 *
 * It sends nothing and removes no variable. Call it before {@link ready} to find a malformed variable while
 * the service still starts.
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

/** Whether the value has only digits, and is not 0. systemd writes no other form. */
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
  // A ping that can't be sent rejects with a NotifyError. A health check may throw anything.
  const [reason, hint] =
    error instanceof NotifyError
      ? [`${error.code}: ${error.message}`, error.hint]
      : [`healthCheck() threw ${String(error)}`, UNHEALTHY_HINT];
  warn("SOCKACT_WARN_WATCHDOG", `No ping was sent to the watchdog of the service manager: ${reason}`, hint);
}
