import type { Check, CheckId } from "./report.ts";

/** How the app is installed: the options of `sockact install` with these names. */
export interface AppOptions {
  /** A config to use instead of an entry. All other options of the app are then in the config. */
  readonly config?: string | undefined;
  /** The name of the service. By default, it comes from `package.json`. */
  readonly name?: string | undefined;
  /** The addresses to listen on. By default, it is the app's port. */
  readonly listen?: readonly string[] | undefined;
  readonly runAs?: string | undefined;
  readonly hardening?: string | undefined;
  /** A duration of systemd.time(7), such as `10min`. */
  readonly idleTimeout?: string | undefined;
  readonly handover?: boolean | undefined;
  readonly bundle?: boolean | undefined;
  /** Files of `NAME=value` lines for the app, and for the commands of {@link ProveOptions.with}. */
  readonly environmentFile?: readonly string[] | undefined;
  /** The Node that runs the app. By default, it is the one that runs this process. */
  readonly node?: string | undefined;
  /** `false`: `@sockact/register` is not loaded into an app that does not call sockact. */
  readonly preload?: boolean | undefined;
}

/** What {@link prove} tries, and how. */
export interface ProveOptions extends AppOptions {
  /** The app's folder. By default, it is the current folder. */
  readonly folder?: string | undefined;
  /** The path of the requests. By default, it is `/`. */
  readonly path?: string | undefined;
  /** The status of a right answer. By default, it is any status below 500. */
  readonly status?: number | undefined;
  /** Shell commands that run beside the app from before its first start, such as a database. */
  readonly with?: readonly string[] | undefined;
  /** How often to restart it, and how often to reload it. By default, it is 3. */
  readonly restarts?: number | undefined;
  /** The promises to try. By default, it is all of them. */
  readonly only?: readonly CheckId[] | undefined;
  /** Ends the run. {@link prove} then rejects with the signal's reason, after everything is removed. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The progress of {@link prove}.
 *
 * - `boot`: the private systemd boots.
 * - `install`: the app is installed in there.
 * - `check`: a promise is tried.
 * - `cause`: the promise is broken, and is tried once more to find out why.
 * - `checked`: the result of the promise.
 */
export type ProveEvent =
  | { readonly type: "boot" }
  | { readonly type: "install" }
  | { readonly type: "check"; readonly id: CheckId }
  | { readonly type: "cause"; readonly id: CheckId }
  | { readonly type: "checked"; readonly check: Check };
