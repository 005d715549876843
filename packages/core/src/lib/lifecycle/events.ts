import cluster from "node:cluster";
import type { ActivatedSocket } from "../activation/passed-socket.ts";
import { debug } from "../shared/debug.ts";
import { writeLine } from "../shared/standard-error.ts";

/** What happens in the life of an activated app, in the order in which it does. */
export type SockactEvent =
  /** A server listens on these sockets, or serves these connections (`Accept=yes`). */
  | { readonly type: "listening"; readonly sockets: readonly ActivatedSocket[] }
  /** Every socket has its server, and every `ready` is fulfilled. `notified`: whether the service manager was told. `failed`: it asked, and could not be told. */
  | { readonly type: "ready"; readonly notified: boolean; readonly failed?: true }
  /** `onReload` begins. */
  | { readonly type: "reloading" }
  /** `onReload` has ended. `failed`: it threw or rejected, and the app keeps its old settings. */
  | { readonly type: "reloaded"; readonly failed?: true }
  /** No connection and no `hold()` for `idleTimeout`, here in milliseconds: the process ends, unless `hold()` is called now. */
  | { readonly type: "idle"; readonly timeout: number }
  /** The connection has closed for which the process was started (`Accept=yes`): the process ends. */
  | { readonly type: "served" }
  /** The process begins to stop: each connection ends after its next response. `signal` is what asked for it, null when the process is idle, or a worker that was disconnected. */
  | { readonly type: "draining"; readonly signal: NodeJS.Signals | null; readonly connections: number }
  /** All connections have ended. `cut` is the number of those that had something under way when `drainTimeout` was over. */
  | { readonly type: "drained"; readonly cut: number }
  /**
   * An `onReload`, `onStop` or `onDrainUpgraded` of the app, or a message to the service manager, has failed. An app that falls asleep has not ended in
   * time (`ERR_STOP_TIMEOUT`), or ends with another exit status than `idleExitStatus` (`ERR_EXIT_STATUS`).
   */
  | { readonly type: "error"; readonly error: unknown };

/** Writes one line to standard error, which the journal shows. What has replaced process.stderr.write() does not see it. */
export function logEvent(event: SockactEvent): void {
  writeLine(`sockact: ${eventText(event)}`);
}

/** Writes an event of an app that has a listener of its own, where DEBUG_INVOCATION asks for every event. */
export function debugEvent(event: SockactEvent): void {
  debug(() => eventText(event));
}

/** What has ended the process where no signal has. */
function stopReason(): string {
  return cluster.worker?.exitedAfterDisconnect === true ? "disconnected" : "idle";
}

/** The event as one line for people. */
export function eventText(event: SockactEvent): string {
  switch (event.type) {
    case "listening":
      return `${event.sockets[0]?.kind === "connection" ? "serving a connection to" : "listening on"} ${event.sockets.map(({ address, name }) => address ?? name).join(", ")}`;
    case "ready":
      if (event.failed) return "ready, but the service manager could not be told";
      return event.notified ? "ready, and the service manager was told" : "ready";
    case "reloading":
      return event.type;
    case "reloaded":
      return event.failed ? "the reload failed, and the app keeps its old settings" : "reloaded";
    case "idle":
      return `no connection for ${event.timeout / 1000} s, going to sleep`;
    case "served":
      return "the connection has closed";
    case "draining":
      return `${event.signal ?? stopReason()}: draining, ${event.connections} open connection${event.connections === 1 ? "" : "s"}`;
    case "drained":
      return event.cut === 0
        ? "drained"
        : `drainTimeout is over: ${event.cut} connection${event.cut === 1 ? "" : "s"} cut. End event streams and long polls in onDrain, or raise drainTimeout (SOCKACT_DRAIN_TIMEOUT overrides it)`;
    case "error":
      return errorText(event.error);
  }
}

/** Our own errors say what to change; of any other error the stack shows where it comes from. */
function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, hint } = error as Error & { code?: string; hint?: string };
  return hint === undefined ? (error.stack ?? error.message) : `${code}: ${error.message}. ${hint}`;
}
