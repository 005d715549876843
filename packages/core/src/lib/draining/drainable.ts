import type { Socket } from "node:net";
import type { Connections } from "./connections.ts";

/** A server or datagram socket that is drained when the process stops. */
export interface Drainable {
  /** Whether a response can tell a client that its connection ends. */
  readonly isHttp: boolean;
  /** The open connections. */
  readonly connections: Connections;
  /** Starts to report each accepted and closed connection. Before that, only some servers report them. */
  watchConnections(): void;
  /**
   * Tells the client of each connection that the connection ends. New connections are still accepted, and end
   * after their first response.
   */
  startDraining(): void;
  /** Whether a connection from before `startDraining()` is still open. */
  hasEarlierConnections(): boolean;
  /**
   * Ends the connections from before `startDraining()` that are between two requests. Their clients have had
   * enough time.
   */
  endIdleConnections(): void;
  /** Whether a client has connected recently, and has not sent its first request yet. */
  hasArrivingConnections(): boolean;
  /**
   * Accepts the connections that wait in the kernel's queue. Without this, closing the listener would reset
   * them, unless systemd has the same listener open.
   */
  acceptQueued(): Promise<void>;
  /** Accepts no new connection. Resolves when everything under way is done and all connections have closed. */
  stopAccepting(): Promise<void>;
  /**
   * Stops accepting, because another process accepts. Resolves when all connections have closed.
   *
   * @param keeps if the caller moves the connections that can move, which then do not end by themselves:
   *   whether this upgraded one can move
   * @param arriving resolves when the process before this one sends no more connections
   */
  handOver(keeps: ((stream: Socket) => boolean) | undefined, arriving?: Promise<void>): Promise<void>;
  /**
   * Ends connections that only wait for their client: those between two requests, and those that the client
   * must close.
   */
  endWaiting(): void;
  /**
   * Drains only this server or socket, when the app closes it. Open requests may take longer than
   * `drainTimeout`.
   */
  drainAlone(): Promise<void>;
  /** Resolves the promises of this object, although something has not closed. The caller no longer waits. */
  stopWaiting(): void;
  /**
   * Forgets the connections that the app has sent to a child process. They do not close in this process: Node
   * waits for the child process before it emits `close`, and destroying them here would make Node's count
   * wrong.
   */
  forgetSent(): void;
  /** How many of these connections the child processes still have. */
  countSent(): Promise<number>;
  /** Destroys the open connections. Returns how many of them were active. */
  destroyConnections(): number;
}
