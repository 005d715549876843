import type { Instance } from "./pair.ts";

/** A step that a rolling restart is about to take, or has taken. */
export type RollingEvent =
  | {
      /** Another rolling restart of the same service runs. This one begins when the other has ended. */
      readonly type: "waiting";
    }
  | {
      /** The instance is being started; the other one serves. */
      readonly type: "starting";
      /** `blue` or `green`. */
      readonly instance: Instance;
    }
  | {
      /** The instance has reported that it is ready, and accepts connections. */
      readonly type: "ready";
      /** `blue` or `green`. */
      readonly instance: Instance;
    }
  | {
      /** The instance is told to stop; it drains. */
      readonly type: "stopping";
      /** `blue` or `green`. */
      readonly instance: Instance;
    }
  | {
      /** The instance has stopped. */
      readonly type: "stopped";
      /** `blue` or `green`. */
      readonly instance: Instance;
      /**
       * Whether it has answered its requests. It is `false` if the instance was killed, or ended with an
       * error.
       */
      readonly drained: boolean;
    }
  | {
      /** The signal was aborted during the restart, and the promise is about to reject. */
      readonly type: "aborted";
      /** The `ActiveState` of both instances, such as `active`; undefined if systemctl did not report it. */
      readonly states: Readonly<Record<Instance, string>> | undefined;
    };

/** The options of {@link rollingRestart}: the service manager, the wait, and a callback for each step. */
export interface RollingOptions {
  /**
   * Whether the units belong to the user's own service manager (`systemctl --user`). By default they belong
   * to the system's.
   */
  user?: boolean | undefined;
  /**
   * Whether to wait until the old instance has drained, which is the default. With `false`, it drains after
   * the promise has resolved.
   */
  waitForDrain?: boolean | undefined;
  /**
   * Ends the wait: the promise rejects with the signal's reason. If the new instance is not ready yet, it is
   * stopped again, and the old one keeps serving. If the new instance is ready, the old one is told to stop,
   * and drains by itself. After 3 seconds the promise rejects anyway, and systemd continues these steps. The
   * event `aborted` reports the state of both instances.
   */
  signal?: AbortSignal | undefined;
  /**
   * Called with each step. The restart does not wait for the callback. If the callback throws, or its promise
   * rejects, the restart continues to its end, and then `rollingRestart` rejects with that error. If the
   * restart itself fails, you get the error of the restart. If a promise of the callback settles after the
   * end of the restart, its error is dropped.
   */
  onEvent?: ((event: RollingEvent) => unknown) | undefined;
}

/** How a rolling restart ended. */
export type RollingResult =
  | {
      /** The new version serves. */
      readonly outcome: "turned";
      /** The instance that served before, and has been told to stop. */
      readonly from: Instance;
      /** The instance that serves now. */
      readonly to: Instance;
      /**
       * Whether `from` has answered its requests. It is `false` if `from` was killed or ended with an error,
       * and undefined with `waitForDrain: false`.
       */
      readonly drained: boolean | undefined;
    }
  | {
      /** Neither instance ran, so nothing was done: the next connection starts the new version. */
      readonly outcome: "asleep";
    }
  | {
      /** Neither instance ran and no socket listens, as after `systemctl stop`. Nothing was done. */
      readonly outcome: "stopped";
    };
