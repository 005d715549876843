import type { Server } from "node:net";
import type { PassedSocket } from "../activation/passed-socket.ts";
import { type BoundSockets, NO_SOCKETS } from "../binding/bound.ts";
import type { App } from "../lifecycle/app.ts";
import { isManaged } from "../lifecycle/service-manager.ts";
import { answerProbes } from "./answer-probes.ts";
import { type BindOptions, claimAndBind } from "./claim-and-bind.ts";
import { manageServer } from "./manage-server.ts";
import type { SocketSelection } from "./options.ts";

/** A request to make a server listen. */
export interface ServeRequest {
  app: App;
  sockets: readonly PassedSocket[];
  /** Which of the passed sockets the server claims. */
  selection: SocketSelection;
  /** Whether the `request` listener can answer HTTP/2. */
  http2: boolean;
  /** The arguments of the `listen()` call. */
  options: BindOptions;
  /** The callback that was passed to `listen()`. */
  callback?: (() => void) | undefined;
  /** Makes the server listen as without sockact, if no sockets were passed. */
  listenAsUsual(): void;
}

/**
 * Makes a server listen: on the passed sockets that it claims, or as usual if none were passed. Adds it to
 * its app, which drains it when the process stops.
 *
 * @throws the errors of {@link claimAndBind} and of `listenAsUsual`
 */
export function serve(server: Server, request: ServeRequest): BoundSockets {
  const { app, sockets, selection, http2, options, callback, listenAsUsual } = request;
  const bound = app.activated
    ? claimAndBind(server, sockets, selection, {
        ...options,
        http2,
        listenCallback: callback,
        handover: app.settings.handover,
      })
    : NO_SOCKETS;
  if (app.activated && callback !== undefined) server.once("listening", callback);
  if (isManaged(app)) manageServer(server, app, bound, callback);
  else if (app.settings.health !== false) answerProbes(server, app);
  if (!app.activated) listenAsUsual();
  return bound;
}
