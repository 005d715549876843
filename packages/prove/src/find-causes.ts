import type { Cause, CheckId } from "./report.ts";
import type { Outcome } from "./step.ts";
import type { WitnessLine } from "./witness.ts";

/** What is known about a promise that is broken. */
export interface Facts {
  /** What the witness has seen. */
  readonly lines: readonly WitnessLine[];
  /** What the step has found with the witness. */
  readonly outcome: Outcome;
  /** The causes that the step itself has found. */
  readonly causes: readonly Cause[];
  /** The folder of the app, on the host. */
  readonly folder: string;
}

/** The causes of a broken promise, the most likely one first. */
export function causesOf(_id: CheckId, { causes }: Facts): Cause[] {
  return [...causes];
}
