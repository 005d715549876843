import { stat } from "node:fs/promises";

/**
 * The files of EnvironmentFile=, from the property `EnvironmentFiles`: `/etc/shop.env (ignore_errors=no)`.
 * systemctl omits it if there are none.
 */
export const environmentFilesOf = (property = ""): string[] =>
  Array.from(property.matchAll(/^(\/.*?) \(ignore_errors=\w+\)$/gm), ([, path = ""]) => path);

/** A file that has changed. */
export interface ChangedFile {
  path: string;
  /** When, in milliseconds since 1970. */
  changed: number;
}

/** The files that changed after a time, in milliseconds since 1970. Unreadable files are omitted. */
export async function changedSince(paths: readonly string[], time: number): Promise<ChangedFile[]> {
  const found = await Promise.all(
    paths.map(async (path) => {
      const { mtimeMs = 0 } = (await stat(path).catch(() => undefined)) ?? {};
      // If the clock was wrong, the time of a file may be in the future, and is useless.
      return mtimeMs > time && mtimeMs <= Date.now() ? [{ path, changed: mtimeMs }] : [];
    }),
  );
  return found.flat();
}
