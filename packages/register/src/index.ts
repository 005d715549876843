import process from "node:process";
import { preload } from "./preload.ts";

// The preload runs in every Node process of the app. Most of them need no other file.
if (mayBeNeeded()) preload();

function mayBeNeeded(): boolean {
  const { LISTEN_FDS, SOCKACT_CLUSTER, SYSTEMD_EXEC_PID, INVOCATION_ID, REMOTE_ADDR } = process.env;
  if ((LISTEN_FDS ?? SOCKACT_CLUSTER) !== undefined) return true;
  // These variables also apply to servers on their own ports.
  const { SOCKACT_SIGNALS, SOCKACT_STOP_DELAY, SOCKACT_HEALTH } = process.env;
  if ((SOCKACT_SIGNALS ?? SOCKACT_STOP_DELAY ?? SOCKACT_HEALTH) !== undefined) return true;
  // The conditions for a socket on standard input, and for messages to the service manager.
  return SYSTEMD_EXEC_PID === undefined
    ? (INVOCATION_ID ?? REMOTE_ADDR) !== undefined
    : SYSTEMD_EXEC_PID === String(process.pid);
}
