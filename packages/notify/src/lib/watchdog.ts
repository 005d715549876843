import process from "node:process";
import { NotifyError } from "./errors.ts";
import { watchdog } from "./notify.ts";
import { environment } from "./state.ts";
import { warn } from "./warn.ts";

export interface WatchdogOptions {
  /**
   * Asked before each ping. When it returns false, throws or rejects, there is no ping; nor when it has not answered by the time that
   * the next is due.
   */
  healthCheck?: (() => boolean | Promise<boolean>) | undefined;
  /** Called each time that there was no ping, with the reason. Left out, a process warning says so once. */
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

/**
 * Tells the service manager that this process is alive, at once and then at half the interval of its `WatchdogSec=`, as
 * sd_watchdog_enabled(3) wants it. A timer does it, so that an event loop which no longer turns sends nothing, and systemd restarts the service.
 * The timer does not keep the process alive.
 *
 * - undefined: no `WatchdogSec=` asks this process.
 * - throws {@link NotifyError} `ERR_WATCHDOG_ENVIRONMENT`: WATCHDOG_USEC or WATCHDOG_PID is malformed.
 *
 * That a ping could not be sent, or the health check failed, never throws: it goes to `onFailure`.
 */
export function startWatchdog({ healthCheck, onFailure = warnOfFailure }: WatchdogOptions = {}):
  | Watchdog
  | undefined {
  const { watchdogUsec, watchdogPid } = environment();
  const interval = watchdogInterval(watchdogUsec, watchdogPid, process.pid);
  if (interval === undefined) return undefined;

  let checking = false;
  let stopped = false;
  const beat = async (): Promise<void> => {
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
  void beat();
  const timer = setInterval(() => void beat(), interval).unref();
  return {
    interval,
    stop() {
      stopped = true;
      clearInterval(timer);
    },
  };
}

/** Half the time in which the service manager wants to hear of a process, in milliseconds; undefined when not of this one. */
export function watchdogInterval(
  usec: string | undefined,
  pid: string | undefined,
  ownPid: number,
): number | undefined {
  if (usec === undefined) return undefined;
  if (pid !== undefined) {
    if (!/^[1-9]\d*$/.test(pid)) throw malformed("WATCHDOG_PID", pid);
    if (pid !== String(ownPid)) return undefined;
  }
  if (!/^[1-9]\d*$/.test(usec)) throw malformed("WATCHDOG_USEC", usec);
  return Math.min(Math.max(Number(usec) / 2000, 1), TIMER_MAX);
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
