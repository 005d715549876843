import process from "node:process";
import { writeLine } from "./standard-error.ts";

/**
 * systemd 257 and later sets this variable when it restarts a service with `RestartMode=debug` after a
 * failure: systemd.exec(5).
 */
export const isDebugging = process.env["DEBUG_INVOCATION"] === "1";

/** Writes a line to standard error, which the journal shows, if the service manager asks for debug output. */
export function debug(text: () => string): void {
  if (isDebugging) writeLine(`sockact: debug: ${text()}`);
}
