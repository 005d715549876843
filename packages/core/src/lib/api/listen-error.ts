import type { Server } from "node:net";
import process from "node:process";
import { type ActivationError, isActivationError } from "../shared/errors.ts";
import { warn } from "../shared/warnings.ts";
import { callbackOf } from "./listen-arguments.ts";

/**
 * Makes the server emit `error` with an ActivationError. Throws any other error, as Node does for invalid
 * arguments.
 */
export function emitListenError(server: Server, error: unknown, args: readonly unknown[]): void {
  if (!isActivationError(error)) throw error;
  const callback = callbackOf(args);
  if (callback !== undefined && server.listeners("error").includes(callback)) warnOfSwallowed(error, args[0]);
  process.nextTick(() => server.emit("error", error));
}

/**
 * Express 5 also calls the callback of `listen()` with the error, and most callbacks then print that the app
 * listens.
 */
function warnOfSwallowed({ code, message, hint }: ActivationError, where: unknown): void {
  const call =
    typeof where === "number" || typeof where === "string" ? `listen(${where})` : "A second listen()";
  warn(
    "SOCKACT_WARN_NOT_LISTENING",
    `${call} does not listen, although its callback runs. ${code}: ${message}`,
    hint,
  );
}
