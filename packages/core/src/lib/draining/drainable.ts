import type { Connection, Connections } from "./connections.ts";

/** What stops when the process does: a server, or a datagram socket. */
export interface Drainable {
  readonly connections: Connections;
  /** Whether nothing came over this connection yet, though the client has to speak first. */
  isSilent(connection: Connection): boolean;
  /** Announces the end on every connection. New connections are still accepted, and each ends after its first response. */
  begin(): void;
  /** Whether a connection is still open that was there before `begin()`. */
  hasEarlierConnections(): boolean;
  /** Ends the connections from before `begin()` that only wait for their client, which has had its time. */
  endIdleConnections(): void;
  /** Whether a client has connected that has not sent its first request, and may be about to. */
  hasArrivingConnections(): boolean;
  /** Accepts no more, and fulfils when all that is under way is done. */
  finish(): Promise<void>;
  /** Drains this alone, for an app that is in no hurry: what is under way may take its time. */
  drainPatiently(): Promise<void>;
  /** Ends all that is not done. Returns how much of it was under way. */
  cut(): number;
}
