import { statSync } from "node:fs";
import { serviceOfProcess, unitFilesOf } from "@sockact/shared/notify";

/**
 * Whether a file of this process's unit has changed since the start of the service. Only a restart applies
 * the change: a handover keeps the environment and sandbox. False if the files can't be read.
 *
 * @param firstStart when the first process of the service started, in milliseconds since 1970
 */
export function isUnitChanged(firstStart: number): boolean {
  const service = serviceOfProcess()?.name;
  if (service === undefined) return false;
  return unitFilesOf(service).some((path) => {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    // ctime, because cp -p and rsync keep the mtime of the copied file.
    return stats !== undefined && Number(stats.ctimeMs) > firstStart;
  });
}
