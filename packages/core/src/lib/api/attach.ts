import { Server } from "node:net";
import process from "node:process";
import { type ActivationResult, knownSockets } from "../activation/activation.ts";
import { type ActivationError, isActivationError, notActivated } from "../shared/errors.ts";
import type { ActivatedSocket } from "../activation/passed-socket.ts";
import { type App, createApp } from "../lifecycle/app.ts";
import { manageServer } from "./manage-server.ts";
import { isManaged, isNotifyExpected } from "../lifecycle/service-manager.ts";
import { readSettings } from "../lifecycle/settings.ts";
import { NO_SOCKETS } from "../binding/bound.ts";
import { listenOnPassed } from "./listen.ts";
import { nativeListen } from "../shared/node-internals.ts";
import { allTls, type AppOptions, checkOptions, namesOf, type TakeOptions } from "./options.ts";
import { checkPermission } from "../binding/permission.ts";
import { once, processState } from "../shared/process-state.ts";
import { maybeActivated, readActivation } from "../activation/read.ts";
import { checkTlsUsable } from "../binding/tls-acceptor.ts";
import { hasUnclaimed, markClaimed, socketsNamed } from "../binding/claim.ts";
import { warnIfNeverAsked, warnIfUnservedBeside, warnOfLateCall } from "../activation/unserved.ts";
import { warn } from "../shared/warnings.ts";
import { WeakList } from "../shared/weak-list.ts";

/** What a framework's adapter knows of its app. */
export interface FrameworkHooks {
  /**
   * Whether this server serves the app.
   *
   * @param requestListeners every function that is, or was, a `request` listener of the server
   */
  owns(server: Server, requestListeners: ReadonlySet<unknown>): boolean;
  /** The server listens on these sockets. Called before `listening` is emitted, with the first argument of its `listen()`. */
  onBound?(server: Server, sockets: readonly ActivatedSocket[], listenOptions: unknown): void;
  /** Whether what the framework makes of requests can answer HTTP/2. */
  http2?: boolean;
  /** What the framework does at the end, when all connections have closed and the app's `onStop` is done. */
  close?: App["close"];
}

/** A framework's app that is to listen on the sockets. */
interface Attachment {
  hooks: FrameworkHooks;
  /** Its options: which sockets it takes, and how each is served. */
  take: TakeOptions;
  app: App;
}

const attached = processState("attach", {
  attachments: new WeakList<Attachment>(),
  /** What keeps the attachments of an app alive: the app itself. */
  ofOwner: new WeakMap<object, Attachment[]>(),
  /** Every function that was a `request` listener of a server before it listened: libraries such as socket.io hide them in a closure later. */
  requestListeners: new WeakMap<Server, Set<unknown>>(),
  /** The servers that have had a `request` listener. */
  servers: new WeakList<Server>(),
});

/**
 * Makes each server of an app listen on the sockets that were passed to this process, whoever calls its `listen()`: the
 * framework, or the user on a server made of the app. Port and host are then ignored, `backlog` and `signal` hold.
 * What can't be bound is an `error` event of the server, as with any `listen()`.
 *
 * - true: activated; `net.Server.prototype.listen` is wrapped from now on, and acts on these servers alone;
 * - false: not activated; nothing was changed.
 *
 * @param owner the app as the framework has it: nothing of it is kept once it is collected
 * @throws ActivationError `ERR_NOT_ACTIVATED` when `required`, `ERR_NAME_UNKNOWN`, `ERR_PERMISSION`, `ERR_OPTION`, `ERR_TLS`, `ERR_TLS_FILE`, and what activatedSockets() throws
 */
export function attach(owner: object, options: AppOptions, hooks: FrameworkHooks): boolean {
  const passed = checkActivation(options, hooks.http2);
  const app = createApp(readSettings(options), passed.activated, hooks.close);
  if (!isManaged(app)) return false;
  const attachment: Attachment = { hooks, take: options, app };
  attached.attachments.add(attachment);
  attached.ofOwner.set(owner, [...(attached.ofOwner.get(owner) ?? []), attachment]);
  once("wrap listen", wrapListen);
  if (passed.activated) warnIfServedAlready(attachment);
  return passed.activated;
}

/**
 * Throws at once what would be an error later, so that an app fails where it says `systemdListen()`.
 *
 * @param http2 as of {@link FrameworkHooks}
 * @throws ActivationError as {@link attach}
 */
export function checkActivation(options: AppOptions, http2 = false): ActivationResult {
  checkOptions(options);
  const passed = readActivation(options.trustParent);
  if (!passed.activated && options.required === true) throw notActivated(passed.reason);
  if (passed.activated) checkPermission();
  const names = namesOf(options);
  if (passed.activated && names !== undefined) socketsNamed(passed.sockets, names);
  if (passed.activated) for (const tls of allTls(options)) checkTlsUsable(tls, http2);
  return passed;
}

/**
 * Remembers, from now on, which functions are `request` listeners of which server. An adapter calls it when it is imported, since
 * `http.createServer(app)` may come before `systemdListen()`, and libraries such as socket.io then hide the app in a closure.
 * Does nothing in a process without the variables.
 */
export function rememberRequestListeners(): void {
  if (!maybeActivated() && !isNotifyExpected()) return;
  warnIfNeverAsked(() => [...attached.servers].some(({ listening }) => listening));
  // Patches net.Server.prototype.on and addListener.
  once("remember request listeners", () => {
    const { on } = Server.prototype;
    Server.prototype.on = Server.prototype.addListener = function (
      this: Server,
      event: string,
      listener: (...args: never[]) => void,
    ) {
      // Not the handlers that come and go with the requests.
      if (event === "request" && !this.listening) {
        const known = attached.requestListeners.get(this);
        if (known) known.add(listener);
        else {
          attached.requestListeners.set(this, new Set([listener]));
          attached.servers.add(this);
        }
      }
      return (on as (event: string, listener: unknown) => Server).call(this, event, listener);
    } as typeof on;
  });
}

type Listen = (this: Server, ...args: unknown[]) => Server;

/** Patches net.Server.prototype.listen: on top of whatever has patched it before. */
function wrapListen(): void {
  const inner = Server.prototype.listen as Listen;
  Server.prototype.listen = function (this: Server, ...args: unknown[]): Server {
    const owners = namesItsHandle(args[0]) ? [] : attachmentsOf(this);
    if (owners.length > 0) return listenAttached(this, owners, args, inner);
    const server = inner.apply(this, args);
    if (!namesItsHandle(args[0])) warnIfUnservedBeside(this);
    return server;
  } as typeof nativeListen;
}

/** Whether a server is told which descriptor or handle to listen on: then it takes no other. */
function namesItsHandle(options: unknown): boolean {
  const { fd, _handle, handle } = Object(options) as { fd?: unknown; _handle?: unknown; handle?: unknown };
  if (typeof fd === "number") markClaimed(knownSockets(), fd);
  return typeof fd === "number" || _handle !== undefined || handle !== undefined;
}

function attachmentsOf(server: Server): Attachment[] {
  const requestListeners = new Set<unknown>([
    ...(attached.requestListeners.get(server) ?? []),
    ...server.listeners("request"),
  ]);
  return [...attached.attachments].filter(({ hooks }) => hooks.owns(server, requestListeners));
}

function listenAttached(
  server: Server,
  owners: readonly Attachment[],
  args: unknown[],
  inner: Listen,
): Server {
  const callback = args.findLast((arg) => typeof arg === "function") as (() => void) | undefined;
  try {
    const passed = readActivation();
    // Of several that own it, the first that has sockets left.
    const { take, app, hooks } = (owners.find(({ take: of }) => hasUnclaimed(passed.sockets, namesOf(of))) ??
      owners[0]) as Attachment;
    if (!passed.activated) {
      manageServer(server, app, NO_SOCKETS, callback);
      return inner.apply(server, args);
    }
    const bound = listenOnPassed(server, passed, take, bindOptions(args), hooks.http2 === true);
    if (callback !== undefined) server.once("listening", callback);
    manageServer(server, app, bound, callback);
    hooks.onBound?.(server, bound.sockets, args[0]);
  } catch (error) {
    // As in Node, what can't be bound is an event, what makes no sense is thrown.
    if (!isActivationError(error)) throw error;
    if (callback !== undefined && server.listeners("error").includes(callback))
      warnOfSwallowed(error, args[0]);
    process.nextTick(() => server.emit("error", error));
  }
  return server;
}

/** Express 5 calls the callback of `listen()` with the error, too, and most callbacks print that the app listens. */
function warnOfSwallowed({ code, message, hint }: ActivationError, where: unknown): void {
  const call =
    typeof where === "number" || typeof where === "string" ? `listen(${where})` : "A second listen()";
  warn(
    "SOCKACT_NOT_LISTENING",
    `${call} does not listen, although its callback runs. ${code}: ${message}`,
    hint,
  );
}

function warnIfServedAlready(attachment: Attachment): void {
  for (const server of attached.servers) {
    const listeners = attached.requestListeners.get(server) ?? new Set();
    if (server.listening && attachment.hooks.owns(server, listeners)) warnOfLateCall(server);
  }
}

/** listen(port[, host][, backlog]), listen(path[, backlog]) or listen(options): the backlog is the first number after the first. */
function bindOptions([first, ...rest]: unknown[]): { backlog?: number; signal?: AbortSignal } {
  if (typeof first === "object" && first !== null) return first;
  const backlog = rest.find((arg) => typeof arg === "number");
  return backlog === undefined ? {} : { backlog };
}
