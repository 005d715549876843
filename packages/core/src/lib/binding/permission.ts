import process from "node:process";
import { permissionError } from "./claim-errors.ts";

interface Permission {
  has(scope: string): boolean;
}

/**
 * Throws if Node's permission model does not allow the process to listen. Called before anything is claimed.
 *
 * @throws ActivationError `SOCKACT_ERR_PERMISSION`
 */
export function checkPermission(): void {
  const { permission } = process as { permission?: Permission };
  // Older versions of Node neither have nor need this permission.
  if (permission === undefined || !process.allowedNodeEnvironmentFlags.has("--allow-net")) return;
  if (permission.has("net")) return;
  throw permissionError();
}
