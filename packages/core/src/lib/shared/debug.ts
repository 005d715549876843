import process from "node:process";
import { writeLine } from "./standard-error.ts";

/** Set by systemd 257 and later for a service with `RestartMode=debug` that is started again after a failure: systemd.exec(5). */
const isDebugging = process.env["DEBUG_INVOCATION"] === "1";

/** Writes a line to standard error, which the journal shows, where the service manager asks for that. */
export function debug(text: () => string): void {
  if (isDebugging) writeLine(`sockact: debug: ${text()}`);
}
