import { processState } from "../shared/process-state.ts";

interface StopState {
  /** Whether the process has begun to stop. */
  hasBegun: boolean;
  /** Resolves with the exit code; undefined until the process begins to stop. */
  exitCode: Promise<number> | undefined;
  /**
   * Whether a signal has stopped it. Otherwise the service goes on: another process has taken its place, or
   * the next connection starts one.
   */
  isBySignal: boolean;
  /** Called when the process begins to stop. */
  listeners: Set<() => void>;
  /** Whether an end of the process is to be reported: it drains, and nothing has asked for its end. */
  isEndEarly: boolean;
}

export const stopState: StopState = processState("shutdown", {
  hasBegun: false,
  exitCode: undefined,
  isBySignal: false,
  listeners: new Set(),
  isEndEarly: false,
});

/** Whether the process has begun to stop. */
export function isStopping(): boolean {
  return stopState.hasBegun;
}

/** Whether a signal has told the process to stop, so that a load balancer must send no more clients. */
export function isToldToStop(): boolean {
  return isStopping() && stopState.isBySignal;
}
