import { classify } from "./classify.ts";
import type { ActivatedSocket, PassedSocket } from "./passed-socket.ts";

/** What a primary tells its workers of its sockets. Private: only the worker of that very primary heeds it. */
export const CLUSTER_VARIABLE = "SOCKACT_CLUSTER";

/** A socket of the primary, by the primary's own number. */
export interface PrimarySocket {
  socket: ActivatedSocket;
  inode: number | undefined;
}

export function formatClusterVariable(pid: number, sockets: readonly PassedSocket[]): string {
  classify(sockets);
  return `${pid}:${JSON.stringify(sockets.map(({ socket, inode }) => ({ socket, inode })))}`;
}

/** The sockets that the process `pid` has named; undefined when it was another one, from which the variable is left over. */
export function parseClusterVariable(text: string | undefined, pid: number): PrimarySocket[] | undefined {
  const prefix = `${pid}:`;
  return text?.startsWith(prefix) ? (JSON.parse(text.slice(prefix.length)) as PrimarySocket[]) : undefined;
}
