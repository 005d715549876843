import type { PassedSocket } from "./passed-socket.ts";
import { processState } from "./process-state.ts";

/** What was passed to this process. */
export type Passed =
  | { activated: true; passed: readonly PassedSocket[] }
  | { activated: false; reason: string; passed: readonly PassedSocket[] };

/** The result of the one read of the environment. */
export type Activation = Passed | { error: Error };

interface ActivationState {
  /** Undefined until something asks. */
  result: Activation | undefined;
  /** The environment as it was, when it announces sockets to whoever reads it, and nothing has said yet that the parent is to be trusted. */
  untrusted: Record<string, string | undefined> | undefined;
  /** Whether the sockets that nothing serves have been warned of: READY=1 no longer waits for them. */
  untakenReported: boolean;
}

export const activation: ActivationState = processState("activation", {
  result: undefined,
  untrusted: undefined,
  untakenReported: false,
});

/** The sockets that this process knows of so far. Reads nothing, and throws nothing. */
export function passedSoFar(): readonly PassedSocket[] {
  const { result } = activation;
  return result === undefined || "error" in result ? [] : result.passed;
}
