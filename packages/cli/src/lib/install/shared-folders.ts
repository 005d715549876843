import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { liesIn } from "../shared/folders.ts";
import { listOf } from "../shared/properties.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import { isUnitOf } from "./names.ts";
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
 * @param name - the service that does not count
 */
export async function foldersOfOthers(
  place: Place,
  name: string,
  manager: ServiceManager,
): Promise<UnitFolder[]> {
  const loaded = place.root === "/" ? await foldersOfLoaded(place, manager) : [];
  return [...loaded, ...foldersInFiles(place)].filter(({ unit }) => !isUnitOf(name, unit));
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
    filesIn(folder).flatMap((unit) =>
      foldersOf(place, textOf(join(folder, unit))).map(({ path }) => ({ path, unit })),
    ),
  );
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((file) => file.endsWith(".service"));
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // A link to nothing, or to a folder.
    return "";
  }
}
