import { classify } from "./classify.ts";
import type { ActivatedSocket, PassedSocket } from "./passed-socket.ts";
import { isWaitingToServe } from "./serving.ts";
import { journal } from "../shared/journal.ts";

/**
 * The variable that describes the primary's sockets to its workers. It is private: a worker uses it only if
 * its own parent set it.
 */
export const CLUSTER_VARIABLE = "SOCKACT_CLUSTER";

/** A socket of the primary, with its `fd` there. */
interface PrimarySocket {
  socket: ActivatedSocket;
  inode: number | undefined;
}

/** The state that a primary passes to its workers. */
export interface PrimaryState {
  sockets: PrimarySocket[];
  /** Whether the workers must not accept yet, because another process is handing over to the primary. */
  isWaiting: boolean;
  /** Whether the primary writes records to the journal. */
  hasJournal?: boolean;
}

export function formatClusterVariable(pid: number, sockets: readonly PassedSocket[]): string {
  classify(sockets);
  const state: PrimaryState = {
    sockets: sockets.map(({ socket, inode }) => ({ socket, inode })),
    isWaiting: isWaitingToServe(),
    hasJournal: journal.fd !== undefined,
  };
  return `${pid}:${JSON.stringify(state)}`;
}

/** The state of the primary in the variable. Undefined if it is not from `pid`, but left over. */
export function parseClusterVariable(text: string | undefined, pid: number): PrimaryState | undefined {
  const prefix = `${pid}:`;
  return text?.startsWith(prefix) ? (JSON.parse(text.slice(prefix.length)) as PrimaryState) : undefined;
}
