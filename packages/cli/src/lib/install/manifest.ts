import { basename, dirname, join } from "node:path";
import { proxyOfFile } from "../proxy/find-proxy.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { isUnitOf } from "./names.ts";
import { type Place, serviceFolder, stateFolder, unitFolder } from "./places.ts";
import { contentOf, inFolder } from "./safe-folder.ts";

/** A user who decides what a service runs, and the file or folder that shows it. */
export interface Author {
  path: string;
  uid: number;
}

/** The bundle of a service, or why it runs without one. */
export interface BundleRecord {
  /** The file that Node runs, as in the unit. */
  entry: string;
  /** The modules that Node loads before the entry, unless it is bundled. */
  preloads: string[];
  /** Whether Node can't run the entry without a bundle, because it is TypeScript. */
  isNeeded?: boolean | undefined;
  /** Why the app is not bundled: a code and a clause. */
  fallback?: { code: string; reason: string } | undefined;
  /** How many files are in the bundle. */
  modules?: number | undefined;
  /** The app's own files in the bundle. */
  sources?: string[] | undefined;
  /** The packages outside the bundle, and why. */
  outside?: { name: string; reason: string }[] | undefined;
}

/** The record of an installed service. */
export interface Manifest {
  /** The version of this format. */
  format: 1;
  name: string;
  /** The version of `sockact` that installed it. */
  sockact: string;
  /** The time, as ISO 8601. */
  installedAt: string;
  /** Every file, by its path in the installed system, with its SHA-256. */
  files: { path: string; sha256: string }[];
  sockets: string[];
  service: string;
  description?: unknown;
  config?: string | undefined;
  /** The requested bundle. */
  bundle?: BundleRecord | undefined;
  /** The owner of the app. */
  author?: Author | undefined;
  /** Files that the service writes outside its folders. */
  made?: string[] | undefined;
}

/** The path of the manifest of this name. */
export const manifestPath = (place: Place, name: string): string =>
  join(serviceFolder(place, name), "manifest.json");

/**
 * Reads the manifest of this name; undefined if there is none. Throws if it lists files that an installation
 * can't have.
 *
 * @param read - reads a file; by default its current content
 */
export function readManifest(place: Place, name: string, read = contentOf): Manifest | undefined {
  const path = manifestPath(place, name);
  const content = read(path);
  if (content === undefined) return undefined;
  const hint = `Look at the file. Without it, sockact does not know the files of ${name}: remove them yourself, and ${dirname(path)}.`;
  return parseRecord(path, content, hint, (value) => checked(value, place, name));
}

/** Parses a record of sockact. Throws if it has another form. */
export function parseRecord<Form>(
  path: string,
  content: Buffer,
  hint: string,
  check: (value: unknown) => Form,
): Form {
  try {
    return check(JSON.parse(content.toString()));
  } catch (cause) {
    throw new CliError(
      "SOCKACT_ERR_INSTALL_MANIFEST",
      `${path} is not in the form in which sockact wrote it: ${(cause as Error).message}`,
      hint,
      { exitCode: EXIT.failed, cause },
    );
  }
}

/** The names of all services that were installed in this place. */
export function installedNames(place: Place): string[] {
  const found = inFolder(stateFolder(place), (folder) => folder.list()) ?? [];
  return found.filter((name) => hasManifest(place, name)).sort();
}

/** Other files in the folder are ignored. */
function hasManifest(place: Place, name: string): boolean {
  try {
    return readManifest(place, name) !== undefined;
  } catch {
    return false;
  }
}

/**
 * Throws if the manifest lists files that an installation of this service can't have, because these files
 * will be removed.
 */
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
  for (const path of manifest.made ?? [])
    if (typeof path !== "string" || path !== join(path) || !mayHaveMade(name, path))
      throw new Error(`it lists ${JSON.stringify(path)}`);
  for (const unit of [...sockets, service]) {
    if (typeof unit !== "string" || !isUnitOf(name, unit))
      throw new Error(`it lists ${JSON.stringify(unit)}`);
  }
  return manifest as Manifest;
}

/** Whether a service may have made this file. */
const mayHaveMade = (name: string, path: string): boolean =>
  /^\/.*\.prom(?:\.new)?$/.test(path) || path === `/run/${name}-certificates.json`;

/** Whether an installation of this service may have a file there. */
export function mayHave(place: Place, name: string, path: unknown): boolean {
  if (typeof path !== "string" || path !== join(path)) return false;
  const outside = { ...place, root: "/" };
  const file = basename(path);
  const folder = dirname(path);
  if (folder === unitFolder(outside, file)) return isUnitOf(name, file);
  if (!place.user && proxyOfFile(path, name) !== undefined) return true;
  const own = serviceFolder(outside, name);
  return [join(own, "files"), join(own, "backup")].includes(folder) || path === manifestPath(outside, name);
}
