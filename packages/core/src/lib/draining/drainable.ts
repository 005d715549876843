import type { Connections } from "./connections.ts";

/** What stops when the process does: a server, or a datagram socket. */
export interface Drainable {
  readonly connections: Connections;
  /** Announces the end on every connection. New connections are still accepted, and each ends after its first response. */
  startDraining(): void;
  /** Whether a connection is still open that was accepted before `startDraining()`. */
  hasEarlierConnections(): boolean;
  /** Ends the connections from before `startDraining()` that are between two requests: their clients have had their time. */
  endIdleConnections(): void;
  /** Whether a client has connected that has not sent its first request, and may be about to. */
  hasArrivingConnections(): boolean;
  /** Accepts no new connection. Fulfils when everything under way is done and all connections have closed. */
  stopAccepting(): Promise<void>;
  /** Drains this one alone, when the app closes it. What is under way may take longer than `drainTimeout`. */
  drainAlone(): Promise<void>;
  /** Destroys the connections that are still open. Returns on how many of them something was under way. */
  destroyConnections(): number;
}
