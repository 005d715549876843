import process from "node:process";
import { inspect } from "node:util";
import { processState } from "../shared/process-state.ts";
import type { TlsAcceptor } from "../binding/tls-acceptor.ts";
import type { Drainable } from "../draining/drainable.ts";
import { debugEvent, logEvent, type SockactEvent } from "./events.ts";
import type { Settings } from "./settings.ts";

/** One `systemdListen()`, or one `listen()`: its settings, and its servers. */
export interface App {
  settings: Settings;
  activated: boolean;
  /** Whether it serves connections (`Accept=yes`), and ends with them. */
  isForConnections: boolean;
  /** Its servers that listen, or are draining; and its datagram sockets. */
  drains: Set<Drainable>;
  /** What speaks TLS for its servers. */
  acceptors: TlsAcceptor[];
  /** Its `ready`, once called. */
  ready: Promise<unknown> | undefined;
  /** What its framework does at the end. */
  close: (() => Promise<unknown>) | undefined;
}

/**
 * Makes an app, of which no server listens yet.
 *
 * @param close what a framework does at the end, after the app's own `onStop`
 */
export function createApp(settings: Settings, activated: boolean, close?: App["close"]): App {
  return {
    settings,
    activated,
    isForConnections: false,
    drains: new Set(),
    acceptors: [],
    ready: undefined,
    close,
  };
}

/** What the primary of a cluster knows of its workers. */
export interface WorkerPool {
  /** The sockets that workers have listened on, by number. */
  readonly served: ReadonlySet<number>;
  /** Whether one has ever been ready. */
  readonly haveServed: boolean;
  readonly count: number;
  /** Whether there is none, or not all of them are idle. */
  readonly areAwake: boolean;
  /** Lets each end as at a signal, and waits until all have. Fulfils with whether one had to be killed, or has ended with an error. */
  stop(signal: NodeJS.Signals | null): Promise<boolean>;
}

interface Lifecycle {
  /** Every app of which a server has been told to listen, activated or under a service manager. */
  apps: App[];
  /** Set once READY=1 waits for nothing more; fulfils when it has been sent. */
  ready: Promise<void> | undefined;
  /** Whether the process is ready. */
  isReady: boolean;
  /** The end, once it has begun; fulfils with the exit code. */
  stopping: Promise<number> | undefined;
  /** In the primary of a cluster whose workers serve the sockets. */
  workers: WorkerPool | undefined;
}

export const lifecycle: Lifecycle = processState("lifecycle", {
  apps: [],
  ready: undefined,
  isReady: false,
  stopping: undefined,
  workers: undefined,
});

/** Makes an app one of those that the process stops, reloads and reports. */
export function addApp(app: App): void {
  if (!lifecycle.apps.includes(app)) lifecycle.apps.push(app);
}

/** Every server and datagram socket of the process that is drained when it stops. */
export function allDrains(): Drainable[] {
  return lifecycle.apps.flatMap(({ drains }) => [...drains]);
}

/** Emits an event to every app, to each listener once. */
export function emit(event: SockactEvent): void {
  for (const listener of new Set(lifecycle.apps.map(({ settings }) => settings.onEvent ?? logEvent)))
    void callListener(listener, event);
}

/** Emits an event to one app. */
export function emitToApp({ settings }: App, event: SockactEvent): void {
  void callListener(settings.onEvent ?? logEvent, event);
}

/** Calls a hook of the app, which must not keep the others from being called. Whether it did not fail. */
export async function callHook(hook: () => unknown): Promise<boolean> {
  try {
    await hook();
    return true;
  } catch (error) {
    emit({ type: "error", error });
    return false;
  }
}

/** A listener that throws, or rejects, must not keep the process from draining. */
async function callListener(listener: (event: SockactEvent) => unknown, event: SockactEvent): Promise<void> {
  if (listener !== logEvent) debugEvent(event);
  try {
    await listener(event);
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : inspect(error));
  }
}
