import { constants } from "node:os";
import process from "node:process";
import { inspect } from "node:util";
import type { Duration } from "@sockact/notify";
import { milliseconds, withUnits } from "@sockact/notify/internal";
import { optionError, parseBoolean, VARIABLES } from "../shared/environment-options.ts";
import type { Socket } from "node:net";
import type { IncomingMessage } from "node:http";
import type { SockactEvent } from "./events.ts";

/**
 * How an app starts, stops and sleeps under a service manager. All of it works by default. When you start the app yourself, nothing changes.
 * A variable of the environment overrides the option of its name, so that a unit can set it: `SOCKACT_DRAIN_TIMEOUT`,
 * `SOCKACT_IDLE_TIMEOUT`, `SOCKACT_IDLE_EXIT_STATUS`, `SOCKACT_NOTIFY`, `SOCKACT_WATCHDOG`, `SOCKACT_SIGNALS`.
 */
export interface LifecycleOptions {
  /** Called once the app's server listens: READY=1 waits for the promise. A rejection is an `error` event of the server. */
  ready?: (() => unknown) | undefined;
  /** Called at SIGHUP, between RELOADING=1 and READY=1: `systemctl reload` with `Type=notify-reload` waits for it. */
  onReload?: (() => unknown) | undefined;
  /**
   * Called when the process begins to stop; and again from the moment it stops accepting, every 100 ms while a connection is open. End here what does not
   * end by itself, or it is cut when `drainTimeout` is over: event streams, and long polls other than those of socket.io. It is not waited for, and not called
   * again once it has failed.
   */
  onDrain?: (() => unknown) | undefined;
  /** Called when all connections have ended, before the process does. */
  onStop?: (() => unknown) | undefined;
  /** Asked before each ping of the watchdog (`WatchdogSec=`): no ping while it is false, rejected or has not answered. */
  healthCheck?: (() => boolean | Promise<boolean>) | undefined;
  /**
   * Called while draining for each upgraded connection that is not of the `ws` library (those get a close frame 1001): close it in its
   * own protocol. A connection that is still open when `drainTimeout` is over is cut.
   */
  onDrainUpgraded?: ((socket: Socket, request: IncomingMessage) => void) | undefined;
  /** The longest that connections have to end after SIGTERM or SIGINT; 10 s. `infinity` is no limit. `TimeoutStopSec=` of the unit has to be longer. */
  drainTimeout?: Duration | "infinity" | undefined;
  /**
   * How long without a connection until the process ends, to be started by the next one. False, the default: it stays. Once `onStop` has ended, sockact calls
   * `process.exit()`, also with `signals: false`. An `onStop` that takes longer than `drainTimeout` and 5 s more is not waited for.
   */
  idleTimeout?: Duration | false | undefined;
  /**
   * The exit status of a process that `idleTimeout` has ended: a whole number from 0 to 255, and 0 by default. With a status of its own,
   * `RestartPreventExitStatus=` in the unit lets the process sleep, while `Restart=always` starts it again after every other exit. After a
   * stop that has failed it is 1.
   */
  idleExitStatus?: number | undefined;
  /** Whether to tell the service manager; when it asks (NOTIFY_SOCKET), by default. */
  notify?: boolean | undefined;
  /** Whether to ping the watchdog; when the service manager asks (WATCHDOG_USEC), by default. */
  watchdog?: boolean | undefined;
  /**
   * Which signals drain the servers and end the process. True is SIGTERM and SIGINT, and the default when activated. With false none is
   * handled, SIGHUP neither, and nothing but `idleTimeout` ends the process: `server.close()` of the app drains.
   */
  signals?: boolean | readonly NodeJS.Signals[] | undefined;
  /**
   * Called with each event. By default each event is a line on standard error; in Fastify, of the app's log. That line goes to file descriptor 2 itself, so
   * code that replaces `process.stderr.write()` does not see it.
   */
  onEvent?: ((event: SockactEvent) => void) | undefined;
}

/** The options with what the environment says of them, and the defaults; times in milliseconds. */
export interface Settings extends Pick<
  LifecycleOptions,
  "ready" | "onReload" | "onDrain" | "onStop" | "healthCheck" | "onDrainUpgraded" | "onEvent"
> {
  drainTimeout: number;
  /** `Infinity` for never, undefined when neither option nor variable is set. */
  idleTimeout: number | undefined;
  idleExitStatus: number;
  notify: boolean;
  watchdog: boolean;
  /** Undefined when neither option nor variable is set. */
  signals: boolean | readonly NodeJS.Signals[] | undefined;
}

const DRAIN_TIMEOUT = 10_000;

/** The longest duration, in milliseconds: 24 days. A timer of Node has 24.8. */
const LONGEST = 24 * 86_400_000;

const callbacks = [
  "ready",
  "onReload",
  "onDrain",
  "onStop",
  "healthCheck",
  "onDrainUpgraded",
  "onEvent",
] as const;

interface Reader {
  option(value: unknown): unknown;
  variable(text: string): unknown;
  /** What it must be, as an option and as a variable. */
  is: [option: string, variable: string];
  /** A value as an option, and as a variable of the environment. */
  example: [option: string, variable: string];
  /** Of a duration: what sets no limit, as an option and as a variable. */
  unlimited?: [option: string, variable: string];
}

const trueOrFalse: Reader = {
  option: (value) => (typeof value === "boolean" ? value : undefined),
  variable: parseBoolean,
  is: ["true or false", "yes or no"],
  example: ["false", "no"],
};

/** What each option may be, and its variable. What can't be read is undefined. */
const readers = {
  drainTimeout: {
    option: duration,
    variable: duration,
    is: [
      "a duration with a unit, such as '30s', and 24 days at most; or 'infinity', or 0",
      "a duration with a unit, such as 30s or 1min 30s, and 24 days at most; or infinity",
    ],
    example: ["'30s'", "30s"],
    unlimited: ["'infinity'", "infinity"],
  },
  idleTimeout: {
    option: (value) => (value === false ? Infinity : duration(value) || undefined),
    variable: (text) => (parseBoolean(text) === false ? Infinity : duration(text) || undefined),
    is: [
      "a duration with a unit, such as '5min', and 24 days at most; or false for never",
      "a duration with a unit, such as 5min, and 24 days at most; or no for never",
    ],
    example: ["'5min'", "5min"],
    unlimited: ["false", "no"],
  },
  idleExitStatus: {
    option: exitStatus,
    variable: (text) => (/^\d+$/.test(text) ? exitStatus(Number(text)) : undefined),
    is: ["a whole number from 0 to 255", "a whole number from 0 to 255"],
    example: ["42", "42"],
  },
  notify: trueOrFalse,
  watchdog: trueOrFalse,
  signals: {
    option: (value) => (typeof value === "boolean" ? value : signalList(value)),
    variable: (text) => parseBoolean(text) ?? signalList(text.trim().split(/\s+/)),
    is: ["true, false or a list of signals", "yes, no or a list of signals"],
    example: ["['SIGTERM']", "SIGTERM SIGINT"],
  },
} satisfies Partial<Record<keyof typeof VARIABLES, Reader>>;

export const LIFECYCLE_OPTIONS: readonly string[] = [...callbacks, ...Object.keys(readers)];

/**
 * @throws ActivationError `ERR_OPTION`
 */
export function readSettings(options: LifecycleOptions): Settings {
  const settings: Settings = {
    drainTimeout: readOption("drainTimeout", options, DRAIN_TIMEOUT),
    idleTimeout: readOption("idleTimeout", options, undefined),
    idleExitStatus: readOption("idleExitStatus", options, 0),
    notify: readOption("notify", options, true),
    watchdog: readOption("watchdog", options, true),
    signals: readOption("signals", options, undefined),
  };
  for (const name of callbacks) {
    const callback = options[name];
    if (callback === undefined) continue;
    if (typeof callback !== "function")
      throw optionError(
        `The option ${name} must be a function; got ${inspect(callback)}`,
        `Write ${name}: () => ….`,
      );
    (settings as unknown as Record<string, unknown>)[name] = callback;
  }
  return settings;
}

function readOption<T>(name: keyof typeof readers, options: LifecycleOptions, otherwise: T): T {
  const { option, variable, is, example, unlimited }: Reader = readers[name];
  const instead = (given: unknown, quote: string, index: 0 | 1): string | undefined => {
    if (unlimited === undefined) return undefined;
    return isNoTime(given) ? unlimited[index] : withUnits(given, quote);
  };
  const variableName = VARIABLES[name];
  const text = process.env[variableName];
  // As with systemd's own variables, an empty one is one that is not set.
  if (text !== undefined && text !== "") {
    const value = variable(text);
    if (value === undefined) {
      const better = instead(text, "", 1);
      throw optionError(
        `${variableName} must be ${is[1]}; got ${JSON.stringify(text)}`,
        `Write Environment=${variableName}=${better ?? `${example[1]} in [Service], for example`}.`,
      );
    }
    return value as T;
  }
  if (options[name] === undefined) return otherwise;
  const value = option(options[name]);
  if (value === undefined) {
    const given = options[name];
    throw optionError(
      `The option ${name} must be ${is[0]}; got ${inspect(given)}`,
      `Write ${name}: ${instead(given, "'", 0) ?? `${example[0]}, for example`}.`,
    );
  }
  return value as T;
}

/** As {@link milliseconds}; undefined also for more than a timer can wait. */
function duration(value: unknown): number | undefined {
  const time = milliseconds(value);
  return time === undefined || time === Infinity || time <= LONGEST ? time : undefined;
}

/** Whether who wrote it may have meant that there is no limit. */
function isNoTime(given: unknown): boolean {
  const time = given === Infinity ? given : milliseconds(given);
  return time === 0 || (time !== undefined && time > LONGEST);
}

function exitStatus(value: unknown): number | undefined {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255
    ? (value as number)
    : undefined;
}

function signalList(value: unknown): readonly NodeJS.Signals[] | undefined {
  return Array.isArray(value) && value.every(canBeHandled) ? (value as NodeJS.Signals[]) : undefined;
}

function canBeHandled(signal: unknown): boolean {
  return Object.hasOwn(constants.signals, signal as string) && signal !== "SIGKILL" && signal !== "SIGSTOP";
}
