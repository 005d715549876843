import { processState } from "../shared/process-state.ts";

interface StopState {
  /** Fulfils with the exit code; undefined until the process begins to stop. */
  exitCode: Promise<number> | undefined;
  /** Whether it stops because another process has taken its place. The service goes on. */
  isReplaced: boolean;
  /** Called when the process begins to stop. */
  listeners: Set<() => void>;
}

export const stopState: StopState = processState("shutdown", {
  exitCode: undefined,
  isReplaced: false,
  listeners: new Set(),
});

/** Whether the process has begun to stop. */
export function isStopping(): boolean {
  return stopState.exitCode !== undefined;
}

/** Whether the service has begun to stop, and not only this process. */
export function isStoppingService(): boolean {
  return isStopping() && !stopState.isReplaced;
}
