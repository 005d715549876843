import process from "node:process";
import { ActivationError } from "@sockact/core";
import type { Target } from "./target.ts";

/**
 * How long a server on another port waits for the app's server before it gets the socket, in milliseconds.
 */
export const WAIT_MS = 5000;

/** @throws ActivationError `SOCKACT_ERR_OPTION` if SOCKACT_PORT is malformed */
export function checkAppPort(): void {
  const { SOCKACT_PORT } = process.env;
  if (!SOCKACT_PORT) return;
  if (/^[1-9]\d{0,4}$/.test(SOCKACT_PORT) && Number(SOCKACT_PORT) <= 65_535) return;
  throw new ActivationError(
    "SOCKACT_ERR_OPTION",
    `SOCKACT_PORT must be a port from 1 to 65535; got ${JSON.stringify(SOCKACT_PORT)}`,
    "Write the port that the app passes to listen(), or remove the variable.",
  );
}

/** Whether this is the app's port: that of SOCKACT_PORT, or of PORT, which has precedence in most apps. */
export function isOnAppPort({ port }: Target): boolean {
  const { SOCKACT_PORT, PORT } = process.env;
  return Boolean(SOCKACT_PORT) && [SOCKACT_PORT, PORT].includes(String(port));
}

/** Whether SOCKACT_PORT names another port. */
export function isBesideApp(target: Target): boolean {
  return Boolean(process.env["SOCKACT_PORT"]) && !isOnAppPort(target);
}
