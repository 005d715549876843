import { addAbortListener } from "node:events";
import type { Server } from "node:net";
import type { ActivatedSocket, PassedSocket } from "../activation/passed-socket.ts";
import { readActivation } from "../activation/read.ts";
import { joinOwn, joinSockets, listenLater } from "../binding/bind-later.ts";
import { NO_SOCKETS } from "../binding/bound.ts";
import { claimSockets, selectForServer } from "../binding/claim.ts";
import { checkPermission } from "../binding/permission.ts";
import { serverAddress } from "../binding/server-address.ts";
// A primary of node:cluster may have no other use of us, and has to import it before its first fork().
import "../cluster/primary.ts";
import { createApp } from "../lifecycle/app.ts";
import { isManaged } from "../lifecycle/service-manager.ts";
import { readSettings } from "../lifecycle/settings.ts";
import { isActivationError } from "../shared/errors.ts";
import { checkInternals } from "../shared/internals-check.ts";
import { isHttpServer, nativeListen } from "../shared/node-internals.ts";
import { claimAndBind } from "./claim-and-bind.ts";
import { bindOptionsOf, callbackOf } from "./listen-arguments.ts";
import { emitListenError } from "./listen-error.ts";
import { manageListening, manageServer } from "./manage-server.ts";
import type { Listen } from "./wrap-listen.ts";

/** The servers of an app that can't be changed. The environment says all that there is to say of its lifecycle. */
export interface PreloadedApp {
  /**
   * Makes a server listen on these sockets. What can't be bound is an `error` event of the server.
   *
   * @param fds the numbers of the sockets
   * @param args what was given to its `listen()`
   */
  serve(server: Server, fds: readonly number[], args: readonly unknown[]): void;
  /**
   * The same for a server that may only look whether its port is free. It emits `listening`, and takes the sockets a turn of the event loop later
   * if it is still open. If something else has taken them by then, it listens by itself.
   *
   * @param address the first of the sockets
   * @param onServed called when it has taken them
   */
  serveLater(server: Server, address: ActivatedSocket, options: ServeLaterOptions): void;
  /** Makes a server that listens by itself end with the service, and tells the service manager of it, if it waits for messages. */
  manage(server: Server): void;
}

export interface ServeLaterOptions {
  fds: readonly number[];
  args: readonly unknown[];
  /** `listen()` as it was before the patch. */
  listen: Listen;
}

/**
 * Prepares to serve an app that can't be changed.
 *
 * @throws ActivationError `ERR_OPTION` for a variable that is malformed
 */
export function preloadApp(): PreloadedApp {
  const settings = readSettings({});
  const app = createApp(settings, true);
  const select = (fds: readonly number[]): PassedSocket[] => {
    const activation = readActivation();
    return activation.sockets.filter(({ fd }) => fds.includes(fd));
  };
  return {
    serve(server, fds, args) {
      const callback = callbackOf(args);
      try {
        const bound = claimAndBind(
          server,
          select(fds),
          EVERYTHING,
          { ...bindOptionsOf(args), listenCallback: callback },
          false,
        );
        if (callback !== undefined) server.once("listening", callback);
        manageServer(server, app, bound, callback);
      } catch (error) {
        emitListenError(server, error, args);
      }
    },
    serveLater(server, address, { fds, args, listen }) {
      // Node throws ERR_SERVER_ALREADY_LISTEN.
      if (server.listening) (nativeListen as () => Server).call(server);
      const callback = callbackOf(args);
      const { backlog, signal } = bindOptionsOf(args);
      const subscription = signal && addAbortListener(signal, () => server.close());
      if (subscription) server.once("close", () => subscription[Symbol.dispose]());
      checkInternals(["net"]);
      listenLater(server, serverAddress(address), (handle) => {
        try {
          checkPermission();
          checkInternals(isHttpServer(server) ? ["net", "http"] : ["net"]);
          const selected = selectForServer(select(fds), undefined);
          claimSockets(selected);
          joinSockets(server, handle, selected, backlog);
          manageListening(server, app, { sockets: selected.map(({ socket }) => socket), acceptors: [] });
        } catch (error) {
          if (isActivationError(error) && error.code === "ERR_SOCKET_TAKEN")
            joinOwn(server, handle, (acceptor) =>
              listen.apply(
                acceptor,
                args.filter((arg) => arg !== callback),
              ),
            );
          else server.emit("error", error);
        }
      });
      if (callback !== undefined) server.once("listening", callback);
    },
    manage(server) {
      app.activated = readActivation().activated;
      if (!app.activated && isManaged(app)) manageServer(server, app, NO_SOCKETS);
    },
  };
}

const EVERYTHING = { names: undefined, tls: [], tlsOf: () => undefined };
