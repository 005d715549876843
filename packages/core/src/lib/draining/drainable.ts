import type { Connections } from "./connections.ts";

/** A server or a datagram socket, which is drained when the process stops. */
export interface Drainable {
  /** Whether a response can tell a client that its connection ends. */
  readonly isHttp: boolean;
  /** The open connections. */
  readonly connections: Connections;
  /**
   * Reports each connection from now on that is accepted or closes. Before that, only some servers report
   * them.
   */
  watchConnections(): void;
  /**
   * Tells the client of each connection that the connection ends. New connections are still accepted. Each of
   * them ends after its first response.
   */
  startDraining(): void;
  /** Whether a connection is still open that was accepted before `startDraining()`. */
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
   * Accepts nothing more, because another process does. Resolves when all connections have closed.
   *
   * @param canMove whether the caller moves the connections that can move. Then these do not end by
   * themselves.
   * @param arriving resolves when no connections come any more from the process before this one
   */
  handOver(canMove: boolean, arriving?: Promise<void>): Promise<void>;
  /**
   * Ends what only waits for its client: the connections between two requests, and those whose client must
   * close them.
   */
  endWaiting(): void;
  /**
   * Drains only this server or socket, when the app closes it. Requests that are under way may take longer
   * than `drainTimeout`.
   */
  drainAlone(): Promise<void>;
  /** Resolves the promises of this object, although something has not closed. The caller waits no longer. */
  stopWaiting(): void;
  /**
   * Forgets the connections that the app has sent to a child process. They do not close in this process: Node
   * waits for the child process before it emits `close`, and destroying them here would make Node count
   * wrongly.
   */
  forgetSent(): void;
  /** How many of these connections the child processes still have. */
  countSent(): Promise<number>;
  /**
   * Destroys the connections that are still open. Returns the number of those that had something under way.
   */
  destroyConnections(): number;
}
