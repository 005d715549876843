import { basename, dirname, join } from "node:path";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { isUnitOf } from "./names.ts";
import type { Author } from "./plan.ts";
import { type Place, serviceFolder, stateFolder, unitFolder } from "./places.ts";
import { SafeFolder } from "./safe-folder.ts";

/** The record of what `sockact install` has installed for one service. */
export interface Manifest {
  /** The version of this format. */
  format: 1;
  name: string;
  /** The version of `sockact` that has installed it. */
  sockact: string;
  /** When, as ISO 8601. */
  installedAt: string;
  /** Every file, as the installed service sees it, with the SHA-256 of its bytes. */
  files: { path: string; sha256: string }[];
  sockets: string[];
  service: string;
  description?: unknown;
  config?: string | undefined;
  /** Whose app it is. */
  author?: Author | undefined;
}

export const MANIFEST = "manifest.json";

/** Reads the manifest of this name; undefined if there is none. */
export function readManifest(place: Place, name: string): Manifest | undefined {
  const path = serviceFolder(place, name);
  const folder = SafeFolder.open(path);
  let content: Buffer | undefined;
  try {
    content = folder?.read(MANIFEST);
  } finally {
    folder?.close();
  }
  return content && parseManifest(content, place, name);
}

/** Reads a manifest, and refuses one with files that an installation can't have. */
export function parseManifest(content: Buffer, place: Place, name: string): Manifest {
  const path = serviceFolder(place, name);
  try {
    return checked(JSON.parse(content.toString()), place, name);
  } catch (cause) {
    throw new CliError(
      "SOCKACT_ERR_INSTALL_MANIFEST",
      `${join(path, MANIFEST)} is not in the form in which sockact wrote it: ${(cause as Error).message}`,
      `Look at the file. Without it, sockact does not know the files of ${name}: remove them yourself, and ${path}.`,
      { exitCode: EXIT.failed, cause },
    );
  }
}

/** The names of all services that were installed in this place. */
export function installedNames(place: Place): string[] {
  const folder = SafeFolder.open(stateFolder(place));
  try {
    return (folder?.list() ?? []).filter((name) => hasManifest(place, name)).sort();
  } finally {
    folder?.close();
  }
}

/** Other files in the folder are ignored. */
function hasManifest(place: Place, name: string): boolean {
  try {
    return readManifest(place, name) !== undefined;
  } catch {
    return false;
  }
}

/** A manifest names files to remove. So it may name only files that an installation of this service can have. */
function checked(value: unknown, place: Place, name: string): Manifest {
  const manifest = value as Partial<Manifest> | null;
  if (manifest?.format !== 1) throw new Error("it has another format");
  if (manifest.name !== name) throw new Error(`it is for ${JSON.stringify(manifest.name)}`);
  const { files, sockets, service } = manifest;
  if (!Array.isArray(files) || !Array.isArray(sockets) || typeof service !== "string")
    throw new Error("it is incomplete");
  for (const file of files) {
    if (typeof file?.sha256 !== "string" || !mayHave(place, name, file.path))
      throw new Error(`it lists ${JSON.stringify(file?.path)}`);
  }
  for (const unit of [...sockets, service]) {
    if (typeof unit !== "string" || !isUnitOf(name, unit))
      throw new Error(`it lists ${JSON.stringify(unit)}`);
  }
  return manifest as Manifest;
}

/** Whether an installation of this service may have a file there. */
export function mayHave(place: Place, name: string, path: unknown): boolean {
  if (typeof path !== "string" || path !== join(path)) return false;
  const outside = { ...place, root: "/" };
  const file = basename(path);
  const folder = dirname(path);
  if (folder === unitFolder(outside, file)) return isUnitOf(name, file);
  const own = serviceFolder(outside, name);
  return folder === join(own, "files") || folder === join(own, "backup") || path === join(own, MANIFEST);
}
