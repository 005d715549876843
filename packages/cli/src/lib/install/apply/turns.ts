import process from "node:process";
import { CliError, EXIT } from "../../shared/cli-error.ts";
import { acquireLock, LockError } from "../../shared/lock.ts";
import { rootsLock } from "../interrupted.ts";
import { type Place, unitFolder } from "../places.ts";
import { inNewFolder } from "../safe-folder.ts";

/** How to wait for another `sockact install` or `uninstall`. */
interface Waiting {
  /** Ends the wait. */
  signal?: AbortSignal | undefined;
  onStep: (step: { type: "waiting" }) => void;
}

/** Runs an action while no other `sockact install` or `uninstall` of this name runs. */
export async function locked<Result>(
  place: Place,
  name: string,
  waiting: Waiting,
  action: () => Promise<Result>,
): Promise<Result> {
  return holding(lockPath(place, name), waiting, action);
}

/**
 * Runs the steps of an action while no other call changes files or units in this place: two services may have
 * a unit of the same name, and systemd reads all files at once. The lock is not held while waiting for an
 * app.
 */
export async function inTurn<Result>(
  place: Place,
  waiting: Waiting,
  action: () => Promise<Result>,
): Promise<Result> {
  // A user other than root already has the only lock.
  return process.getuid!() === 0 ? holding(lockPath(place, ""), waiting, action) : action();
}

async function holding<Result>(
  path: string,
  { signal, onStep }: Waiting,
  action: () => Promise<Result>,
): Promise<Result> {
  const lock = await acquireLock(path, signal, () => onStep({ type: "waiting" })).catch((cause: unknown) => {
    if (!(cause instanceof LockError)) throw cause;
    const hint = "Install flock(1) of util-linux, and check who may write to the folder.";
    throw new CliError("SOCKACT_ERR_INSTALL_LOCK", cause.message, hint, { exitCode: EXIT.failed, cause });
  });
  try {
    return await action();
  } finally {
    await lock.release();
  }
}

/**
 * Root locks files in /run that other users can't open. Other users may have no such folder, and lock the
 * folder with the units.
 */
function lockPath(place: Place, name: string): string {
  if (process.getuid!() === 0) return rootsLock(place, name);
  const path = unitFolder(place, "");
  inNewFolder(path, () => {});
  return path;
}
