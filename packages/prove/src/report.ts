/** The promises that are tried, in the order of the report. */
export const CHECKS = [
  "start",
  "answer",
  "exposure",
  "stop",
  "restart",
  "reload",
  "sleep",
  "crash",
  "watchdog",
  "sandbox",
  "leak",
  "journal",
] as const;

/** A promise that is tried: see {@link CHECKS}. */
export type CheckId = (typeof CHECKS)[number];

/**
 * - `held`: it was tried, and holds.
 * - `broken`: it was tried, and does not hold. {@link Check.causes} says why, if a cause was found.
 * - `absent`: the app does not have what the promise is about. {@link Check.reason} says what.
 * - `untried`: it could not be tried. {@link Check.reason} says why.
 */
export type Verdict = "held" | "broken" | "absent" | "untried";

/** A place in the app's code. */
export interface Place {
  /** The path of the file, relative to the app's folder if it is in it. */
  readonly file: string;
  /** The line, from 1. */
  readonly line: number;
  /** The column, from 1. */
  readonly column: number;
}

/** What in the app breaks a promise. */
export interface Cause {
  /** A code of {@link CAUSES}, or one of the doctor. */
  readonly code: string;
  /** The values in its text. */
  readonly details: Readonly<Record<string, string | number>>;
  /** Where the app does it, the innermost call first. Empty if that is unknown. */
  readonly places: readonly Place[];
}

/** The result of one promise. */
export interface Check {
  readonly id: CheckId;
  readonly verdict: Verdict;
  /** What was measured, by the names of {@link FIGURES}. */
  readonly figures: Readonly<Record<string, number>>;
  readonly causes: readonly Cause[];
  /** A code of {@link REASONS}, for `absent` and `untried`. */
  readonly reason?: string;
  /** What systemd or a client has said when the check could not go on. */
  readonly problem?: string;
  /** How long it took, in seconds. */
  readonly seconds: number;
}

/** What `prove()` has found. It is the JSON of `sockact prove --json`. */
export interface Report {
  /** The version of this format. */
  readonly format: 1;
  /** The name of the service. */
  readonly app: string;
  /** What was tried: the entry or the config, as it was given, relative to the app's folder. */
  readonly target: string;
  readonly versions: { readonly sockact: string; readonly node: string; readonly systemd: number };
  /** Whether all promises that were tried hold. */
  readonly held: boolean;
  readonly checks: readonly Check[];
  readonly seconds: number;
}
