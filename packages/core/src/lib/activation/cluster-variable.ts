import { classify } from "./classify.ts";
import type { ActivatedSocket, PassedSocket } from "./passed-socket.ts";
import { isWaitingToServe } from "./serving.ts";

/**
 * The variable in which a primary describes its sockets to its workers. It is private: a worker reads it only
 * if its own parent has set it.
 */
export const CLUSTER_VARIABLE = "SOCKACT_CLUSTER";

/** A socket of the primary. Its `fd` is the number in the primary. */
interface PrimarySocket {
  socket: ActivatedSocket;
  inode: number | undefined;
}

/** What a primary says to its workers. */
export interface PrimaryState {
  sockets: PrimarySocket[];
  /** Whether the workers must not accept yet, because another process hands over to the primary. */
  isWaiting: boolean;
}

export function formatClusterVariable(pid: number, sockets: readonly PassedSocket[]): string {
  classify(sockets);
  const state: PrimaryState = {
    sockets: sockets.map(({ socket, inode }) => ({ socket, inode })),
    isWaiting: isWaitingToServe(),
  };
  return `${pid}:${JSON.stringify(state)}`;
}

/**
 * The state of the primary in the variable. Undefined if a process other than `pid` has set it: then it is
 * left over.
 */
export function parseClusterVariable(text: string | undefined, pid: number): PrimaryState | undefined {
  const prefix = `${pid}:`;
  return text?.startsWith(prefix) ? (JSON.parse(text.slice(prefix.length)) as PrimaryState) : undefined;
}
