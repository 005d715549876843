import { readFile, stat } from "node:fs/promises";
import type { Subject } from "../model/subject.ts";
import { serviceProperties, socketProperties } from "./properties.ts";

/** A file that a unit was read from. */
export interface UnitFile {
  unit: string;
  path: string;
  text: string;
  /** When it was changed last, in milliseconds since 1970; 0 where that is not known. */
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
          // A file from the future, where a clock was wrong, says nothing about what came before it.
          return [{ unit: unit.unit, path, text, changed: mtimeMs > Date.now() ? 0 : mtimeMs }];
        } catch (error) {
          // One that is gone is a finding, and not a lack of rights.
          if ((error as NodeJS.ErrnoException).code === "EACCES")
            subject.host.cannotSee(`You may not read ${path}`, `sudo cat ${path}`);
          return [];
        }
      }),
  );
  return (await Promise.all(found)).flat();
}
