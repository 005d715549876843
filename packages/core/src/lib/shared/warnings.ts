import process from "node:process";
import { giveWarningsPriority } from "./journal-warnings.ts";
import { once } from "./process-state.ts";

/** The `code` of each process warning of this package. docs/codes/errors.md has a line for each. */
export type WarningCode =
  | "SOCKACT_WARN_UNCLAIMED"
  | "SOCKACT_WARN_NOT_LISTENING"
  | "SOCKACT_WARN_LAUNCHER"
  | "SOCKACT_WARN_FORKED"
  | "SOCKACT_WARN_OUTER_PID"
  | "SOCKACT_WARN_PRIMARY"
  | "SOCKACT_WARN_UNSEEN"
  | "SOCKACT_WARN_UNMATCHED"
  | "SOCKACT_WARN_OTHER_PORT"
  | "SOCKACT_WARN_SECOND_SERVER"
  | "SOCKACT_WARN_NOT_PASSED"
  | "SOCKACT_WARN_RELOADING";

/** The time limit for something that most apps do at once, in milliseconds. */
const SOON_MS = 5000;

/** Emits a process warning in five seconds, unless `hasHappened()` returns true by then. */
export function warnUnless(hasHappened: () => boolean, ...warning: Parameters<typeof warn>): void {
  setTimeout(() => {
    if (!hasHappened()) warn(...warning);
  }, SOON_MS).unref();
}

/** Emits a process warning, once per message: the app runs, but not as its unit says. */
export function warn(code: WarningCode, message: string, hint: string): void {
  once(message, () => {
    giveWarningsPriority();
    process.emitWarning(message, { type: "SockactWarning", code, detail: hint });
  });
}
