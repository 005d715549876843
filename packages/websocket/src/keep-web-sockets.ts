import type { IncomingMessage } from "node:http";
import { inspect } from "node:util";
import { ActivationError, keepConnections } from "@sockact/core/adapter";
import type { WebSocket, WebSocketServer } from "ws";
import { adoptWebSocket, restoring } from "./adopt.ts";
import { emptyWindow } from "./inflate-window.ts";
import { KeptWebSocket } from "./kept-web-socket.ts";
import { webSocketOn } from "./ws-internals.ts";

/** What {@link keepWebSockets} needs to know about an app. */
export interface KeepWebSocketsOptions<State = unknown> {
  /**
   * Called in the old process right before a WebSocket moves. `restore` gets what it returns as JSON, of at
   * most 64 kB: a Map becomes `{}`, and a Date a string. It can't be async. Stop the timers of the WebSocket here.
   */
  readonly save?: ((ws: WebSocket) => State extends PromiseLike<unknown> ? never : State) | undefined;
  /**
   * Called in the new process instead of the event `connection`: add your listeners and timers here. Nothing is
   * read before the function has returned, and before its promise is fulfilled. If it throws, the WebSocket
   * closes with 1001, if its promise rejects or is pending for 30 s, with 1011.
   *
   * @param request the upgraded request: url, headers, and addresses of `request.socket` are as before
   */
  readonly restore: (ws: WebSocket, state: State, request: IncomingMessage) => unknown;
  /**
   * Returns whether a WebSocket can move now. Return false while an answer is under way. By default, it moves
   * between any two messages.
   */
  readonly canMove?: ((ws: WebSocket) => boolean) | undefined;
  /**
   * Distinguishes several WebSocketServers of a process, and must be the same in the next version. By default,
   * the option `path` of the server, or else an empty string.
   */
  readonly name?: string | undefined;
}

const known = new Set<string>();

/**
 * Keeps the WebSockets of this server open at a handover: each one moves to the new process, between two
 * messages. One that can't move within half of `drainTimeout` closes with 1001, as without this function.
 *
 * Call it right after `new WebSocketServer()`, in each process. Without a handover it does nothing.
 *
 * In the old process, a WebSocket that has moved emits no `close`, and is no longer in `server.clients`. What
 * the old process still sends over it goes to the new process, which sends it.
 *
 * @param server a WebSocketServer of ws 8 with the option `clientTracking`, which is the default
 * @throws ActivationError `SOCKACT_ERR_OPTION`
 */
export function keepWebSockets<State = unknown>(
  server: WebSocketServer,
  { save, restore, canMove, name: given }: KeepWebSocketsOptions<State>,
): void {
  if (typeof server?.handleUpgrade !== "function")
    throw optionError(
      `keepWebSockets() needs a WebSocketServer of ws; got ${inspect(server, { depth: 0 })}`,
      "Call it after the server exists: with @fastify/websocket, after await app.register(websocket).",
    );
  if (!(server.clients instanceof Set))
    throw optionError(
      "keepWebSockets() needs a WebSocketServer that knows its clients, and this one has clientTracking: false",
      "Leave that option out. The WebSockets of socket.io can't move: it has sessions of its own.",
    );
  // In ws 8, it has seven parameters.
  const { completeUpgrade } = server as { completeUpgrade?: (...args: unknown[]) => void };
  if (completeUpgrade?.length === 6)
    throw optionError(
      "keepWebSockets() needs ws 8, and this WebSocketServer is of ws 7",
      "Install ws 8: npm install ws@8. If another package brings ws 7, create the server yourself.",
    );
  if (typeof restore !== "function") throw optionError("keepWebSockets() needs the function restore");
  const name = `ws ${given ?? server.options.path ?? ""}`;
  if (known.has(name))
    throw optionError(
      name === "ws "
        ? "keepWebSockets() was called twice for a server without a path and a name"
        : `keepWebSockets() was called twice for the name ${JSON.stringify(name.slice(3))}`,
    );
  known.add(name);
  showWindow(server);
  const onError = createReporter();
  // Later, frameworks such as express-ws change the property.
  const urls = new WeakMap<IncomingMessage, string | undefined>();
  server.on("headers", (_headers, request) => urls.set(request, request.url));
  keepConnections(name, {
    find(socket, request) {
      const found = webSocketOn(socket);
      if (found === undefined || !server.clients.has(found.ws) || restoring.has(found.ws)) return undefined;
      const { method = "GET", httpVersion, rawHeaders } = request;
      const moved = { method, url: urls.get(request) ?? request.url ?? "/", httpVersion, rawHeaders };
      return new KeptWebSocket(server, found, moved, { save, canMove, onError });
    },
    adopt: (socket, data) =>
      adoptWebSocket(server, socket, data, {
        restore: (ws, state, request) => restore(ws, state as State, request),
        onError,
      }),
  });
}

/** Lets zlib decompress from a full window, so that it can be read. */
function showWindow({ options }: WebSocketServer): void {
  const { perMessageDeflate } = options;
  if (typeof perMessageDeflate !== "object" || perMessageDeflate === null) return;
  const { zlibInflateOptions } = perMessageDeflate;
  options.perMessageDeflate = {
    ...perMessageDeflate,
    zlibInflateOptions: { dictionary: emptyWindow, ...zlibInflateOptions },
  };
}

/** Reports the first error of each kind: all WebSockets of a server may have the same. */
function createReporter(): (error: unknown) => void {
  const seen = new Set<string>();
  return (thrown) => {
    const error: NodeJS.ErrnoException = thrown instanceof Error ? thrown : new Error(inspect(thrown));
    const kind = error.code ?? error.message;
    if (seen.has(kind)) return;
    seen.add(kind);
    process.emitWarning(error);
  };
}

const USE =
  "Call keepWebSockets(server, { save, restore }) once for each WebSocketServer, right after its constructor. With several servers, give each of them a name.";

const optionError = (message: string, hint = USE): ActivationError =>
  new ActivationError("SOCKACT_ERR_OPTION", message, hint);
