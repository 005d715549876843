import process from "node:process";
import { inspect } from "node:util";
import { journal } from "../shared/journal.ts";
import { processState } from "../shared/process-state.ts";
import type { TlsAcceptor } from "../binding/tls-acceptor.ts";
import type { Drainable } from "../draining/drainable.ts";
import { debugEvent, type SockactEvent } from "./events.ts";
import { logEvent } from "./log-event.ts";
import { recordEvent } from "./record-event.ts";
import type { Settings } from "./settings.ts";

/** The settings and servers of one call of `systemdListen()` or `listen()`. */
export interface App {
  settings: Settings;
  activated: boolean;
  /** Whether the app serves connections (`Accept=yes`), and the process ends with them. */
  isForConnections: boolean;
  /** The listening or draining servers of the app, and its datagram sockets. */
  drains: Set<Drainable>;
  /** The TLS acceptors of its servers. */
  acceptors: TlsAcceptor[];
  /** The result of `onListen`. Undefined until `onListen` is called. */
  readyResult: Promise<unknown> | undefined;
  /** Closes the framework at the end of a stop, after `onStop`. */
  close: (() => Promise<unknown>) | undefined;
}

/**
 * Creates an app without listening servers.
 *
 * @param close closes the framework at the end of a stop, after the app's own `onStop`
 */
export function createApp(settings: Settings, activated: boolean, close?: App["close"]): App {
  return {
    settings,
    activated,
    isForConnections: false,
    drains: new Set(),
    acceptors: [],
    readyResult: undefined,
    close,
  };
}

const added: App[] = processState("apps", []);

/** The apps that the process stops, reloads and reports. A server of each has called `listen()`. */
export const apps: readonly App[] = added;

/** Makes the process stop, reload and report this app. */
export function addApp(app: App): void {
  if (!added.includes(app)) added.push(app);
}

/** The servers and datagram sockets that are drained when the process stops. */
export function allDrains(): Drainable[] {
  return apps.flatMap(({ drains }) => [...drains]);
}

/** Emits an event to all apps. A shared listener is called once. */
export function emit(event: SockactEvent): void {
  record(event);
  for (const listener of new Set(apps.map(({ settings }) => settings.onEvent ?? logEvent)))
    void callListener(listener, event);
}

/** Emits an event to one app. */
export function emitToApp({ settings }: App, event: SockactEvent): void {
  record(event);
  void callListener(settings.onEvent ?? logEvent, event);
}

/** Before the listeners: one of them may end the process. */
function record(event: SockactEvent): void {
  if (journal.fd !== undefined) recordEvent(event);
}

/**
 * Calls a hook of an app. If it fails, an `error` event reports that, and the other hooks are still called.
 * Resolves with whether it succeeded.
 */
export async function callHook(hook: () => unknown): Promise<boolean> {
  try {
    await hook();
    return true;
  } catch (error) {
    emit({ type: "error", error });
    return false;
  }
}

/** Calls a listener. If it throws or rejects, the process still drains. */
async function callListener(listener: (event: SockactEvent) => unknown, event: SockactEvent): Promise<void> {
  if (listener !== logEvent) debugEvent(event);
  try {
    await listener(event);
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : inspect(error));
  }
}
