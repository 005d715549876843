import { processState } from "../shared/process-state.ts";

interface StopState {
  /** Whether the process has begun to stop. */
  hasBegun: boolean;
  /** Resolves with the exit code; undefined until the process begins to stop. */
  exitCode: Promise<number> | undefined;
  /**
   * Whether a signal stopped it. Otherwise the service continues: another process has replaced it, or the
   * next connection starts one.
   */
  isBySignal: boolean;
  /** Called when the process begins to stop. */
  listeners: Set<() => void>;
  /** Whether to report an end of the process: it drains, and nothing has asked for its end. */
  isEndEarly: boolean;
}

export const stopState: StopState = processState("shutdown", {
  hasBegun: false,
  exitCode: undefined,
  isBySignal: false,
  listeners: new Set(),
  isEndEarly: false,
});

export function isStopping(): boolean {
  return stopState.hasBegun;
}

/** Whether a signal has told the process to stop, so a load balancer must send no more clients. */
export function isToldToStop(): boolean {
  return isStopping() && stopState.isBySignal;
}
