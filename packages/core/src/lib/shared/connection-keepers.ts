import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { processState } from "./process-state.ts";

/**
 * Moves the upgraded connections of one protocol to another process at a handover. Both processes have one
 * with the same name. Only it knows when a connection can move, and what its data means.
 */
export interface ConnectionKeeper {
  /** In the old process: returns how to move this connection, or undefined if it is not this keeper's. */
  find(socket: Socket, request: IncomingMessage): KeptConnection | undefined;
  /**
   * In the new process: takes a connection. Nothing was read from it, and nothing may be written to it before
   * `start()`. If this throws, the old process continues with the connection, and asks its client to close it.
   *
   * @param data from `pack()`
   */
  adopt(socket: Socket, data: string): AdoptedConnection;
}

/** An upgraded connection that can move to another process. */
export interface KeptConnection {
  /**
   * Whether the connection can move now. Then it stops reading and writing, and keeps what it has read too
   * much. The same turn of the event loop takes the handle from the socket. Called again and again until it returns
   * true. So it may keep a busy connection from beginning something new, for a moment.
   */
  stop(): boolean;
  /**
   * Resolves with the data for the other process, at most a few hundred kB, with null if the connection can't
   * move now, or with undefined if it can't move at all. It must not reject.
   */
  pack(): Promise<string | null | undefined>;
  /**
   * Called once after each successful `stop()`, in the turn in which the connection has moved, has got its
   * handle back, or closes because nobody knows which process has it.
   *
   * @param send when it has moved: sends more data to `receive()` of the other process. Resolves when the
   *   data is written, with false if that process can't be reached.
   */
  settle(result: "moved" | "back" | "lost", send: (data: string) => Promise<boolean>): void;
}

/** A connection that has come from another process. */
export interface AdoptedConnection {
  /** The request that was upgraded. */
  readonly request: IncomingMessage;
  /** Called when the other process has released the connection. */
  start(): void;
  /** Gets data that the other process sends later. */
  receive(data: string): void;
}

/** By name. Copies of the package share them. */
export const keepers: Map<string, ConnectionKeeper> = processState("connection keepers", new Map());

/** Moves upgraded connections at a handover, if the new process has a keeper with the same name. */
export function keepConnections(name: string, keeper: ConnectionKeeper): void {
  keepers.set(name, keeper);
}
