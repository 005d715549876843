import { readdirSync } from "node:fs";
import { join } from "node:path";
import { liesIn } from "../../shared/folders.ts";
import { readTextFile } from "../../shared/read-file.ts";
import type { ServiceManager } from "../../systemd/service-manager.ts";
import { type Place, unitFolders } from "../places.ts";
import { foldersOf, loadedFolders } from "../service-paths.ts";
import { rowsOf } from "../units.ts";

/** A folder that systemd creates for a unit. */
interface FolderOfUnit {
  path: string;
  unit: string;
}

/**
 * The folders of all other services: loaded ones, and those with a file.
 *
 * @param own - the units to ignore, with their instances
 * @param manager - undefined below a root folder
 */
export async function foldersOfOthers(
  place: Place,
  own: readonly string[],
  manager: ServiceManager | undefined,
): Promise<FolderOfUnit[]> {
  const options = ["--all", "--type=service", "--plain", "--no-legend", "--full"];
  const services = rowsOf((await manager?.mustRun("list-units", ...options)) ?? "").map(([unit]) => unit!);
  const loaded = manager === undefined ? [] : await loadedFolders(place, services, manager);
  return [...loaded, ...foldersInFiles(place)].filter(
    ({ unit }) => !own.includes(unit) && !own.includes(unit.replace(/@.*\.service$/s, "@.service")),
  );
}

/** The unit that uses this folder, a parent of it, or a folder in it. */
export function userOf(path: string, folders: readonly FolderOfUnit[]): string | undefined {
  return folders.find((folder) => liesIn(folder.path, path) || liesIn(path, folder.path))?.unit;
}

/** systemd forgets a unit that does not run, and loads no template. */
function foldersInFiles(place: Place): FolderOfUnit[] {
  return unitFolders(place).flatMap((folder) =>
    filesIn(folder, ".service").flatMap((unit) => {
      const dropIns = filesIn(join(folder, `${unit}.d`), ".conf").map((file) => join(`${unit}.d`, file));
      const texts = [unit, ...dropIns].map((file) => textOf(join(folder, file)));
      return foldersOf(place, texts).map(({ path }) => ({ path, unit }));
    }),
  );
}

/** Without links, which are other names of units. */
function filesIn(folder: string, suffix: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(suffix))
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readTextFile(path);
  } catch {
    return "";
  }
}
