import type { Socket } from "node:net";
import type { KeptConnection } from "@sockact/core/adapter";
import type { WebSocket, WebSocketServer } from "ws";
import { failureOf, WebSocketMoveError } from "./errors.ts";
import {
  holdReceiver,
  lacksRest,
  readAgain,
  releaseReceiver,
  stopReading,
  takeUnread,
  unreadBytes,
} from "./held-receiver.ts";
import { HeldSender } from "./held-sender.ts";
import { hasContext, readWindow } from "./inflate-window.ts";
import type { LateCall, MovedWebSocket } from "./message.ts";
import {
  deflateOf,
  forgetWebSocket,
  type Internals,
  isBetweenMessages,
  OPEN,
  type Sender,
} from "./ws-internals.ts";

/** How much that was read too much may move with a WebSocket, in bytes: what ws, the socket and one read keep. */
const UNREAD_MAX = 3 * 2 ** 16;

/** How much state may move with a WebSocket, in bytes. */
const STATE_MAX = 2 ** 16;

/**
 * How long to wait for a moment between two messages, and how long a busy WebSocket then begins no message, in
 * milliseconds. Then it does again.
 */
const [CHANCE_MS, HOLD_MS] = [500, 1000];

/** What the app says about its WebSockets in the old process. */
export interface SaveHooks {
  save: ((ws: WebSocket) => unknown) | undefined;
  canMove: ((ws: WebSocket) => boolean) | undefined;
  onError: (error: unknown) => void;
}

/** A WebSocket of the old process. */
export class KeptWebSocket implements KeptConnection {
  readonly #server: WebSocketServer;
  readonly #ws: WebSocket & Internals;
  readonly #symbol: symbol;
  readonly #socket: Socket;
  readonly #request: MovedWebSocket["request"];
  readonly #hooks: SaveHooks;
  readonly #sender: Sender;
  /** Set while it sends nothing new. */
  #held: HeldSender | undefined;
  /** Set while it begins no message. */
  #holding: NodeJS.Timeout | undefined;
  /** Since when it has been busy, or may begin messages again, by performance.now(). */
  #busySince: number | undefined;
  #listeners: ((data: Buffer) => void)[] = [];
  #bytes: Buffer = Buffer.alloc(0);

  constructor(
    server: WebSocketServer,
    { symbol, ws }: { symbol: symbol; ws: WebSocket & Internals },
    request: MovedWebSocket["request"],
    hooks: SaveHooks,
  ) {
    this.#server = server;
    this.#ws = ws;
    this.#symbol = symbol;
    this.#socket = ws._socket;
    this.#sender = ws._sender;
    this.#request = request;
    this.#hooks = hooks;
  }

  stop(): boolean {
    const socket = this.#socket;
    if (!this.#isBetweenMessages() || unreadBytes(this.#ws) > UNREAD_MAX || !this.#canMove()) {
      this.#approach();
      return false;
    }
    this.#endWait();
    // read() emits `data` too.
    this.#listeners = socket.listeners("data") as ((data: Buffer) => void)[];
    socket.removeAllListeners("data");
    socket.pause();
    this.#bytes = takeUnread(this.#ws);
    this.#holdSender();
    return true;
  }

  /**
   * Lets a busy WebSocket finish its messages in both directions, and begin no others. Otherwise one that is
   * always busy would never move. If the app is what it waits for, it begins others.
   */
  #approach(): void {
    if (
      this.#ws._readyState !== OPEN ||
      this.#ws.isPaused ||
      this.#sender._firstFragment !== true ||
      this.#isBetweenMessages()
    )
      return this.#release();
    if (this.#holding === undefined) {
      this.#busySince ??= performance.now();
      if (performance.now() - this.#busySince < CHANCE_MS) return;
      this.#holding = setTimeout(() => {
        this.#busySince = performance.now();
        this.#release();
      }, HOLD_MS);
    }
    holdReceiver(this.#ws);
    if (lacksRest(this.#ws)) {
      readAgain(this.#socket);
      this.#releaseSender();
    } else {
      stopReading(this.#socket);
      this.#holdSender();
    }
  }

  #endWait(): void {
    clearTimeout(this.#holding);
    this.#holding = undefined;
  }

  #holdSender(): void {
    this.#held ??= new HeldSender();
    this.#ws._sender = this.#held;
  }

  #releaseSender(): void {
    const held = this.#held;
    this.#held = undefined;
    this.#ws._sender = this.#sender;
    held?.release(this.#sender);
  }

  /** Lets it begin messages again. */
  #release(): void {
    if (this.#holding !== undefined) readAgain(this.#socket);
    this.#endWait();
    releaseReceiver(this.#ws);
    this.#releaseSender();
  }

  async pack(): Promise<string | null | undefined> {
    try {
      const deflate = deflateOf(this.#ws);
      const window = deflate && hasContext(deflate) ? await readWindow(deflate) : null;
      if (window === undefined)
        throw new WebSocketMoveError(
          "SOCKACT_ERR_WEBSOCKET_STATE",
          "What the client has compressed can't be read from zlib: call keepWebSockets() before the first connection, and set no zlibInflateOptions.dictionary",
        );
      // The app may have closed or paused it meanwhile.
      if (
        this.#ws._readyState !== OPEN ||
        this.#ws.isPaused ||
        this.#socket.destroyed ||
        this.#held?.pack() === undefined
      )
        return null;
      // After save(), it moves or closes.
      const state = this.#state();
      const held = this.#held.pack();
      if (this.#ws._readyState !== OPEN || held === undefined)
        throw new WebSocketMoveError(
          "SOCKACT_ERR_WEBSOCKET_STATE",
          "save() has closed the WebSocket, or sent what can't follow it",
        );
      const moved: MovedWebSocket = {
        request: this.#request,
        protocol: this.#ws.protocol,
        deflate: deflate?.params ?? null,
        window: window?.toString("base64"),
        bytes: this.#bytes.toString("base64"),
        held,
        binaryType: this.#ws.binaryType,
      };
      return JSON.stringify({ ...moved, ...state });
    } catch (error) {
      this.#hooks.onError(error);
      return undefined;
    }
  }

  settle(result: "moved" | "back" | "lost", send: (data: string) => Promise<boolean>): void {
    if (result === "back" && !this.#socket.destroyed) {
      this.#readOn();
      return this.#release();
    }
    const held = this.#held as HeldSender;
    this.#held = undefined;
    const forward = async (call: LateCall): Promise<boolean> =>
      result === "moved" && send(JSON.stringify(call));
    held.forwardTo(forward);
    // The app has closed it during the move. It then gets its event here.
    if (this.#socket.destroyed) void forward({ terminate: true });
    else if (this.#ws._readyState === OPEN && result === "moved") this.#forget();
  }

  /** The WebSocket has not closed, so it emits no `close`. */
  #forget(): void {
    forgetWebSocket(this.#socket, this.#symbol);
    deflateOf(this.#ws)?.cleanup();
    this.#server.clients.delete(this.#ws);
    endIfClosing(this.#server);
  }

  /** @throws WebSocketMoveError `SOCKACT_ERR_WEBSOCKET_STATE` */
  #state(): { state?: unknown } {
    let text: string | undefined;
    try {
      const state = this.#hooks.save?.(this.#ws);
      if (state instanceof Promise) throw new TypeError("it has returned a promise, and can't be async");
      text = JSON.stringify(state);
    } catch (cause) {
      throw new WebSocketMoveError("SOCKACT_ERR_WEBSOCKET_STATE", failureOf("save()", cause), { cause });
    }
    if (text === undefined) return {};
    const size = Buffer.byteLength(text);
    if (size > STATE_MAX)
      throw new WebSocketMoveError(
        "SOCKACT_ERR_WEBSOCKET_STATE",
        `save() has returned ${size} bytes of JSON, and at most ${STATE_MAX} can move`,
      );
    return { state: JSON.parse(text) as unknown };
  }

  /** Gives back what was read too much, and lets ws read. */
  #readOn(): void {
    const socket = this.#socket;
    if (this.#bytes.length > 0) socket.unshift(this.#bytes);
    this.#bytes = Buffer.alloc(0);
    for (const listener of this.#listeners) socket.on("data", listener);
    if (!this.#ws.isPaused) socket.resume();
  }

  #isBetweenMessages(): boolean {
    return isBetweenMessages(this.#ws, this.#sender);
  }

  #canMove(): boolean {
    const { canMove } = this.#hooks;
    if (!canMove) return true;
    try {
      // The function may also send something, or close the WebSocket.
      return canMove(this.#ws) && this.#isBetweenMessages();
    } catch (error) {
      this.#hooks.onError(error);
      return false;
    }
  }
}

/** A server that was closed emits `close` when its last client has gone. */
function endIfClosing(server: WebSocketServer): void {
  const internals = server as WebSocketServer & { _shouldEmitClose?: boolean; _state?: number };
  if (internals._shouldEmitClose !== true || server.clients.size > 0) return;
  internals._state = 2;
  process.nextTick(() => server.emit("close"));
}
