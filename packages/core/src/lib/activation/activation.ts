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
}

export const activation: ActivationState = processState("activation", {
  result: undefined,
  untrusted: undefined,
});

/** The sockets that this process knows of so far. Reads nothing, and throws nothing. */
export function knownSockets(): readonly PassedSocket[] {
  const { result } = activation;
  return result === undefined || "error" in result ? [] : result.sockets;
}
