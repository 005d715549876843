import { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { isDeepStrictEqual } from "node:util";
import type { AdoptedConnection } from "@sockact/core/adapter";
import type { WebSocket, WebSocketServer } from "ws";
import { failureOf, WebSocketMoveError } from "./errors.ts";
import { writeWindow } from "./inflate-window.ts";
import type { LateCall, MovedWebSocket } from "./message.ts";
import { deflateOf, type Internals } from "./ws-internals.ts";

/** What the app does with a WebSocket in the new process. */
export interface RestoreHooks {
  restore: (ws: WebSocket, state: unknown, request: IncomingMessage) => unknown;
  onError: (error: unknown) => void;
}

/**
 * How much of what the old process still sends may wait for a client, in bytes. That process does not know how
 * slowly the client reads.
 */
const LATE_BYTES_MAX = 2 ** 24;

/** How long the promise of `restore` may be pending: meanwhile, its client hangs. */
const RESTORE_SECONDS = 30;

/** The WebSockets whose `restore` has not finished. */
export const restoring: WeakSet<WebSocket> = new WeakSet();

/**
 * Makes a WebSocket of a connection that was upgraded in another process, as if this one had answered the
 * request. The client does not get that answer a second time.
 *
 * @throws if this process would have answered otherwise, or if `restore` throws
 */
export function adoptWebSocket(
  server: WebSocketServer,
  socket: Socket,
  data: string,
  { restore, onError }: RestoreHooks,
): AdoptedConnection {
  const moved = JSON.parse(data) as MovedWebSocket;
  const request = requestOf(socket, moved);
  // Nothing may be written before the old process has released the connection.
  socket.cork();
  socket.pause();
  let ws: (WebSocket & Internals) | undefined;
  let restored: unknown;
  upgradeSilently(server, request, socket, Buffer.from(moved.bytes, "base64"), (upgraded) => {
    ws = upgraded;
    checkUnchanged(upgraded, moved);
    const deflate = deflateOf(upgraded);
    if (deflate && moved.window !== undefined) writeWindow(deflate, Buffer.from(moved.window, "base64"));
    upgraded.binaryType = moved.binaryType as "nodebuffer";
    for (const call of moved.held) makeCall(upgraded, call);
    try {
      restored = restore(upgraded, moved.state, request);
    } catch (cause) {
      throw restoreError(failureOf("restore()", cause), cause);
    }
  });
  const adopted = ws as unknown as WebSocket & Internals;
  // Also before start(), a rejection must have a listener.
  const ready = finished(restored).catch((error: unknown) => {
    onError(error);
    // 1011: an unexpected condition, RFC 6455, section 7.4.1.
    adopted.close(1011);
  });
  restoring.add(adopted);
  return {
    request,
    start() {
      socket.uncork();
      void (async () => {
        await ready;
        restoring.delete(adopted);
        if (!adopted.isPaused) socket.resume();
      })();
    },
    receive(late) {
      try {
        // 1001: as if it had not moved.
        if (adopted.bufferedAmount > LATE_BYTES_MAX) adopted.close(1001);
        makeCall(adopted, JSON.parse(late) as LateCall);
      } catch (error) {
        onError(error);
      }
    },
  };
}

/** @throws WebSocketMoveError `SOCKACT_ERR_WEBSOCKET_RESTORE` if the promise rejects, or is pending for too long */
async function finished(restored: unknown): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    const error = restoreError(`restore() has not finished in ${RESTORE_SECONDS} s`);
    timer = setTimeout(() => reject(error), RESTORE_SECONDS * 1000);
  });
  const result = Promise.resolve(restored).catch((cause: unknown) => {
    throw restoreError(failureOf("restore()", cause), cause);
  });
  try {
    await Promise.race([result, limit]);
  } finally {
    clearTimeout(timer);
  }
}

const restoreError = (message: string, cause?: unknown): WebSocketMoveError =>
  new WebSocketMoveError("SOCKACT_ERR_WEBSOCKET_RESTORE", message, { cause });

function makeCall(ws: WebSocket, call: LateCall): void {
  if ("terminate" in call) ws.terminate();
  else if ("close" in call) ws.close(call.close ?? undefined, call.reason);
  else if ("ping" in call) ws.ping(Buffer.from(call.ping, "base64"));
  else if ("pong" in call) ws.pong(Buffer.from(call.pong, "base64"));
  else {
    const { send, isBinary, compress } = call;
    ws.send(isBinary ? Buffer.from(send, "base64") : send, { binary: isBinary, compress }, () => {});
  }
}

/** The request as the HTTP server has emitted it in the old process. */
function requestOf(socket: Socket, { request: moved }: MovedWebSocket): IncomingMessage {
  const request = new IncomingMessage(socket) as IncomingMessage & {
    upgrade?: boolean;
    /** Node calls it for the headers that its parser has read. */
    _addHeaderLines(headers: readonly string[], count: number): void;
  };
  const [major, minor] = moved.httpVersion.split(".").map(Number);
  Object.assign(request, {
    method: moved.method,
    url: moved.url,
    httpVersion: moved.httpVersion,
    httpVersionMajor: major,
    httpVersionMinor: minor,
    upgrade: true,
    joinDuplicateHeaders: (socket as { server?: { joinDuplicateHeaders?: boolean } }).server
      ?.joinDuplicateHeaders,
  });
  request._addHeaderLines(moved.rawHeaders, moved.rawHeaders.length);
  request.complete = true;
  request.push(null);
  return request;
}

/**
 * Lets ws answer the request, and keeps the answer. `verifyClient` does not run: the client was verified when
 * it connected.
 */
function upgradeSilently(
  server: WebSocketServer,
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  onUpgrade: (ws: WebSocket & Internals) => void,
): void {
  const { options } = server;
  const { verifyClient } = options;
  let answer = "";
  let isUpgraded = false;
  const end = (text: unknown = ""): Socket => {
    answer ||= String(text);
    return socket;
  };
  // Patches write and end of this socket until ws has answered.
  Object.assign(socket, { write: (text: unknown) => (end(text), true), end });
  const restoreSocket = (): void => {
    for (const method of ["write", "end"]) delete (socket as unknown as Record<string, unknown>)[method];
  };
  delete options.verifyClient;
  try {
    server.handleUpgrade(request, socket, head, (ws) => {
      isUpgraded = true;
      restoreSocket();
      onUpgrade(ws as WebSocket & Internals);
    });
  } finally {
    restoreSocket();
    options.verifyClient = verifyClient;
  }
  if (!isUpgraded) throw changed(`answers its request with ${JSON.stringify(answer.split("\r\n")[0])}`);
}

/** @throws WebSocketMoveError `SOCKACT_ERR_WEBSOCKET_CHANGED` */
function checkUnchanged(ws: WebSocket & Internals, { protocol, deflate }: MovedWebSocket): void {
  if (ws.protocol !== protocol)
    throw changed(
      `chooses the subprotocol ${JSON.stringify(ws.protocol)} instead of ${JSON.stringify(protocol)}`,
    );
  const params = deflateOf(ws)?.params ?? null;
  if (!isDeepStrictEqual({ ...params }, { ...deflate }) || (params === null) !== (deflate === null))
    throw changed(`chooses other parameters of permessage-deflate: ${JSON.stringify(params)}`);
}

function changed(what: string): WebSocketMoveError {
  return new WebSocketMoveError("SOCKACT_ERR_WEBSOCKET_CHANGED", `The new version of the app ${what}`);
}
