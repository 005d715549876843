import process from "node:process";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { acquireLock, LockError } from "../shared/lock.ts";
import { sha256 } from "./header.ts";
import { type Place, unitFolder } from "./places.ts";
import { SafeFolder } from "./safe-folder.ts";

/** Runs an action while no other `sockact install` or `uninstall` of this name is under way. */
export async function locked<Result>(
  place: Place,
  name: string,
  signal: AbortSignal | undefined,
  onWait: () => void,
  action: () => Promise<Result>,
): Promise<Result> {
  return holding(lockPath(place, name), signal, onWait, action);
}

/**
 * Runs the steps of an action while no other call changes files or units in this place: two services may have a unit of the same name, and systemd reads all
 * files at once. What waits for an app is outside of it.
 */
export async function inTurn<Result>(
  place: Place,
  signal: AbortSignal | undefined,
  onWait: () => void,
  action: () => Promise<Result>,
): Promise<Result> {
  // Another user than root holds the one lock already.
  return process.getuid!() === 0 ? holding(lockPath(place, ""), signal, onWait, action) : action();
}

async function holding<Result>(
  path: string,
  signal: AbortSignal | undefined,
  onWait: () => void,
  action: () => Promise<Result>,
): Promise<Result> {
  const lock = await acquireLock(path, signal, onWait).catch((error: unknown) => {
    if (!(error instanceof LockError)) throw error;
    const hint = "Install flock(1) of util-linux, and see who may write there.";
    throw new CliError("ERR_INSTALL_LOCK", error.message, hint, { exitCode: EXIT.failed, cause: error });
  });
  try {
    return await action();
  } finally {
    await lock.release();
  }
}

/** Root's locks are files in /run that others can't open. Another user has no such folder for sure, and locks the folder with the units. */
function lockPath(place: Place, name: string): string {
  if (process.getuid!() === 0) {
    const { user, root } = place;
    return `/run/sockact-install-${sha256(JSON.stringify([user, root, name])).slice(0, 16)}.lock`;
  }
  const path = unitFolder(place, "");
  SafeFolder.make(path).close();
  return path;
}
