import type { App } from "./app.ts";
import type { Check } from "./report.ts";

/** What a step has found. */
export interface Outcome extends Pick<Check, "verdict"> {
  readonly figures?: Check["figures"];
  /** For `absent` and `untried`. */
  readonly reason?: string;
  /** Why the step could not go on, as systemd or the app said it. */
  readonly problem?: string;
  /** Causes that the step itself sees, without the witness. */
  readonly causes?: Check["causes"];
  /** Only a time is too long: it counts if it is again too long at a second try. */
  readonly isDoubtful?: boolean;
}

/** What a step may need besides the app. */
export interface StepOptions {
  /** How often to restart and to reload. */
  readonly restarts: number;
  /** Whether the app is tried for the second time, with the witness. */
  readonly isWitnessed: boolean;
}

/** Tries one promise of an app. It leaves the app as it has found it: its sockets listen, its service may run. */
export type Step = (app: App, options: StepOptions) => Promise<Outcome>;

/** A promise that holds if a condition is true. */
export const heldIf = (
  holds: boolean,
  figures: Check["figures"] = {},
  causes: Check["causes"] = [],
): Outcome => ({
  verdict: holds ? "held" : "broken",
  figures,
  causes,
});

export const absent = (reason: string): Outcome => ({ verdict: "absent", reason });
