import type { Drainable } from "./drain.ts";
import { logEvent, type SockactEvent } from "./events.ts";
import type { Settings } from "./options.ts";
import type { TlsAcceptor } from "../tls/acceptor.ts";
import process from "node:process";
import { inspect } from "node:util";
import { state } from "../state.ts";

/** What one `systemdListen()`, or one `listen()`, has to live with. */
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
  ready: Promise<void> | undefined;
  /** What its framework does at the end. */
  close: (() => Promise<unknown>) | undefined;
}

/** Every server and datagram socket of the process that is drained when it stops. */
export function allDrains(): Drainable[] {
  return state.apps.flatMap(({ drains }) => [...drains]);
}

/** Tells every app, each listener once. */
export function emit(event: SockactEvent): void {
  for (const listener of new Set(state.apps.map(({ settings }) => settings.onEvent ?? logEvent)))
    void tell(listener, event);
}

/** Tells one app. */
export function emitTo({ settings }: App, event: SockactEvent): void {
  void tell(settings.onEvent ?? logEvent, event);
}

/** A listener that throws, or rejects, must not keep the process from draining. */
async function tell(listener: (event: SockactEvent) => unknown, event: SockactEvent): Promise<void> {
  try {
    await listener(event);
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : inspect(error));
  }
}
