import type { Server } from "node:net";
import type { ActivatedSocket } from "./classify.ts";
import type { App } from "./lifecycle/apps.ts";
import type { TakeOptions } from "./options.ts";
import type { Workers } from "./cluster/workers.ts";
import type { PassedSocket } from "./passed-socket.ts";

/** What the one read of the environment gave. */
export type Activation =
  | { activated: true; passed: readonly PassedSocket[] }
  | { activated: false; reason: string; passed: readonly PassedSocket[] }
  | { error: Error };

/** A framework's app that is to listen on the sockets: which servers are its, and what it takes. */
export interface Attachment {
  owns(server: Server, requestListeners: ReadonlySet<unknown>): boolean;
  /** Its options: which sockets it takes, and how each is served. */
  take: TakeOptions;
  http2: boolean;
  app: App;
  /** Told once a server of the app has the sockets, before `listening` is emitted; with the first argument of its `listen()`. */
  onBound?(server: Server, sockets: readonly ActivatedSocket[], listenOptions: unknown): void;
}

interface State {
  activation: Activation | undefined;
  /** The environment as it was, when it announces sockets to whoever reads it, and nobody has said that the parent is to be trusted. */
  untrusted: Record<string, string | undefined> | undefined;
  attachments: Attachment[];
  /** Every function that was a `request` listener of a server before it listened: libraries such as socket.io hide them in a closure later. */
  requestListeners: WeakMap<Server, Set<unknown>>;
  /** What was done to this process once: prototypes patched, warnings given. */
  done: Set<string>;
  untakenTimer: NodeJS.Timeout | undefined;
  /** Whether the sockets that nothing serves have been warned of. */
  untakenTold: boolean;
  /** Every app that has a life of its own: activated, or under a service manager. */
  apps: App[];
  /** Set once all is there that READY=1 waits for; fulfils when it has been sent. */
  ready: Promise<void> | undefined;
  /** Whether all of that is there. */
  isReady: boolean;
  /** How many `hold()`s have not been let go. */
  holds: number;
  idleTimer: NodeJS.Timeout | undefined;
  /** The end, once it has begun; fulfils with the exit code. */
  stopping: Promise<number> | undefined;
  /** Of the primary of a cluster whose workers serve the sockets. */
  cluster: Workers | undefined;
}

/**
 * The state of this process. Two copies of this package in one dependency tree share it: the second would find the
 * variables gone, and each would patch what the other has patched. The number changes when the shape does.
 */
export const state: State = ((globalThis as Record<symbol, unknown>)[Symbol.for("sockact.1")] ??= {
  activation: undefined,
  untrusted: undefined,
  attachments: [],
  requestListeners: new WeakMap(),
  done: new Set(),
  untakenTimer: undefined,
  untakenTold: false,
  apps: [],
  ready: undefined,
  isReady: false,
  holds: 0,
  idleTimer: undefined,
  stopping: undefined,
  cluster: undefined,
} satisfies State) as State;

/** Does something once in this process, whichever copy of the package asks. */
export function once(what: string, action: () => void): void {
  if (state.done.has(what)) return;
  state.done.add(what);
  action();
}
