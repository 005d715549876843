import { Server } from "node:net";
import process from "node:process";
import { ActivationError, notActivated } from "./errors.ts";
import { listenOnPassed, NOTHING } from "./listen.ts";
import { nativeListen } from "./node-internals.ts";
import type { App } from "./lifecycle/apps.ts";
import { isAlive, live, makeApp } from "./lifecycle/live.ts";
import { managerAsks } from "./lifecycle/manager.ts";
import { allTls, type AppOptions, checkOptions, namesOf } from "./options.ts";
import { maybeActivated, type Passed, readActivation } from "./read.ts";
import { type Attachment, once, state } from "./state.ts";
import { checkTls } from "./tls/acceptor.ts";
import { hasRemaining, markTaken, socketsNamed } from "./take.ts";

/** What a framework's adapter knows of its app. */
export interface Hooks {
  /**
   * Whether this server serves the app.
   *
   * @param requestListeners every function that is, or was, a `request` listener of the server
   */
  owns: Attachment["owns"];
  /** The server listens on these sockets. Called before `listening` is emitted, with the first argument of its `listen()`. */
  onBound?: Attachment["onBound"];
  /** Whether what the framework makes of requests can answer HTTP/2. */
  http2?: boolean;
  /** What the framework does at the end, when all connections have closed and the app's `onStop` is done. */
  close?: App["close"];
}

/**
 * Makes each server of an app listen on the sockets that were passed to this process, whoever calls its `listen()`: the
 * framework, or the user on a server made of the app. Port and host are then ignored, `backlog` and `signal` hold.
 * What can't be bound is an `error` event of the server, as with any `listen()`.
 *
 * - true: activated; `net.Server.prototype.listen` is wrapped from now on, and acts on these servers alone;
 * - false: not activated; nothing was changed.
 *
 * @throws ActivationError `ERR_NOT_ACTIVATED` when `required`, `ERR_NAME_UNKNOWN`, `ERR_OPTION`, `ERR_TLS`, `ERR_TLS_FILE`, and what activatedSockets() throws
 */
export function attach(options: AppOptions, { owns, onBound, close, http2 = false }: Hooks): boolean {
  const passed = checkActivation(options, http2);
  const app = makeApp(options, passed.activated, close);
  if (!isAlive(app)) return false;
  state.apps.push(app);
  state.attachments.push({ owns, take: options, http2, app, ...(onBound && { onBound }) });
  once("wrap listen", () => {
    Server.prototype.listen = listen as typeof nativeListen;
  });
  return passed.activated;
}

/**
 * Throws at once what would be an error later, so that an app fails where it says `systemdListen()`.
 *
 * @param http2 as of {@link Hooks}
 * @throws ActivationError as {@link attach}
 */
export function checkActivation(options: AppOptions, http2 = false): Passed {
  checkOptions(options);
  const passed = readActivation(options.trustParent);
  if (!passed.activated && options.required === true) throw notActivated(passed.reason);
  const names = namesOf(options);
  if (passed.activated && names !== undefined) socketsNamed(passed.passed, names);
  if (passed.activated) for (const tls of allTls(options)) checkTls(tls, http2);
  return passed;
}

/**
 * Remembers, from now on, which functions are `request` listeners of which server. An adapter calls it when it is imported, since
 * `http.createServer(app)` may come before `systemdListen()`, and libraries such as socket.io then hide the app in a closure.
 * Does nothing in a process without the variables.
 */
export function rememberRequestListeners(): void {
  if (!maybeActivated() && !managerAsks()) return;
  once("remember request listeners", () => {
    const nativeOn = Server.prototype.on;
    Server.prototype.on = Server.prototype.addListener = function (
      this: Server,
      event: string,
      listener: (...args: never[]) => void,
    ) {
      // Not the handlers that come and go with the requests.
      if (event === "request" && !this.listening) {
        const known = state.requestListeners.get(this);
        if (known) known.add(listener);
        else state.requestListeners.set(this, new Set([listener]));
      }
      return (nativeOn as (event: string, listener: unknown) => Server).call(this, event, listener);
    } as typeof nativeOn;
  });
}

function listen(this: Server, ...args: unknown[]): Server {
  const passed = readActivation();
  const attachment = attachmentOf(this, passed, args[0]);
  if (attachment === undefined || !passed.activated) {
    if (attachment) live(this, attachment.app, NOTHING);
    return (nativeListen as (...args: unknown[]) => Server).apply(this, args);
  }
  try {
    const bound = listenOnPassed(this, passed, attachment.take, bindOptions(args), attachment.http2);
    const callback = args.findLast((arg) => typeof arg === "function");
    if (callback !== undefined) this.once("listening", callback as () => void);
    live(this, attachment.app, bound);
    attachment.onBound?.(this, bound.sockets, args[0]);
  } catch (error) {
    // As in Node, what can't be bound is an event, what makes no sense is thrown.
    if (!(error instanceof ActivationError)) throw error;
    process.nextTick(() => this.emit("error", error));
  }
  return this;
}

/**
 * Whose server this is: of several that own it, the first that has sockets left. Nobody's when it is told which descriptor or
 * handle to listen on.
 */
function attachmentOf(server: Server, { passed }: Passed, options: unknown): Attachment | undefined {
  const { fd, _handle, handle } = Object(options) as { fd?: unknown; _handle?: unknown; handle?: unknown };
  if (typeof fd === "number") markTaken(passed, fd);
  if (typeof fd === "number" || _handle !== undefined || handle !== undefined) return undefined;
  const requestListeners = new Set<unknown>([
    ...(state.requestListeners.get(server) ?? []),
    ...server.listeners("request"),
  ]);
  const owners = state.attachments.filter(({ owns }) => owns(server, requestListeners));
  return owners.find(({ take }) => hasRemaining(passed, namesOf(take))) ?? owners[0];
}

/** listen(port[, host][, backlog]), listen(path[, backlog]) or listen(options): the backlog is the first number behind the first. */
function bindOptions([first, ...rest]: unknown[]): { backlog?: number; signal?: AbortSignal } {
  if (typeof first === "object" && first !== null) return first;
  const backlog = rest.find((arg) => typeof arg === "number");
  return backlog === undefined ? {} : { backlog };
}
