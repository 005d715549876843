import process from "node:process";
import { debuglog } from "node:util";
import { writeLine } from "./standard-error.ts";

/**
 * systemd 257 and later sets `DEBUG_INVOCATION` when it restarts a service with `RestartMode=debug` after a
 * failure: systemd.exec(5). `NODE_DEBUG=sockact` has the same effect at any start.
 */
export const isDebugging =
  process.env["DEBUG_INVOCATION"] === "1" ||
  (process.env["NODE_DEBUG"] !== undefined && debuglog("sockact").enabled);

/** Writes a line to standard error if a variable enables debug output. */
export function debug(text: () => string): void {
  if (isDebugging) writeLine(`sockact: debug: ${text()}`);
}
