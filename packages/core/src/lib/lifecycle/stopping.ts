import { processState } from "../shared/process-state.ts";

interface StopState {
  /** Fulfils with the exit code; undefined until the process begins to stop. */
  exitCode: Promise<number> | undefined;
  /** Called when the process begins to stop. */
  listeners: Set<() => void>;
}

export const stopState: StopState = processState("shutdown", { exitCode: undefined, listeners: new Set() });

/** Whether the process has begun to stop. */
export function isStopping(): boolean {
  return stopState.exitCode !== undefined;
}
