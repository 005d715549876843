import type { PassedSocket } from "./passed-socket.ts";
import { processState } from "../shared/process-state.ts";

/** The sockets that were passed to this process, or why there are none. */
export type ActivationResult =
  | { activated: true; sockets: readonly PassedSocket[] }
  | { activated: false; reason: string; sockets: readonly PassedSocket[] };

/** The result of reading the environment once. */
export type ReadOutcome = ActivationResult | { error: Error };

/** The key of the worker data that tells a worker thread whether sockets were passed to its process. */
export const WORKER_KEY = "sockact.1";

interface ActivationState {
  /** Undefined until the environment is read. */
  result: ReadOutcome | undefined;
  /** The original environment, if it names no process and no caller has set `ignoreListenPid` yet. */
  untrusted: Record<string, string | undefined> | undefined;
  /**
   * The descriptors that the app's servers listen on by number. A server may do so before the environment is
   * read.
   */
  numbersInUse: Set<number>;
}

export const activation: ActivationState = processState("activation", {
  result: undefined,
  untrusted: undefined,
  numbersInUse: new Set(),
});

/** The known sockets. Reads nothing and never throws. */
export function knownSockets(): readonly PassedSocket[] {
  const { result } = activation;
  return result === undefined || "error" in result ? [] : result.sockets;
}

/** Marks a socket as claimed, because a server of the app listens on its number. */
export function markClaimedByNumber(fd: number): void {
  activation.numbersInUse.add(fd);
  for (const passedSocket of knownSockets()) if (passedSocket.fd === fd) passedSocket.claimed = true;
}
