import { statSync } from "node:fs";
import { serviceOfProcess, unitFilesOf } from "@sockact/shared/notify";

/**
 * Whether a file of the unit of this process has changed since the service was started. Only a restart
 * applies such a change: a handover keeps the environment and the sandbox. False if the files can't be read.
 *
 * @param firstStart when the first process of the service was started, in milliseconds since 1970
 */
export function isUnitChanged(firstStart: number): boolean {
  const service = serviceOfProcess()?.name;
  if (service === undefined) return false;
  return unitFilesOf(service).some((path) => {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    // ctime, because cp -p and rsync keep the mtime of the file that they copy.
    return stats !== undefined && Number(stats.ctimeMs) > firstStart;
  });
}
