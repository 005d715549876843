import type { Instance } from "./pair.ts";

/** A step of a rolling restart, at its begin or end. */
export type RollingEvent =
  | {
      /** Another rolling restart of the same service is running. This one waits for it. */
      readonly type: "waiting";
    }
  | {
      /** The instance is starting; the other one serves. */
      readonly type: "starting";
      /** `blue` or `green`. */
      readonly instance: Instance;
    }
  | {
      /** The instance is ready and accepts connections. */
      readonly type: "ready";
      /** `blue` or `green`. */
      readonly instance: Instance;
    }
  | {
      /** The instance is stopping; it drains. */
      readonly type: "stopping";
      /** `blue` or `green`. */
      readonly instance: Instance;
    }
  | {
      /** The instance has stopped. */
      readonly type: "stopped";
      /** `blue` or `green`. */
      readonly instance: Instance;
      /** Whether it answered its requests. `false` if it was killed or ended with an error. */
      readonly drained: boolean;
    }
  | {
      /** The signal was aborted during the restart, and the promise is about to reject. */
      readonly type: "aborted";
      /** The `ActiveState` of both instances, such as `active`; undefined if systemctl did not report it. */
      readonly states: Readonly<Record<Instance, string>> | undefined;
    };

/** The options of {@link rollingRestart}. */
export interface RollingOptions {
  /** Uses the user's service manager (`systemctl --user`). The default is the system's. */
  user?: boolean | undefined;
  /**
   * Waits until the old instance has drained. The default is `true`. With `false`, the promise resolves
   * before that.
   */
  waitForDrain?: boolean | undefined;
  /**
   * Aborts the wait: the promise rejects with the signal's reason. If the new instance is not ready yet, it
   * is stopped again, and the old one keeps serving. If the new instance is ready, the old one is stopped,
   * and drains by itself. The promise rejects after at most 3 seconds, and systemd continues these steps. The
   * event `aborted` has the states of both instances.
   */
  signal?: AbortSignal | undefined;
  /**
   * Called with each step. The restart does not wait for the callback. If the callback throws or its promise
   * rejects, the restart continues to its end, and then `rollingRestart` rejects with that error. An error of
   * the restart itself has precedence. If a promise of the callback settles after the end of the restart, its
   * error is ignored.
   */
  onEvent?: ((event: RollingEvent) => unknown) | undefined;
}

/** How a rolling restart ended. */
export type RollingResult =
  | {
      /** The new version serves. */
      readonly outcome: "turned";
      /** The instance that served before and is stopping or stopped. */
      readonly from: Instance;
      /** The instance that serves now. */
      readonly to: Instance;
      /**
       * Whether `from` answered its requests. `false` if `from` was killed or ended with an error, undefined
       * with `waitForDrain: false`.
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
