import { classify } from "./classify.ts";
import type { ActivatedSocket, PassedSocket } from "./passed-socket.ts";

/** The variable in which a primary describes its sockets to its workers. It is private: a worker reads it only if its own parent has set it. */
export const CLUSTER_VARIABLE = "SOCKACT_CLUSTER";

/** A socket of the primary. Its `fd` is the number in the primary. */
export interface PrimarySocket {
  socket: ActivatedSocket;
  inode: number | undefined;
}

export function formatClusterVariable(pid: number, sockets: readonly PassedSocket[]): string {
  classify(sockets);
  return `${pid}:${JSON.stringify(sockets.map(({ socket, inode }) => ({ socket, inode })))}`;
}

/** The sockets in the variable. Undefined if a process other than `pid` has set it: then it is left over. */
export function parseClusterVariable(text: string | undefined, pid: number): PrimarySocket[] | undefined {
  const prefix = `${pid}:`;
  return text?.startsWith(prefix) ? (JSON.parse(text.slice(prefix.length)) as PrimarySocket[]) : undefined;
}
