import process from "node:process";
import type { Duration } from "@sockact/notify";
import { withUnits } from "@sockact/shared/duration-units";
import { isMainThread } from "@sockact/shared/notify";
import { optionError, parseBoolean, VARIABLES } from "../shared/environment-options.ts";
import { howToSet } from "../shared/how-to-set.ts";
import type { Socket } from "node:net";
import type { IncomingMessage } from "node:http";
import type { SockactEvent } from "./events.ts";
import { shown } from "../shared/shown.ts";
import {
  duration,
  exitStatus,
  finiteTime,
  isNoTime,
  limitedTime,
  path,
  signalList,
} from "./setting-values.ts";

/**
 * How an app starts, reloads, stops and sleeps under a service manager or in a container. Every option has a
 * default. When you start the app yourself, all options except `health` have no effect, unless `signals` or
 * `stopDelay` is set.
 *
 * Environment variables override the options, so you can set them in the unit: `SOCKACT_DRAIN_TIMEOUT`,
 * `SOCKACT_STOP_DELAY`, `SOCKACT_IDLE_TIMEOUT`, `SOCKACT_IDLE_EXIT_STATUS`, `SOCKACT_NOTIFY`, `SOCKACT_WATCHDOG`,
 * `SOCKACT_SIGNALS`, `SOCKACT_HANDOVER`, `SOCKACT_HANDOVER_TIMEOUT`, `SOCKACT_HEALTH`,
 * `SOCKACT_TRUST_PROXY`.
 *
 * A duration is a string with a unit, as in systemd.time(7), such as `30s` or `1min 30s`. The longest is 24
 * days.
 */
export interface LifecycleOptions {
  /**
   * Called when the app's server listens. READY=1 waits for the returned promise. If the promise rejects, the
   * server emits `error`.
   */
  onListen?: (() => unknown) | undefined;
  /**
   * Called on SIGHUP, between RELOADING=1 and READY=1. With `Type=notify-reload`, `systemctl reload` waits
   * for the returned promise. If it fails, the app keeps running with its old settings and emits an `error`
   * event.
   */
  onReload?: (() => unknown) | undefined;
  /**
   * Called when the process begins to stop, again when it stops accepting connections, and then every 100 ms
   * while a connection is open. End event streams and long polls here (socket.io's own long polls end without
   * it). Otherwise they are cut after `drainTimeout`. The process does not wait for the returned promise.
   * After a failure, it does not call `onDrain` again.
   */
  onDrain?: (() => unknown) | undefined;
  /**
   * Called after all connections have ended. The process waits for the returned promise and then ends. If it
   * fails, the exit code is 1.
   */
  onStop?: (() => unknown) | undefined;
  /**
   * Called before each watchdog ping (`WatchdogSec=`) once the app is ready. No ping is sent if it returns
   * `false`, throws, rejects, or has not answered when the next ping is due. Health probes call it too: see
   * `health`.
   */
  healthCheck?: (() => boolean | Promise<boolean>) | undefined;
  /**
   * The path on which sockact answers health probes of a load balancer, such as `/healthz`, on each HTTP
   * server of the app. It answers GET and HEAD requests of exactly this path, with any query, and the app
   * does not see them. The response is 200 with the body `ready`, or 503 with `starting`, `stopping`,
   * `drained` or `unhealthy`, as from `checkHealth()`, which also calls `healthCheck`. The default is
   * `false`.
   */
  health?: string | false | undefined;
  /**
   * Called for each upgraded connection during a stop. Close the connection here in its own protocol.
   * WebSockets of the `ws` library are not passed: they get a close frame with code 1001. Connections that
   * are still open after `drainTimeout` are cut.
   */
  onDrainUpgraded?: ((socket: Socket, request: IncomingMessage) => void) | undefined;
  /**
   * How long a stop waits for connections after SIGTERM or SIGINT. The default is `10s`. `infinity` means no
   * limit. `TimeoutStopSec=` in the unit must be longer.
   */
  drainTimeout?: Duration | "infinity" | undefined;
  /**
   * How long the process still accepts and serves every connection after SIGTERM, before it drains. Meanwhile,
   * health probes get 503, and each response has `Connection: close`. Set it where no socket was passed and a
   * load balancer needs time to find out, as in Kubernetes: some seconds more than it takes for that.
   * `drainTimeout` begins after it. The default is `0`. It has no effect on passed sockets, because systemd
   * keeps them open, nor after SIGINT.
   */
  stopDelay?: Duration | undefined;
  /**
   * How long the process stays idle (without a connection) before it ends. The next connection starts it
   * again. The default is `false`: the process never ends by itself. After `onStop`, sockact calls
   * `process.exit()`, also with `signals: false`. It waits for `onStop` for at most `drainTimeout` plus 5 s.
   */
  idleTimeout?: Duration | false | undefined;
  /**
   * The exit status after `idleTimeout`: an integer from 0 to 255. The default is 0. With a status that
   * nothing else uses, such as 42, `RestartPreventExitStatus=42` in the unit lets the process sleep, and
   * `Restart=always` restarts it after every other exit. If the stop fails, the status is 1.
   */
  idleExitStatus?: number | undefined;
  /**
   * Whether to send messages to the service manager. By default, they are sent if NOTIFY_SOCKET is set, as
   * with `Type=notify`.
   */
  notify?: boolean | undefined;
  /**
   * Whether to send watchdog pings. By default, they are sent if WATCHDOG_USEC is set, as with
   * `WatchdogSec=`.
   */
  watchdog?: boolean | undefined;
  /**
   * Whether the process hands over to a new process on SIGHUP. ExecReload= in the unit sends SIGHUP
   * (`handover` of `@sockact/units` writes it), or systemd does with `Type=notify-reload`. The process starts
   * its own command line again. When the new process is ready, it gets the sockets and the idle connections,
   * and systemd makes it the main process. `onReload` is not called. If the new process fails, the old one
   * keeps serving. The default is `false`.
   */
  handover?: boolean | undefined;
  /**
   * The time limit for the new process to become ready. After that, it is ended, and the old process keeps
   * serving. The default is `60s`.
   */
  handoverTimeout?: Duration | undefined;
  /**
   * The signals that drain the servers and end the process. `true` means SIGTERM and SIGINT, and is the
   * default if sockets were passed, with a `stopDelay`, and for process 1 of a container. With `false`, sockact
   * handles no signal, including SIGHUP, and only `idleTimeout` ends the process. The app's own
   * `server.close()` still drains.
   *
   * `'first'` means SIGTERM and SIGINT, and the app's own listeners of these signals run after all
   * connections have ended. Use it with a library that closes connections or ends the process on a signal,
   * such as stoppable, http-terminator, terminus, death or exit-hook.
   */
  signals?: boolean | "first" | readonly NodeJS.Signals[] | undefined;
  /**
   * Whether a reverse proxy sends all requests of a unix socket. Each request then has the client's address
   * in `socket.remoteAddress`, and `socket.encrypted` if the client used HTTPS. Express, Koa and Fastify read
   * them from there, without a setting such as `trust proxy`. They come from the last entry of
   * `X-Forwarded-For` and of `X-Forwarded-Proto`, so the proxy must add or replace both. Only the proxy may be
   * able to connect to the socket. It has no effect on TCP connections. The default is `false`.
   */
  trustProxy?: boolean | undefined;
  /**
   * Called with each event. By default, each event is a line on standard error, or in the app's log with
   * Fastify. Lines are written to file descriptor 2 directly, so code that replaces `process.stderr.write()`
   * does not see them.
   */
  onEvent?: ((event: SockactEvent) => void) | undefined;
}

/** The options with variables and defaults applied. Times are in milliseconds. */
export interface Settings extends Pick<
  LifecycleOptions,
  "onListen" | "onReload" | "onDrain" | "onStop" | "healthCheck" | "onDrainUpgraded" | "onEvent"
> {
  /** The path, or false. */
  health: string | false;
  drainTimeout: number;
  stopDelay: number;
  /** `Infinity` means never. Undefined if neither the option nor the variable is set. */
  idleTimeout: number | undefined;
  idleExitStatus: number;
  notify: boolean;
  watchdog: boolean;
  handover: boolean;
  handoverTimeout: number;
  trustProxy: boolean;
  /** Undefined if nothing sets it, as in a process that was started by hand. */
  signals: boolean | "first" | readonly NodeJS.Signals[] | undefined;
}

const DRAIN_TIMEOUT = 10_000;
const HANDOVER_TIMEOUT = 60_000;

const callbacks = [
  "onListen",
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
  /** What the value must be, as an option and as a variable. */
  is: [option: string, variable: string];
  /** An example, as an option and as a variable. */
  example: [option: string, variable: string];
  /** The value without a limit, as an option and as a variable. */
  unlimited?: [option: string, variable: string];
}

const trueOrFalse: Reader = {
  option: (value) => (typeof value === "boolean" ? value : undefined),
  variable: parseBoolean,
  is: ["true or false", "yes or no"],
  example: ["false", "no"],
};

/** Readers of each option and its variable. They return undefined for an invalid value. */
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
  stopDelay: {
    option: finiteTime,
    variable: finiteTime,
    is: [
      "a duration with a unit, such as '5s', and 24 days at most; or 0",
      "a duration with a unit, such as 5s, and 24 days at most; or 0",
    ],
    example: ["'5s'", "5s"],
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
  handover: { ...trueOrFalse, example: ["true", "yes"] },
  handoverTimeout: {
    option: limitedTime,
    variable: limitedTime,
    is: [
      "a duration above 0 with a unit, such as '60s', and 24 days at most",
      "a duration above 0 with a unit, such as 60s or 2min, and 24 days at most",
    ],
    example: ["'60s'", "60s"],
  },
  health: {
    option: (value) => (value === false ? false : path(value)),
    variable: (text) => (parseBoolean(text) === false ? false : path(text)),
    is: [
      "a path that begins with a slash and has no query, such as '/healthz'; or false",
      "a path that begins with a slash and has no query, such as /healthz; or no",
    ],
    example: ["'/healthz'", "/healthz"],
  },
  trustProxy: { ...trueOrFalse, example: ["true", "yes"] },
  signals: {
    option: (value) => (typeof value === "boolean" || value === "first" ? value : signalList(value)),
    variable: (text) =>
      parseBoolean(text) ?? (text.trim() === "first" ? "first" : signalList(text.trim().split(/\s+/))),
    is: ["true, false, 'first' or a list of signals", "yes, no, first or a list of signals"],
    example: ["['SIGTERM']", "SIGTERM SIGINT"],
  },
} satisfies Partial<Record<keyof typeof VARIABLES, Reader>>;

export const LIFECYCLE_OPTIONS: readonly string[] = [...callbacks, ...Object.keys(readers)];

/**
 * @throws ActivationError `SOCKACT_ERR_OPTION`
 */
export function readSettings(options: LifecycleOptions): Settings {
  const stopDelay = readOption("stopDelay", options, 0);
  // The kernel ignores a signal for process 1 without a listener: decisions/038.
  const isAlone = process.pid === 1 && isMainThread();
  const settings: Settings = {
    drainTimeout: readOption("drainTimeout", options, DRAIN_TIMEOUT),
    stopDelay,
    idleTimeout: readOption("idleTimeout", options, undefined),
    idleExitStatus: readOption("idleExitStatus", options, 0),
    notify: readOption("notify", options, true),
    watchdog: readOption("watchdog", options, true),
    handover: readOption("handover", options, false),
    handoverTimeout: readOption("handoverTimeout", options, HANDOVER_TIMEOUT),
    health: readOption("health", options, false),
    trustProxy: readOption("trustProxy", options, false),
    signals: readOption("signals", options, stopDelay > 0 || isAlone || undefined),
  };
  for (const name of callbacks) {
    const callback = options[name];
    if (callback === undefined) continue;
    if (typeof callback !== "function")
      throw optionError(
        `The option ${name} must be a function; got ${shown(callback)}`,
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
  // As with systemd's own variables, an empty variable counts as unset.
  if (text !== undefined && text !== "") {
    const value = variable(text);
    if (value === undefined) {
      const better = instead(text, "", 1);
      throw optionError(
        `${variableName} must be ${is[1]}; got ${JSON.stringify(text)}`,
        `${howToSet(variableName, example[1], better)}.`,
      );
    }
    return value as T;
  }
  if (options[name] === undefined) return otherwise;
  const value = option(options[name]);
  if (value === undefined) {
    const given = options[name];
    throw optionError(
      `The option ${name} must be ${is[0]}; got ${shown(given)}`,
      `Write ${name}: ${instead(given, "'", 0) ?? `${example[0]}, for example`}.`,
    );
  }
  return value as T;
}
