import { addAbortListener } from "node:events";
import type { Server } from "node:net";
import process from "node:process";
import { announcedNames, type AnnouncedSocket } from "../activation/announced.ts";
import { isForSockact, type PassedSocket } from "../activation/passed-socket.ts";
import { readActivation } from "../activation/read.ts";
import { onceServing } from "../activation/serving.ts";
import { joinOwn, joinSockets, listenLater } from "../binding/bind-later.ts";
import { NO_SOCKETS } from "../binding/bound.ts";
import { claimSockets, selectForServer } from "../binding/claim.ts";
import { checkPermission } from "../binding/permission.ts";
import type { PreambleOf } from "../binding/preamble.ts";
import { serverAddress } from "../binding/server-address.ts";
// A primary of node:cluster may use nothing else of sockact, and needs this before its first fork().
import "./share-with-workers.ts";
import "../lifecycle/watch-start.ts";
import { createApp } from "../lifecycle/app.ts";
import { isManaged } from "../lifecycle/service-manager.ts";
import { holdListeners } from "../lifecycle/stop-at-signal.ts";
import { readSettings } from "../lifecycle/settings.ts";
import { createProxyReceivers } from "../proxy-protocol/receiver.ts";
import { checkProxyNames, proxyRulesOf } from "../proxy-protocol/variable.ts";
import { isActivationError } from "../shared/errors.ts";
import { isVariableSet } from "../shared/environment-options.ts";
import { checkInternals } from "../shared/internals-check.ts";
import { load } from "../shared/load.ts";
import { handleOf, isHttpServer, type ListenHandle } from "../shared/node-internals.ts";
import { handleSignals } from "../signals/handle-signals.ts";
import { answerProbes } from "./answer-probes.ts";
import { bindOptionsOf, callbackOf } from "./listen-arguments.ts";
import { emitListenError } from "./listen-error.ts";
import { loadFeatures } from "./load-features.ts";
import { manageListening, manageServer } from "./manage-server.ts";
import { serve } from "./serve.ts";
import type { Listen } from "./wrap-listen.ts";

/**
 * The servers of an app that can't be changed. Its lifecycle options come only from environment variables.
 */
export interface PreloadedApp {
  /**
   * Makes a server listen on these sockets. If a socket can't be bound, the server emits `error`.
   *
   * @param fds the numbers of the sockets
   * @param args the arguments of its `listen()`
   */
  serve(server: Server, fds: readonly number[], args: readonly unknown[]): void;
  /**
   * Like `serve()`, for a server that may only be looking for a free port. It emits `listening`. One turn of
   * the event loop later, it claims the sockets if it is still open. If another server has claimed them by
   * then, it listens on its own port.
   *
   * @param first the socket whose address `server.address()` returns from the beginning
   */
  serveLater(server: Server, first: AnnouncedSocket, options: ServeLaterOptions): void;
  /**
   * Makes a server that listens on its own port serve these sockets too. If that fails, the server emits
   * `error`.
   *
   * @returns whether it serves them
   */
  join(server: Server, fds: readonly number[]): boolean;
  /**
   * Manages a server that listens on its own port: drains it when the process stops, answers probes, and
   * sends READY=1 if a service manager expects it. Has no effect if sockets were passed.
   */
  manage(server: Server): void;
  /** Makes the server emit `error` with an ActivationError instead of listening. Throws any other error. */
  refuse(server: Server, error: unknown, args: readonly unknown[]): void;
}

/** The other arguments of `serveLater()`. */
export interface ServeLaterOptions {
  fds: readonly number[];
  args: readonly unknown[];
  /** The unpatched `listen()`. */
  listen: Listen;
  /**
   * Called with true when the server has claimed the sockets, or with false when it listens on its own port
   * instead.
   */
  onSettled: (isServed: boolean) => void;
}

/**
 * Prepares to serve an app that can't be changed. Call it before the app adds signal listeners. These then
 * run after the connections have ended.
 *
 * @throws ActivationError `SOCKACT_ERR_OPTION` if a variable is malformed, `SOCKACT_ERR_NAME_UNKNOWN` if
 *   SOCKACT_PROXY_PROTOCOL has a name that no passed socket has
 */
export function preloadApp(): PreloadedApp {
  const settings = readSettings({});
  const proxyOf = isVariableSet("proxyProtocol") ? proxyRulesOf(() => undefined) : undefined;
  const names = announcedNames();
  // Sockets of OpenFile= may be the only ones.
  if (proxyOf !== undefined && names?.some((name) => !isForSockact(name)) === true) checkProxyNames(names);
  // By default, an app without sockets handles its own signals. With an adapter it could set the option. This
  // app can't.
  settings.signals ??= true;
  loadFeatures(settings);
  load(listenLater);
  holdListeners();
  const app = createApp(settings, true);
  // The kernel ignores a signal for process 1 without a listener, also before it listens.
  if (process.pid === 1) handleSignals(app);
  const select = (fds: readonly number[]): PassedSocket[] => {
    const activation = readActivation();
    return activation.sockets.filter(({ fd }) => fds.includes(fd));
  };
  const serveOn = (
    server: Server,
    handle: ListenHandle,
    { fds, backlog }: { fds: readonly number[]; backlog?: number | undefined },
  ): void => {
    const selected = selectForServer(select(fds), undefined);
    const proxies = proxyOf && createProxyReceivers(selected, proxyOf);
    if (proxies?.size) checkInternals(["proxy"]);
    claimSockets(selected);
    // The drain must know every connection from the start.
    manageListening(server, app, {
      ...NO_SOCKETS,
      sockets: selected.map(({ socket }) => socket),
      proxies: [...(proxies?.values() ?? [])],
    });
    const preambleOf: PreambleOf = ({ name }) => ({ proxy: proxies?.get(name), tls: undefined });
    onceServing(() => joinSockets(server, handle, selected, { backlog, preambleOf }));
  };
  return {
    serve(server, fds, args) {
      try {
        serve(server, {
          app,
          sockets: select(fds),
          selection: { names: undefined, tls: [], tlsOf: () => undefined, proxyOf },
          http2: false,
          options: bindOptionsOf(args),
          callback: callbackOf(args),
          listenAsUsual() {},
        });
      } catch (error) {
        emitListenError(server, error, args);
      }
    },
    serveLater(server, { fd, name, facts }, { fds, args, listen, onSettled }) {
      const callback = callbackOf(args);
      const { backlog, signal } = bindOptionsOf(args);
      checkPermission();
      checkInternals(isHttpServer(server) ? ["net", "http"] : ["net"]);
      const subscription = signal && addAbortListener(signal, () => server.close());
      if (subscription) server.once("close", () => subscription[Symbol.dispose]());
      const address = serverAddress(facts ?? { fd, name, kind: "unknown", family: "unknown", address: null });
      const start = (handle: ListenHandle): void => {
        try {
          serveOn(server, handle, { fds, backlog });
          onSettled(true);
        } catch (error) {
          if (isTaken(error)) {
            const own = args.filter((arg) => arg !== callback);
            joinOwn(
              server,
              handle,
              (acceptor) => listen.apply(acceptor, own),
              () => onSettled(false),
            );
          } else server.emit("error", error);
        }
      };
      listenLater(server, address, start);
      if (callback !== undefined) server.once("listening", callback);
    },
    join(server, fds) {
      const handle = handleOf(server);
      if (handle === undefined) return false;
      try {
        checkPermission();
        checkInternals(isHttpServer(server) ? ["net", "http"] : ["net"]);
        serveOn(server, handle, { fds });
        return true;
      } catch (error) {
        if (!isTaken(error)) server.emit("error", error);
        return false;
      }
    },
    manage(server) {
      app.activated = readActivation().activated;
      if (app.activated) return;
      if (!isManaged(app)) {
        if (settings.health !== false) answerProbes(server, app);
      } else if (server.listening) manageListening(server, app, NO_SOCKETS);
      else manageServer(server, app, NO_SOCKETS);
    },
    refuse: emitListenError,
  };
}

function isTaken(error: unknown): boolean {
  return isActivationError(error) && error.code === "SOCKACT_ERR_SOCKET_CLAIMED";
}
