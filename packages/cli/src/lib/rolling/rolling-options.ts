import type { Instance } from "./instances.ts";

/** A step that a rolling restart is about to take, or has taken. */
export type RollingEvent =
  /** Another rolling restart of the same service runs. This one begins when the other has ended. */
  | { readonly type: "waiting" }
  /** The instance is being started; the other one serves. */
  | { readonly type: "starting"; readonly instance: Instance }
  /** The instance has reported that it is ready, and accepts connections. */
  | { readonly type: "ready"; readonly instance: Instance }
  /** The instance is told to stop; it drains. */
  | { readonly type: "stopping"; readonly instance: Instance }
  /** The instance has stopped; `drained` is false if it was killed, or ended with an error. */
  | { readonly type: "stopped"; readonly instance: Instance; readonly drained: boolean }
  /**
   * The signal was aborted during the restart, and the promise is about to reject. `states` has the `ActiveState` of both instances, such as
   * `active`. It is undefined if systemctl did not report it.
   */
  | { readonly type: "aborted"; readonly states: Readonly<Record<Instance, string>> | undefined };

/** The options of {@link rollingRestart}: the service manager, the wait, and a callback for each step. */
export interface RollingOptions {
  /** Whether the units belong to the user's own service manager (`systemctl --user`). By default they belong to the system's. */
  user?: boolean | undefined;
  /** Whether to wait until the old instance has drained, which is the default. With `false`, it drains after the promise has resolved. */
  waitForDrain?: boolean | undefined;
  /**
   * Ends the wait: the promise rejects with the signal's reason. If the new instance is not ready yet, it is stopped again, and the old one
   * keeps serving. If the new instance is ready, the old one is told to stop, and drains by itself. After 3 seconds the promise rejects anyway,
   * and systemd continues these steps. The event `aborted` reports the state of both instances.
   */
  signal?: AbortSignal | undefined;
  /**
   * Called with each step. The restart does not wait for the callback. If the callback throws, or its promise rejects, the restart continues
   * to its end, and then `rollingRestart` rejects with that error. If the restart itself fails, you get the error of the restart. If a promise
   * of the callback settles after the end of the restart, its error is dropped.
   */
  onEvent?: ((event: RollingEvent) => unknown) | undefined;
}

/** How a rolling restart ended. */
export type RollingResult =
  /** `to` serves in place of `from`. `drained` is false if `from` was killed or ended with an error, and undefined without a wait. */
  | {
      readonly outcome: "turned";
      readonly from: Instance;
      readonly to: Instance;
      readonly drained: boolean | undefined;
    }
  /** Neither instance ran, so nothing was done: the next connection starts the new version. */
  | { readonly outcome: "asleep" }
  /** Neither instance ran and no socket listens, as after `systemctl stop`. Nothing was done. */
  | { readonly outcome: "stopped" };
