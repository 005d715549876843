import { readFile, stat } from "node:fs/promises";
import type { Subject } from "../model/subject.ts";
import { serviceProperties, socketProperties } from "./properties.ts";

/** A file that a unit was read from. */
export interface UnitFile {
  unit: string;
  path: string;
  text: string;
  /** When it was changed last, in milliseconds since 1970; 0 if unknown. */
  changed: number;
}

/** The files and drop-ins from which systemd has read the units. */
export async function unitFiles(subject: Subject): Promise<UnitFile[]> {
  const units = [await subject.get(serviceProperties), ...(await subject.get(socketProperties))];
  const found = units.flatMap((unit) =>
    [unit.get("FragmentPath"), ...unit.list("DropInPaths")]
      .filter((path) => path !== "")
      .map(async (path): Promise<UnitFile[]> => {
        try {
          const [text, { mtimeMs }] = await Promise.all([readFile(path, "utf8"), stat(path)]);
          // If the clock was wrong, the time of a file may be in the future. Such a time is useless.
          return [{ unit: unit.unit, path, text, changed: mtimeMs > Date.now() ? 0 : mtimeMs }];
        } catch (error) {
          // A missing file is a finding of its own. Report only missing permission.
          if ((error as NodeJS.ErrnoException).code === "EACCES")
            subject.host.cannotSee(`You may not read ${path}`, `sudo cat ${path}`);
          return [];
        }
      }),
  );
  return (await Promise.all(found)).flat();
}
