import process from "node:process";
import { processState } from "./process-state.ts";

/** The `code` of each process warning of this package. docs/codes/errors.md explains each one. */
export type NotifyWarningCode =
  | "SOCKACT_WARN_NOTIFY_PATH"
  | "SOCKACT_WARN_NOTIFY_UNCHECKED"
  | "SOCKACT_WARN_WATCHDOG";

const warned = processState("warn", { codes: new Set<NotifyWarningCode>() });

/** Emits a process warning, once per code. The app keeps running, but not as its unit says. */
export function warn(code: NotifyWarningCode, message: string, hint: string): void {
  if (warned.codes.has(code)) return;
  warned.codes.add(code);
  process.emitWarning(message, { type: "SockactWarning", code, detail: hint });
}
