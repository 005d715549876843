import type { Instance } from "./instances.ts";

/** What a rolling restart is about to do, or has done. */
export type RollingEvent =
  /** Another rolling restart of the same service is under way; this one begins when that has ended. */
  | { readonly type: "waiting" }
  /** The instance is being started; the other one serves. */
  | { readonly type: "starting"; readonly instance: Instance }
  /** The instance has said that it is ready, and accepts connections. */
  | { readonly type: "ready"; readonly instance: Instance }
  /** The instance is told to stop; it drains. */
  | { readonly type: "stopping"; readonly instance: Instance }
  /** The instance has stopped; `drained` is false if it was killed, or ended with an error. */
  | { readonly type: "stopped"; readonly instance: Instance; readonly drained: boolean }
  /**
   * The signal was aborted during the turn, and the promise is about to reject. `states` has the `ActiveState` of both instances, such as
   * `active`; it is undefined if systemctl did not tell.
   */
  | { readonly type: "aborted"; readonly states: Readonly<Record<Instance, string>> | undefined };

/** Which service manager {@link rollingRestart} uses, how long it waits, and what it calls with each step. */
export interface RollingOptions {
  /** Whether the units are of the user's own manager (`systemctl --user`); by default of the system's. */
  user?: boolean | undefined;
  /** Whether to wait until the old instance has drained, as by default; otherwise it drains after the promise has resolved. */
  waitForDrain?: boolean | undefined;
  /**
   * Ends the wait, and the promise rejects with the signal's reason. If the new instance is not ready yet, it is stopped again, and the
   * old one keeps serving. If it is ready, the old one is told to stop, and drains by itself. Systemd gets 3 seconds for this; after that
   * the promise rejects anyway, and systemd goes on with what it was told. The event `aborted` says what state both instances are in.
   */
  signal?: AbortSignal | undefined;
  /**
   * Called with each step. The turn neither waits for the callback nor fails with it: when the callback throws, or its promise rejects, the
   * turn goes on to its end, and then `rollingRestart` rejects with that error. If the turn itself fails, you get the error of the turn.
   * A promise that has not settled when the turn ends is not waited for, and an error that it rejects with later is dropped.
   */
  onEvent?: ((event: RollingEvent) => unknown) | undefined;
}

/** How a rolling restart ended. */
export type RollingResult =
  /** `to` serves in the place of `from`; `drained` is false if `from` was killed or ended with an error, and undefined without a wait. */
  | {
      readonly outcome: "turned";
      readonly from: Instance;
      readonly to: Instance;
      readonly drained: boolean | undefined;
    }
  /** Neither instance was up, and nothing was done: the next connection starts the new version. */
  | { readonly outcome: "asleep" }
  /** Neither instance was up and no socket listens, as after `systemctl stop`; nothing was done. */
  | { readonly outcome: "stopped" };
