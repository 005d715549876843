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
  /** What its `ready` option has returned; undefined until it is called. */
  readyResult: Promise<unknown> | undefined;
  /** What its framework does at the end, after `onStop`. */
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
    readyResult: undefined,
    close,
  };
}

const added: App[] = processState("apps", []);

/** Every app that the process stops, reloads and reports: one of its servers has been told to listen. */
export const apps: readonly App[] = added;

/** Makes the process stop, reload and report an app, too. */
export function addApp(app: App): void {
  if (!added.includes(app)) added.push(app);
}

/** Every server and datagram socket of the process that is drained when it stops. */
export function allDrains(): Drainable[] {
  return apps.flatMap(({ drains }) => [...drains]);
}

/** Emits an event to every app, to each listener once. */
export function emit(event: SockactEvent): void {
  for (const listener of new Set(apps.map(({ settings }) => settings.onEvent ?? logEvent)))
    void callListener(listener, event);
}

/** Emits an event to one app. */
export function emitToApp({ settings }: App, event: SockactEvent): void {
  void callListener(settings.onEvent ?? logEvent, event);
}

/** Calls a hook of an app, and makes its failure an `error` event, so that the other hooks are still called. Fulfils with whether it succeeded. */
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
