import process from "node:process";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { acquireLock, LockError } from "../shared/lock.ts";
import { type Place, unitFolder } from "./places.ts";
import { SafeFolder } from "./safe-folder.ts";

/** Runs an action while no other `sockact install` or `uninstall` of this user is under way. */
export async function locked<Result>(
  place: Place,
  signal: AbortSignal | undefined,
  onWait: () => void,
  action: () => Promise<Result>,
): Promise<Result> {
  const lock = await acquireLock(lockPath(place), signal, onWait).catch((error: unknown) => {
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

/** Root's lock is a file in /run that others can't open. Another user has no such folder for sure, and locks the folder with the units. */
function lockPath(place: Place): string {
  if (process.getuid!() === 0) return "/run/sockact-install.lock";
  const path = unitFolder(place, "");
  SafeFolder.make(path).close();
  return path;
}
