import cluster from "node:cluster";
import { inspect } from "node:util";
import type { NotifyError } from "@sockact/notify";
import type { ActivatedSocket } from "../activation/passed-socket.ts";
import { debug } from "../shared/debug.ts";
import type { ActivationError } from "../shared/errors.ts";
import {
  CUT,
  DRAINED,
  DRAINING,
  HANDED_OVER,
  HANDOVER_FAILED,
  rejectionText,
  RELOAD_FAILED,
  RELOADED,
  RELOADING,
  TOOK_OVER,
} from "@sockact/shared/texts";

/** An event of an activated app. The events are listed in the order in which they happen. */
export type SockactEvent =
  | {
      /** A server listens on these sockets, or serves these connections (`Accept=yes`). */
      readonly type: "listening";
      /** The sockets, in the order in which they were passed. */
      readonly sockets: readonly ActivatedSocket[];
    }
  | {
      /** Every socket has its server, and every `onListen` is fulfilled. */
      readonly type: "ready";
      /** Whether the message was sent to the service manager. */
      readonly notified: boolean;
      /** The process ID of the process that has handed over to this one. */
      readonly predecessor?: number;
      /** True if the service manager waits for the message, but it could not be sent. */
      readonly failed?: true;
    }
  | {
      /** A reload begins. */
      readonly type: "reloading";
    }
  | {
      /** The reload has ended. */
      readonly type: "reloaded";
      /** True if a part of the reload has failed (`failures`), or a handover. The app keeps serving. */
      readonly failed?: true;
      /**
       * What has failed: `tls` if a file can't be used and no certificate was replaced, `onReload`, and
       * `workers` if a worker of the cluster has not reloaded, or not everything. An `error` event before
       * this one has the error of each part.
       */
      readonly failures?: readonly ("tls" | "onReload" | "workers")[];
      /** True for a handover that has failed: this process keeps serving. */
      readonly handover?: true;
    }
  | {
      /**
       * A reload with `handover` has succeeded: a new process serves from now on. This one drains, and ends.
       */
      readonly type: "handover";
      /** The process ID of the new process. */
      readonly pid: number;
    }
  | {
      /**
       * A connection was closed, because its PROXY header is missing, late or not valid, or because its
       * sender is not in `proxyProtocol.from`.
       */
      readonly type: "rejected";
      /** The name of the socket that has accepted it. */
      readonly name: string;
      /** The address at the other end, or `unix` for a unix socket. Undefined if it is not known. */
      readonly sender: string | undefined;
      /** What is wrong, and what to change. */
      readonly error: ActivationError;
    }
  | {
      /**
       * The answer to a probe has changed. There is one event for each change, at the first probe that gets
       * the new answer.
       */
      readonly type: "health";
      /** As in `Health`. The states `starting` and `stopping` cause no event. */
      readonly state: "ready" | "drained" | "unhealthy";
    }
  | {
      /**
       * There has been neither a connection nor a `keepAwake()` for `idleTimeout`. The process ends, unless
       * `keepAwake()` is called now.
       */
      readonly type: "idle";
      /** The `idleTimeout`, in milliseconds. */
      readonly timeout: number;
    }
  | {
      /** The connection for which the process was started (`Accept=yes`) has closed. The process ends. */
      readonly type: "served";
    }
  | {
      /** The process begins to stop: each connection ends after its next response. */
      readonly type: "draining";
      /**
       * The signal that has started the stop. It is null if the process falls asleep, hands over, or is a
       * worker that was disconnected.
       */
      readonly signal: NodeJS.Signals | null;
      /** The number of open connections. In the primary of a cluster, those of its workers do not count. */
      readonly connections: number;
      /**
       * The number of workers that are running, in the primary of a cluster whose workers serve the sockets.
       */
      readonly workers?: number;
      /** True if a new process serves already. The connections that can move go to it. */
      readonly handover?: true;
    }
  | {
      /** All connections have ended. */
      readonly type: "drained";
      /** The number of connections that had something under way when `drainTimeout` was over. */
      readonly cut: number;
    }
  | {
      /**
       * An `onReload`, `onDrain`, `onDrainUpgraded` or `onStop` of the app has failed, or a `healthCheck`
       * that a probe has asked for, or a message to the service manager, or a handover. Or a stop has not
       * ended in time (`SOCKACT_ERR_STOP_TIMEOUT`), or an app that falls asleep ends with another exit status
       * than `idleExitStatus` (`SOCKACT_ERR_EXIT_STATUS`), or the app has ended the process during a drain
       * (`SOCKACT_ERR_EXIT_DRAINING`).
       */
      readonly type: "error";
      /** The error, of any type. */
      readonly error: unknown;
    };

/** Writes an event of an app that has its own listener, if a variable asks for debug output. */
export function debugEvent(event: SockactEvent): void {
  debug(() => eventText(event));
}

/** Why the process stops, if no signal has stopped it. */
function stopReason(isHandover: boolean): string {
  if (isHandover) return "handover";
  return cluster.worker?.exitedAfterDisconnect === true ? "disconnected" : "idle";
}

const failureTexts = {
  tls: "no certificate was replaced",
  onReload: "onReload failed",
  workers: "a worker failed",
};

/** A part of a reload that has failed. */
export type ReloadFailure = keyof typeof failureTexts;

/** Says that a reload has failed, and in which parts. */
export function reloadFailureText(failures: readonly ReloadFailure[]): string {
  return [RELOAD_FAILED, failures.map((failure) => failureTexts[failure]).join(", ")]
    .filter(Boolean)
    .join(": ");
}

const healthTexts = {
  ready: "ready again: probes get 200",
  drained: "taken out of rotation by sockact drain: probes get 503",
  unhealthy: "unhealthy: probes get 503",
};

/** The event as one line for people. */
export function eventText(event: SockactEvent): string {
  switch (event.type) {
    case "listening":
      return `${event.sockets[0]?.kind === "connection" ? "serving a connection to" : "listening on"} ${listText(event.sockets)}`;
    case "ready":
      if (event.failed) return "ready, but the service manager could not be told";
      if (event.predecessor !== undefined) return `ready, and ${TOOK_OVER} ${event.predecessor}`;
      return event.notified ? "ready, and the service manager was told" : "ready";
    case "reloading":
      return RELOADING;
    case "handover":
      return `${HANDED_OVER} ${event.pid}`;
    case "reloaded":
      if (event.handover) return HANDOVER_FAILED;
      return event.failed ? reloadFailureText(event.failures ?? []) : RELOADED;
    case "rejected":
      return rejectionText(event.name, event.sender, errorText(event.error));
    case "health":
      return healthTexts[event.state];
    case "idle":
      return `idle for ${event.timeout / 1000} s, going to sleep`;
    case "served":
      return "the connection has closed";
    case "draining":
      return `${event.signal ?? stopReason(event.handover === true)}${DRAINING}${drainingText(event)}`;
    case "drained":
      return event.cut === 0
        ? DRAINED
        : `${CUT}${countText(event.cut, "connection")} cut. End event streams and long polls in onDrain, or raise drainTimeout (SOCKACT_DRAIN_TIMEOUT overrides it)`;
    case "error":
      return errorText(event.error);
  }
}

/** The addresses of sockets. If they have several names, each address has its name. */
function listText(sockets: readonly ActivatedSocket[]): string {
  const areNamed = new Set(sockets.map(({ name }) => name)).size > 1;
  return sockets
    .map(({ address, name }) => (address === null ? name : `${address}${areNamed ? ` (${name})` : ""}`))
    .join(", ");
}

function drainingText({ connections, workers }: Extract<SockactEvent, { type: "draining" }>): string {
  const open = countText(connections, "open connection");
  if (workers === undefined) return open;
  return connections === 0 ? countText(workers, "worker") : `${countText(workers, "worker")}, ${open}`;
}

function countText(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/**
 * An error of sockact says what to change. Any other error is shown as Node shows it: with its stack, its
 * `code` and its causes.
 */
function errorText(error: unknown): string {
  if (typeof error === "string") return error;
  return isOwnError(error) ? `${errorReason(error)}. ${error.hint}` : inspect(error);
}

/** What is wrong, without what to change. */
export function errorReason({ code, message }: ActivationError | NotifyError): string {
  return `${code}: ${message}`;
}

/**
 * Whether this is an error of sockact, also one of another copy of it. Errors of a database may have a `hint`
 * too.
 */
function isOwnError(error: unknown): error is ActivationError | NotifyError {
  return error instanceof Error && /^(?:Activation|Notify)Error$/.test(error.name) && "hint" in error;
}
