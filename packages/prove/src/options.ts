import type { AppRequest } from "@sockact/testing";
import type { Check, CheckId } from "./report.ts";

/** What `prove()` gets. */
export interface ProveOptions {
  /** The folder of the app; the current one by default. */
  readonly folder?: string | undefined;
  /** The config instead of an entry. */
  readonly config?: string | undefined;
  /** Further options of `sockact install`, such as `["--listen", "80"]`. */
  readonly installOptions?: readonly string[] | undefined;
  /** The requests of the clients, who take turns with them. The default is `GET /`. */
  readonly requests?: readonly AppRequest[] | undefined;
  /** A regular expression that the body of each answer matches; any body by default. */
  readonly answer?: string | undefined;
  /** The status that it answers. By default, the one that the first answer has, if it is below 500. */
  readonly status?: number | undefined;
  /** Commands that run beside the app, such as a database. */
  readonly with?: readonly string[] | undefined;
  /** How often the app is restarted and reloaded under load. The default is 3. */
  readonly restarts?: number | undefined;
  /** The checks to make; all by default. */
  readonly only?: readonly CheckId[] | undefined;
  /** Ends it early: nothing is left behind. */
  readonly signal?: AbortSignal | undefined;
}

/** What happens while an app is tried. */
export type ProveEvent =
  /** The private systemd has booted, or the app was installed in it. */
  | { readonly event: "booted" | "installed" }
  /** A check begins. */
  | { readonly event: "check"; readonly id: CheckId }
  /** A check has broken, and is made once more to find the cause. */
  | { readonly event: "diagnosis"; readonly id: CheckId }
  /** A check has ended. */
  | { readonly event: "checked"; readonly check: Check };
