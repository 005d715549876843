import type { Server } from "node:net";
import process from "node:process";
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
import { handleSignals } from "../signals/handle-signals.ts";
import { emitListenError } from "./listen-error.ts";
import { bindOptionsOf, callbackOf } from "./listen-arguments.ts";
import type { AppOptions, SocketSelection } from "./options.ts";
import { prepare } from "./prepare.ts";
import { requestListenersOf, serversListening } from "./request-listeners.ts";
import { serve } from "./serve.ts";
import { createSockact, type Sockact } from "./sockact.ts";
import { interceptListen, type Listen } from "./wrap-listen.ts";

/** What an adapter says about its framework. */
export interface FrameworkOptions {
  /** Whether the framework can answer HTTP/2 requests. */
  http2?: boolean | undefined;
  /** Called at the end of a stop, after all connections have closed and `onStop` is done. */
  close?: (() => Promise<unknown>) | undefined;
}

/** What an adapter says about one app. */
export interface FrameworkHooks {
  /**
   * Returns whether this server serves the app.
   *
   * @param requestListeners every function that is, or was, a `request` listener of the server
   */
  owns(server: Server, requestListeners: ReadonlySet<unknown>): boolean;
  /**
   * Called when a server of the app is bound, before it emits `listening`. The last argument is the first
   * argument of its `listen()`.
   */
  onBound?:
    | ((server: Server, sockets: readonly ActivatedSocket[], listenOptions: unknown) => void)
    | undefined;
}

/** An app whose options are checked. Its adapter attaches it to the app of the framework. */
export interface PreparedApp {
  /** Whether sockets were passed to this process. */
  readonly activated: boolean;
  /** The object for other plugins of the app. Put it where they look for such objects. */
  readonly sockact: Sockact;
  /**
   * Makes each server of an app listen on the passed sockets. The framework may call `listen()`, or the user
   * may, on a server with the app as its handler. Port and host are ignored; `backlog` and `signal` apply. If
   * binding fails, the server emits `error`.
   *
   * If sockets were passed, this patches `net.Server.prototype.listen`. The patch changes only servers of
   * attached apps. If none were passed, the servers listen as usual. They are patched too if a service
   * manager expects messages, if this is process 1 of a container, or if `signals`, `stopDelay` or `health`
   * is set: sockact then drains them and answers probes.
   *
   * @param owner the app of the framework. It can still be garbage-collected.
   * @returns whether sockact drains the servers of the app when the process stops
   */
  attach(owner: object, hooks: FrameworkHooks): boolean;
}

/** An app of a framework, and how to recognize its servers. */
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
  /** The attachments of each app, for the lifetime of the app. */
  ofOwner: new WeakMap<object, Attachment[]>(),
});

/**
 * Checks the options and the environment, so that the app fails at its call of `systemdListen()`. Claims no
 * socket. You can attach the result to several apps, and each of them has its own lifecycle.
 *
 * @param more the arguments of `systemdListen()` after the options. Any argument is an error.
 * @throws ActivationError `SOCKACT_ERR_NOT_ACTIVATED` (no sockets were passed, and `required` is set),
 *   `SOCKACT_ERR_NAME_UNKNOWN`, `SOCKACT_ERR_PERMISSION`, `SOCKACT_ERR_OPTION`, `SOCKACT_ERR_TLS`,
 *   `SOCKACT_ERR_TLS_FILE`, and the errors of activatedSockets()
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
      const isDrained = isManaged(app);
      // The kernel ignores a signal for process 1 without a listener, also before it listens.
      if (isDrained && process.pid === 1) handleSignals(app);
      if (isDrained || settings.health !== false) addAttachment(owner, { app, selection, hooks, http2 });
      return isDrained;
    },
  };
}

function addAttachment(owner: object, attachment: Attachment): void {
  attached.attachments.add(attachment);
  attached.ofOwner.set(owner, [...(attached.ofOwner.get(owner) ?? []), attachment]);
  interceptListen("adapter", interceptAttached);
  if (attachment.app.activated) warnIfServedAlready(attachment);
}

/** Whether an app in this process uses an adapter. The adapter may not know the app's servers yet. */
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
    // If the server belongs to several apps, the first one with a free socket gets it.
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
