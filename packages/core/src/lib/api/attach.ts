import { Server } from "node:net";
import process from "node:process";
import { knownSockets } from "../activation/activation.ts";
import type { ActivatedSocket } from "../activation/passed-socket.ts";
import { readActivation } from "../activation/read.ts";
import { warnIfUnservedBeside, warnOfLateCall } from "../activation/unserved.ts";
import { NO_SOCKETS } from "../binding/bound.ts";
import { checkNames, hasUnclaimed, markClaimedByNumber } from "../binding/claim.ts";
import { checkPermission } from "../binding/permission.ts";
import { checkTlsUsable } from "../binding/tls-acceptor.ts";
import { type App, createApp } from "../lifecycle/app.ts";
import { isManaged } from "../lifecycle/service-manager.ts";
import { type ActivationError, isActivationError } from "../shared/errors.ts";
import type { nativeListen } from "../shared/node-internals.ts";
import { once, processState } from "../shared/process-state.ts";
import { warn } from "../shared/warnings.ts";
import { WeakList } from "../shared/weak-list.ts";
import { claimAndBind } from "./claim-and-bind.ts";
import { manageServer } from "./manage-server.ts";
import type { AppOptions, SocketSelection } from "./options.ts";
import { prepare } from "./prepare.ts";
import { requestListenersOf, serversListening } from "./request-listeners.ts";

/** How apps of a framework differ from those of others. */
export interface FrameworkTraits {
  /** Whether what the framework makes of requests can answer HTTP/2. */
  http2?: boolean | undefined;
  /** What the framework does at the end, when all connections have closed and the app's `onStop` is done. */
  close?: (() => Promise<unknown>) | undefined;
}

/** What a framework's adapter knows of its app. */
export interface FrameworkHooks {
  /**
   * Whether this server serves the app.
   *
   * @param requestListeners every function that is, or was, a `request` listener of the server
   */
  owns(server: Server, requestListeners: ReadonlySet<unknown>): boolean;
  /** The server listens on these sockets. Called before `listening` is emitted, with the first argument of its `listen()`. */
  onBound?:
    | ((server: Server, sockets: readonly ActivatedSocket[], listenOptions: unknown) => void)
    | undefined;
}

/** An app whose options have been read and checked. It only lacks the app of the framework, which an adapter may learn of later. */
export interface PreparedApp {
  /** Whether sockets were passed to this process. */
  readonly activated: boolean;
  /**
   * Makes each server of an app listen on the sockets that were passed to this process, whoever calls its `listen()`: the
   * framework, or the user on a server made of the app. Port and host are then ignored; `backlog` and `signal` apply.
   * What can't be bound is an `error` event of the server, as with any `listen()`.
   *
   * When activated, this wraps `net.Server.prototype.listen`, which then acts on these servers alone. When not activated, it does so only if
   * a service manager expects messages, or with `signals`: the servers listen as usual, and sockact drains them. Otherwise it changes nothing.
   *
   * @param owner the app as the framework has it: nothing of it is kept once it is collected
   */
  attach(owner: object, hooks: FrameworkHooks): void;
}

/** A framework's app that is to listen on the sockets. */
interface Attachment {
  app: App;
  selection: SocketSelection;
  hooks: FrameworkHooks;
  http2: boolean;
}

const attached = processState("attach", {
  attachments: new WeakList<Attachment>(),
  /** What keeps the attachments of an app alive: the app itself. */
  ofOwner: new WeakMap<object, Attachment[]>(),
});

/**
 * Reads the options and the environment, and checks all that would be an error later, so that an app fails where it calls `systemdListen()`. Claims no
 * socket. You can attach the result to several apps: each has its own lifecycle.
 *
 * @throws ActivationError `ERR_NOT_ACTIVATED` when `required`, `ERR_NAME_UNKNOWN`, `ERR_PERMISSION`, `ERR_OPTION`, `ERR_TLS`, `ERR_TLS_FILE`, and what activatedSockets() throws
 */
export function prepareApp(options: AppOptions, { http2 = false, close }: FrameworkTraits = {}): PreparedApp {
  const { activation, selection, settings } = prepare(options);
  const { activated, sockets } = activation;
  if (activated) {
    checkPermission();
    if (selection.names !== undefined) checkNames(sockets, selection.names);
    for (const tls of selection.tls) checkTlsUsable(tls, http2);
  }
  return {
    activated,
    attach(owner, hooks) {
      const app = createApp(settings, activated, close);
      if (isManaged(app)) addAttachment(owner, { app, selection, hooks, http2 });
    },
  };
}

function addAttachment(owner: object, attachment: Attachment): void {
  attached.attachments.add(attachment);
  attached.ofOwner.set(owner, [...(attached.ofOwner.get(owner) ?? []), attachment]);
  once("wrap listen", wrapListen);
  if (attachment.app.activated) warnIfServedAlready(attachment);
}

type Listen = (this: Server, ...args: unknown[]) => Server;

/** Patches net.Server.prototype.listen: on top of whatever has patched it before. */
function wrapListen(): void {
  const inner = Server.prototype.listen as Listen;
  Server.prototype.listen = function (this: Server, ...args: unknown[]): Server {
    if (hasHandle(args[0])) {
      if (typeof args[0].fd === "number") markClaimedByNumber(knownSockets(), args[0].fd);
      return inner.apply(this, args);
    }
    const owners = attachmentsOf(this);
    if (owners.length > 0) return listenAttached(this, owners, args, inner);
    const server = inner.apply(this, args);
    warnIfUnservedBeside(this);
    return server;
  } as typeof nativeListen;
}

/** Whether the options of listen() name a descriptor or a handle. Such a server does not listen on any other. */
function hasHandle(options: unknown): options is { fd?: unknown } {
  const { fd, _handle, handle } = Object(options) as { fd?: unknown; _handle?: unknown; handle?: unknown };
  return typeof fd === "number" || _handle !== undefined || handle !== undefined;
}

function attachmentsOf(server: Server): Attachment[] {
  const requestListeners = requestListenersOf(server);
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
    const { activated, sockets } = readActivation();
    // Of several that own it, the first that has sockets left.
    const { app, selection, hooks, http2 } = (owners.find((owner) =>
      hasUnclaimed(sockets, owner.selection.names),
    ) ?? owners[0]) as Attachment;
    if (!activated) {
      manageServer(server, app, NO_SOCKETS, callback);
      return inner.apply(server, args);
    }
    const bound = claimAndBind(
      server,
      sockets,
      selection,
      { ...bindOptionsOf(args), listenCallback: callback },
      http2,
    );
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
  for (const server of serversListening())
    if (attachment.hooks.owns(server, requestListenersOf(server))) warnOfLateCall(server);
}

/** listen(port[, host][, backlog]), listen(path[, backlog]) or listen(options): the backlog is the first number after the first. */
function bindOptionsOf([first, ...rest]: unknown[]): { backlog?: number; signal?: AbortSignal } {
  if (typeof first === "object" && first !== null) return first;
  const backlog = rest.find((arg) => typeof arg === "number");
  return backlog === undefined ? {} : { backlog };
}
