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
  sentence,
} from "@sockact/shared/texts";

/** An event of an activated app, in the order in which events happen. */
export type SockactEvent =
  | {
      /** A server listens on these sockets, or serves these connections (`Accept=yes`). */
      readonly type: "listening";
      /** The sockets, in the order in which systemd passed them. */
      readonly sockets: readonly ActivatedSocket[];
    }
  | {
      /** Every socket has a server, and every promise of `onListen` is fulfilled. */
      readonly type: "ready";
      /** Whether the message was sent to the service manager. */
      readonly notified: boolean;
      /** The process ID of the process that handed over to this one. */
      readonly predecessor?: number;
      /** True if the service manager expects the message but it could not be sent. */
      readonly failed?: true;
    }
  | {
      /** A reload has begun. */
      readonly type: "reloading";
    }
  | {
      /** The reload has ended. */
      readonly type: "reloaded";
      /** True if the handover or a part of the reload (see `failures`) has failed. The app keeps serving. */
      readonly failed?: true;
      /**
       * The parts that failed. `tls`: a file can't be used, so no certificate was replaced. `onReload`: the
       * function failed. `workers`: a worker of the cluster has not reloaded completely. Each part has an
       * earlier `error` event.
       */
      readonly failures?: readonly ("tls" | "onReload" | "workers")[];
      /** True for a failed handover. This process keeps serving. */
      readonly handover?: true;
    }
  | {
      /** A reload with `handover` has succeeded. The new process serves, and this one drains and ends. */
      readonly type: "handover";
      /** The process ID of the new process. */
      readonly pid: number;
    }
  | {
      /**
       * A connection was closed: its PROXY header is missing, late or invalid, or its sender is not in
       * `proxyProtocol.from`.
       */
      readonly type: "rejected";
      /** The name of the socket that accepted it. */
      readonly name: string;
      /** The address of the other end, `unix` for a unix socket, or undefined if unknown. */
      readonly sender: string | undefined;
      /** What is wrong, and what to change. */
      readonly error: ActivationError;
    }
  | {
      /**
       * The answer to health probes has changed. One event per change, at the first probe with the new
       * answer.
       */
      readonly type: "health";
      /** As in `Health`. `starting` and `stopping` cause no event. */
      readonly state: "ready" | "drained" | "unhealthy";
    }
  | {
      /**
       * There was no connection and no `keepAwake()` for `idleTimeout`. The process ends unless you call
       * `keepAwake()` now.
       */
      readonly type: "idle";
      /** The `idleTimeout`, in milliseconds. */
      readonly timeout: number;
    }
  | {
      /** The connection of this process (`Accept=yes`) has closed. The process ends. */
      readonly type: "served";
    }
  | {
      /** The process begins to stop. Each connection ends after its next response. */
      readonly type: "draining";
      /**
       * The signal that started the stop. Null if the process goes to sleep, hands over, or is a disconnected
       * worker.
       */
      readonly signal: NodeJS.Signals | null;
      /** The number of open connections. The primary of a cluster does not count those of its workers. */
      readonly connections: number;
      /** The number of running workers, in the primary of a cluster whose workers serve the sockets. */
      readonly workers?: number;
      /** True if a new process already serves. Connections that can move go to it. */
      readonly handover?: true;
    }
  | {
      /** All connections have ended. */
      readonly type: "drained";
      /** The number of connections that were still active after `drainTimeout`. */
      readonly cut: number;
      /** After a handover: the number of open connections that the new process has taken. */
      readonly moved?: number;
    }
  | {
      /**
       * One of the following has failed: `onReload`, `onDrain`, `onDrainUpgraded` or `onStop` of the app, a
       * `healthCheck` for a probe, a message to the service manager, or a handover. Three more problems have
       * this event: a stop that takes too long (`SOCKACT_ERR_STOP_TIMEOUT`), an app that goes to sleep with
       * an exit status other than `idleExitStatus` (`SOCKACT_ERR_EXIT_STATUS`), and an app that ends the
       * process during a drain (`SOCKACT_ERR_EXIT_DRAINING`).
       */
      readonly type: "error";
      /** The error, of any type. */
      readonly error: unknown;
    };

/** Prints an event of an app with its own listener, if a variable enables debug output. */
export function debugEvent(event: SockactEvent): void {
  debug(() => eventText(event));
}

/** Why the process stops, other than by a signal. */
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

/** Describes a failed reload and its failed parts. */
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

/** The event as one line of text. */
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

/** The addresses of sockets. If the sockets have different names, each address is preceded by the name. */
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
 * The text of an error. Errors of sockact have a hint. Other errors are printed as in Node, with stack,
 * `code` and causes.
 */
function errorText(error: unknown): string {
  if (typeof error === "string") return error;
  return isOwnError(error) ? `${sentence(errorReason(error))} ${error.hint}` : inspect(error);
}

/** The reason without the hint. */
export function errorReason({ code, message }: ActivationError | NotifyError): string {
  return `${code}: ${message}`;
}

/**
 * Whether the error is one of sockact, possibly of another copy of it. The errors of other libraries may have
 * a `hint` too.
 */
function isOwnError(error: unknown): error is ActivationError | NotifyError {
  return error instanceof Error && /^(?:Activation|Notify)Error$/.test(error.name) && "hint" in error;
}
