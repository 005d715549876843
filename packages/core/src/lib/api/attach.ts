import type { Server } from "node:net";
import type { ActivatedSocket } from "../activation/passed-socket.ts";
import { readActivation } from "../activation/read.ts";
import { warnOfLateCall } from "../activation/unserved.ts";
import { NO_SOCKETS } from "../binding/bound.ts";
import { checkNames, hasUnclaimed } from "../binding/claim.ts";
import { checkPermission } from "../binding/permission.ts";
import { checkTlsUsable } from "../binding/tls-acceptor.ts";
import { type App, createApp } from "../lifecycle/app.ts";
import { isManaged } from "../lifecycle/service-manager.ts";
import { processState } from "../shared/process-state.ts";
import { WeakList } from "../shared/weak-list.ts";
import { claimAndBind } from "./claim-and-bind.ts";
import { emitListenError } from "./listen-error.ts";
import { bindOptionsOf, callbackOf } from "./listen-arguments.ts";
import { manageServer } from "./manage-server.ts";
import type { AppOptions, SocketSelection } from "./options.ts";
import { prepare } from "./prepare.ts";
import { requestListenersOf, serversListening } from "./request-listeners.ts";
import { interceptListen, type Listen } from "./wrap-listen.ts";

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
  /** Whether an adapter has prepared an app. */
  isPrepared: false,
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
  attached.isPrepared = true;
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
  interceptListen("adapter", interceptAttached);
  if (attachment.app.activated) warnIfServedAlready(attachment);
}

/** Whether an app of this process uses an adapter, which may learn only later which servers are the app's. */
export function hasAdapter(): boolean {
  return attached.isPrepared;
}

/** Makes the servers of the attached apps listen on their sockets, and no others. */
function interceptAttached(server: Server, args: readonly unknown[], inner: Listen): Server | undefined {
  const owners = attachmentsOf(server);
  return owners.length > 0 ? listenAttached(server, owners, args, inner) : undefined;
}

function attachmentsOf(server: Server): Attachment[] {
  const requestListeners = requestListenersOf(server);
  return [...attached.attachments].filter(({ hooks }) => hooks.owns(server, requestListeners));
}

function listenAttached(
  server: Server,
  owners: readonly Attachment[],
  args: readonly unknown[],
  inner: Listen,
): Server {
  const callback = callbackOf(args);
  try {
    const { activated, sockets } = readActivation();
    // Of several that own it, the first that has sockets left.
    const { app, selection, hooks, http2 } = (owners.find((owner) =>
      hasUnclaimed(sockets, owner.selection.names),
    ) ?? owners[0]) as Attachment;
    if (!activated) {
      manageServer(server, app, NO_SOCKETS, callback);
      return inner.apply(server, [...args]);
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
    emitListenError(server, error, args);
  }
  return server;
}

function warnIfServedAlready(attachment: Attachment): void {
  for (const server of serversListening())
    if (attachment.hooks.owns(server, requestListenersOf(server))) warnOfLateCall(server);
}
