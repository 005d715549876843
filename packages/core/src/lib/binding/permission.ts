import process from "node:process";
import { ActivationError } from "../shared/errors.ts";

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
  throw new ActivationError(
    "SOCKACT_ERR_PERMISSION",
    "Node runs with --permission, which does not let this process listen on a socket that was passed to it",
    "Add --allow-net to the command line: ExecStart=/usr/bin/node --permission --allow-net --allow-fs-read=… …. " +
      "Once the server listens, process.permission.drop('net') forbids every outgoing connection (Node 26.3).",
  );
}
