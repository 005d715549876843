import type { PassedSocket } from "./passed-socket.ts";
import { processState } from "../shared/process-state.ts";

/** What was passed to this process. */
export type ActivationResult =
  | { activated: true; sockets: readonly PassedSocket[] }
  | { activated: false; reason: string; sockets: readonly PassedSocket[] };

/** The result of the one read of the environment. */
export type ReadOutcome = ActivationResult | { error: Error };

interface ActivationState {
  /** Undefined until something asks. */
  result: ReadOutcome | undefined;
  /** The environment as it was, when it announces sockets to whoever reads it, and nothing has said yet that the parent is to be trusted. */
  untrusted: Record<string, string | undefined> | undefined;
  /** The numbers of the descriptors that a server of the app has been told to listen on, which may come before the environment is read. */
  numbersInUse: Set<number>;
}

export const activation: ActivationState = processState("activation", {
  result: undefined,
  untrusted: undefined,
  numbersInUse: new Set(),
});

/** The sockets that this process knows of so far. Reads nothing, and throws nothing. */
export function knownSockets(): readonly PassedSocket[] {
  const { result } = activation;
  return result === undefined || "error" in result ? [] : result.sockets;
}

/** Marks the socket as claimed that a server of the app listens on by its number. */
export function markClaimedByNumber(fd: number): void {
  activation.numbersInUse.add(fd);
  for (const passedSocket of knownSockets()) if (passedSocket.fd === fd) passedSocket.claimed = true;
}
