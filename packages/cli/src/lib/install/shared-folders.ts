import { readdirSync } from "node:fs";
import { join } from "node:path";
import { liesIn } from "../shared/folders.ts";
import { listOf } from "../shared/properties.ts";
import { readTextFile } from "../shared/read-file.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { folderDirectives, folderOf, foldersOf, type FolderKind } from "./outside.ts";
import { type Place, unitFolders } from "./places.ts";

/** A folder that systemd makes for a unit. */
export interface UnitFolder {
  path: string;
  unit: string;
}

/**
 * The folders of all other services: of those that systemd has loaded, and of those that have a file.
 *
 * @param own - the units that do not count, with their instances
 */
export async function foldersOfOthers(
  place: Place,
  own: readonly string[],
  manager: ServiceManager,
): Promise<UnitFolder[]> {
  const loaded = place.root === "/" ? await foldersOfLoaded(place, manager) : [];
  return [...loaded, ...foldersInFiles(place)].filter(
    ({ unit }) => !own.includes(unit) && !own.includes(unit.replace(/@.*\.service$/s, "@.service")),
  );
}

/** The unit that has this folder, or one that contains it, or one inside it. */
export function userOf(path: string, folders: readonly UnitFolder[]): string | undefined {
  return folders.find((folder) => liesIn(folder.path, path) || liesIn(path, folder.path))?.unit;
}

async function foldersOfLoaded(place: Place, manager: ServiceManager): Promise<UnitFolder[]> {
  const options = ["--all", "--type=service", "--plain", "--no-legend", "--full"];
  const lines = (await manager.mustRun("list-units", ...options)).split("\n");
  const units = lines.map((line) => line.trim().split(/\s+/)[0]!).filter((unit) => unit !== "");
  const kinds = Object.keys(folderDirectives) as FolderKind[];
  const shown = await manager.show(units, ["Id", ...Object.values(folderDirectives)]);
  return shown.flatMap((properties) =>
    kinds.flatMap((kind) =>
      listOf(properties[folderDirectives[kind]] ?? "").map((word) => ({
        path: folderOf(place, kind, word).path,
        unit: properties.Id,
      })),
    ),
  );
}

/** systemd forgets a unit that does not run, and loads no template. */
function foldersInFiles(place: Place): UnitFolder[] {
  return unitFolders(place).flatMap((folder) =>
    filesIn(folder).flatMap((unit) => {
      const dropIns = filesIn(join(folder, `${unit}.d`), ".conf").map((file) => join(`${unit}.d`, file));
      return [unit, ...dropIns].flatMap((file) =>
        foldersOf(place, textOf(join(folder, file))).map(({ path }) => ({ path, unit })),
      );
    }),
  );
}

/** Not the links, since they are other names of units. */
function filesIn(folder: string, suffix = ".service"): string[] {
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
