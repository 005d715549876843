import type { Server } from "node:net";
import type { ActivatedSocket } from "../activation/passed-socket.ts";
import { readActivation } from "../activation/read.ts";
import { warnOfLateCall } from "../activation/unserved.ts";
import { checkNames, hasUnclaimed } from "../binding/claim.ts";
import { checkPermission } from "../binding/permission.ts";
import { checkTlsUsable } from "../binding/tls-acceptor.ts";
import { type App, createApp } from "../lifecycle/app.ts";
import { isManaged } from "../lifecycle/service-manager.ts";
import { processState } from "../shared/process-state.ts";
import { WeakList } from "../shared/weak-list.ts";
import { emitListenError } from "./listen-error.ts";
import { bindOptionsOf, callbackOf } from "./listen-arguments.ts";
import type { AppOptions, SocketSelection } from "./options.ts";
import { prepare } from "./prepare.ts";
import { requestListenersOf, serversListening } from "./request-listeners.ts";
import { serve } from "./serve.ts";
import { createSockact, type Sockact } from "./sockact.ts";
import { interceptListen, type Listen } from "./wrap-listen.ts";

/** How the apps of a framework differ from those of other frameworks. */
export interface FrameworkOptions {
  /** Whether the framework can answer HTTP/2 requests. */
  http2?: boolean | undefined;
  /** Called at the end of a stop, when all connections have closed and the app's `onStop` is done. */
  close?: (() => Promise<unknown>) | undefined;
}

/** What an adapter says about one app of its framework. */
export interface FrameworkHooks {
  /**
   * Returns whether this server serves the app.
   *
   * @param requestListeners every function that is, or was, a `request` listener of the server
   */
  owns(server: Server, requestListeners: ReadonlySet<unknown>): boolean;
  /**
   * Called when a server of the app has got its sockets, before it emits `listening`. The last argument is
   * the first argument of its `listen()`.
   */
  onBound?:
    | ((server: Server, sockets: readonly ActivatedSocket[], listenOptions: unknown) => void)
    | undefined;
}

/**
 * An app whose options have been read and checked. The adapter attaches it to the app of the framework, now
 * or later.
 */
export interface PreparedApp {
  /** Whether sockets were passed to this process. */
  readonly activated: boolean;
  /** For the other plugins of the app. Put it where they look for such an object. */
  readonly sockact: Sockact;
  /**
   * Makes each server of an app listen on the sockets that were passed to this process. It does not matter
   * who calls `listen()`: the framework, or the user on a server with the app as its handler. Port and host
   * are ignored, and `backlog` and `signal` apply. If a socket can't be bound, the server emits `error`, as
   * with any `listen()`.
   *
   * If sockets were passed, this patches `net.Server.prototype.listen`, which then changes only these
   * servers. If none were passed, it patches it only if a service manager expects messages, or if `signals`
   * or `health` is set: the servers then listen as usual, and sockact drains them, or answers probes.
   * Otherwise it changes nothing.
   *
   * @param owner the app of the framework. It can still be garbage-collected.
   */
  attach(owner: object, hooks: FrameworkHooks): void;
}

/** An app of a framework whose servers must listen on the sockets. */
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
  /** The attachments of each app. They stay alive as long as the app. */
  ofOwner: new WeakMap<object, Attachment[]>(),
});

/**
 * Reads the options and the environment. Checks everything that would be an error later, so that the app
 * fails where it calls `systemdListen()`. Claims no socket. You can attach the result to several apps. Each
 * of them has its own lifecycle.
 *
 * @param more the arguments that follow the options in a call of `systemdListen()`. They are refused.
 * @throws ActivationError `SOCKACT_ERR_NOT_ACTIVATED` (no sockets were passed, and `required` is set),
 * `SOCKACT_ERR_NAME_UNKNOWN`, `SOCKACT_ERR_PERMISSION`, `SOCKACT_ERR_OPTION`, `SOCKACT_ERR_TLS`,
 * `SOCKACT_ERR_TLS_FILE`, and what activatedSockets() throws
 */
export function prepareApp(
  options: AppOptions,
  { http2 = false, close }: FrameworkOptions = {},
  more?: readonly unknown[],
): PreparedApp {
  const { activation, selection, settings } = prepare(options, undefined, more);
  attached.isPrepared = true;
  const { activated, sockets } = activation;
  if (activated) {
    checkPermission();
    if (selection.names !== undefined) checkNames(sockets, selection.names);
    for (const placed of selection.tls) checkTlsUsable(placed, http2);
  }
  return {
    activated,
    sockact: createSockact(activated),
    attach(owner, hooks) {
      const app = createApp(settings, activated, close);
      if (isManaged(app) || settings.health !== false) addAttachment(owner, { app, selection, hooks, http2 });
    },
  };
}

function addAttachment(owner: object, attachment: Attachment): void {
  attached.attachments.add(attachment);
  attached.ofOwner.set(owner, [...(attached.ofOwner.get(owner) ?? []), attachment]);
  interceptListen("adapter", interceptAttached);
  if (attachment.app.activated) warnIfServedAlready(attachment);
}

/**
 * Whether an app of this process uses an adapter. The adapter may find out later which servers belong to the
 * app.
 */
export function hasAdapter(): boolean {
  return attached.isPrepared;
}

/** Makes the servers of the attached apps listen on their sockets. Other servers listen as usual. */
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
  try {
    const { sockets } = readActivation();
    // If several apps own the server, the first one with a free socket gets it.
    const hasFree = ({ selection: { names } }: Attachment): boolean => hasUnclaimed(sockets, names);
    const owner = owners.length > 1 ? owners.find(hasFree) : undefined;
    const { app, selection, hooks, http2 } = (owner ?? owners[0]) as Attachment;
    const bound = serve(server, {
      app,
      sockets,
      selection,
      http2,
      options: bindOptionsOf(args),
      callback: callbackOf(args),
      listenAsUsual: () => void inner.apply(server, [...args]),
    });
    if (app.activated) hooks.onBound?.(server, bound.sockets, args[0]);
  } catch (error) {
    emitListenError(server, error, args);
  }
  return server;
}

function warnIfServedAlready(attachment: Attachment): void {
  for (const server of serversListening())
    if (attachment.hooks.owns(server, requestListenersOf(server))) warnOfLateCall(server);
}
