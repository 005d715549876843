import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { CliError, EXIT } from "../../shared/cli-error.ts";
import { didYouMean, nearestNames } from "../../shared/nearest.ts";
import { readListen } from "../../systemd/listen-property.ts";
import type { ServiceManager } from "../../systemd/service-manager.ts";
import { authorOf, sha256 } from "../header.ts";
import { type DataKind, type KeptFolder, keptFolders } from "../kept-folders.ts";
import { installedNames, type Manifest, readManifest } from "../manifest.ts";
import { checkName } from "../names.ts";
import { checkPlace, type Place, unitFolder } from "../places.ts";
import { contentOf, dropInFolderOf } from "../safe-folder.ts";
import { loadedFolders } from "../service-paths.ts";
import { Change } from "../undo/change.ts";
import { Units } from "../units.ts";
import { foldersOfOthers, userOf } from "./folders-of-others.ts";

const dataKinds: readonly DataKind[] = ["state", "cache", "logs"];

interface DataFolder extends KeptFolder {
  isEmpty: boolean;
}

/** The changes of `applyUninstall`. */
export interface PreparedUninstall {
  place: Place;
  name: string;
  /** Whether to remove the service's data too. */
  purge: boolean;
  /**
   * Undefined if an earlier call was killed before anything was installed. Only its changes are undone then.
   */
  manifest: Manifest | undefined;
  /** The files to remove, with the root folder. */
  files: string[];
  /** The units to stop: sockets, services, and instances of a template. */
  units: string[];
  /** The unix socket files that systemd leaves behind. */
  socketFiles: string[];
  /** The files that the service has written outside its folders. */
  madeFiles: string[];
  /** The kinds of data to remove. */
  cleaned: DataKind[];
  /** The folders with data to remove: those of these kinds, and `dropped`. */
  cleanedFolders: DataFolder[];
  /** The folders to remove that an update has dropped, and that systemd no longer knows. */
  dropped: KeptFolder[];
  /** The folders with data to keep. */
  keptFolders: KeptFolder[];
  /** What is kept, why, and whether `purge` would remove it. */
  kept: { path: string; why: string; isData?: boolean }[];
}

/** Finds what belongs to an installation. Only reads. Throws a CliError if there is none of this name. */
export async function prepareUninstall(
  place: Place,
  name: string,
  purge: boolean,
  signal?: AbortSignal,
): Promise<PreparedUninstall> {
  checkPlace(place, "uninstall");
  checkName(name);
  const manifest = readManifest(place, name);
  if (manifest === undefined) {
    if (!Change.pending(place, name)) throw unknown(place, name);
    return nothingToRemove(place, name, purge);
  }
  const kept: PreparedUninstall["kept"] = [];
  const files = manifest.files.map((file) => ({ ...file, path: join(place.root, file.path) }));
  const removed = files.filter((file) => {
    const why = whyKept(name, file);
    if (why !== undefined) kept.push({ path: file.path, why });
    return why === undefined && existsSync(file.path);
  });
  for (const { path } of files) {
    const dropIns = dropInFolderOf(path);
    if (dropIns !== undefined) kept.push({ path: dropIns, why: "your own settings" });
  }
  const unitFiles = files
    .filter(({ path }) => path === join(unitFolder(place, path), basename(path)))
    .map(({ path }) => basename(path))
    .filter((file) => /\.(?:socket|service|timer)$/.test(file));
  const units = new Units(place, signal);
  const { manager } = units;
  const all = await Promise.all([...unitFiles, manifest.service].map((unit) => units.instancesOf(unit)));
  const names = [...new Set(all.flat())];
  const data = manager ? await dataOf(place, names, manager) : [];
  const dropped = keptFolders(place, name, manifest.author)
    .filter(({ path }) => !data.some((folder) => folder.path === path))
    .map((folder) => ({ ...folder, isEmpty: holdsNothing(folder.path) }));
  const others =
    data.length + dropped.length === 0 ? [] : await foldersOfOthers(place, [...names, ...unitFiles], manager);
  const keeps = (folder: DataFolder) =>
    userOf(folder.path, others) !== undefined || (!purge && isKept(folder));
  // systemd removes all folders of a kind or none.
  const cleaned = dataKinds.filter(
    (kind) => data.some((one) => one.kind === kind) && !data.some((one) => one.kind === kind && keeps(one)),
  );
  const droppedToo = manager ? dropped.filter((folder) => !keeps(folder)) : [];
  const staying = [
    ...data.filter(({ kind }) => !cleaned.includes(kind)),
    ...dropped.filter((folder) => !droppedToo.includes(folder)),
  ];
  for (const { path } of staying) kept.push({ path, ...whyDataStays(userOf(path, others), purge) });
  return {
    place,
    name,
    purge,
    manifest,
    files: removed.map(({ path }) => path),
    units: names,
    socketFiles: manager ? await socketFilesOf(manager, names) : [],
    madeFiles: manager ? (manifest.made ?? []).filter((path) => existsSync(path)) : [],
    cleaned,
    cleanedFolders: [...data.filter(({ kind }) => cleaned.includes(kind)), ...droppedToo],
    dropped: droppedToo,
    keptFolders: place.user ? [] : staying,
    kept,
  };
}

/** The plan if an earlier call was killed before anything was installed. */
export function nothingToRemove(place: Place, name: string, purge: boolean): PreparedUninstall {
  const none = {
    files: [],
    units: [],
    socketFiles: [],
    madeFiles: [],
    cleaned: [],
    cleanedFolders: [],
    dropped: [],
  };
  return { place, name, purge, manifest: undefined, ...none, keptFolders: [], kept: [] };
}

/** Why a file must not be removed, or undefined. */
function whyKept(name: string, { path, sha256: hash }: { path: string; sha256: string }): string | undefined {
  if (path.includes("/backup/")) return "a backup from --force";
  const content = contentOf(path);
  if (content === undefined || sha256(content) === hash) return undefined;
  return authorOf(name, content.toString()) === "foreign"
    ? "no longer a file of sockact"
    : "edited since it was installed";
}

function whyDataStays(other: string | undefined, purge: boolean): { why: string; isData?: boolean } {
  if (other !== undefined) return { why: `${other} uses it too` };
  return purge
    ? { why: "systemd removes all folders of a kind or none, and another service uses one of them" }
    : { why: "data of the service", isData: true };
}

/** A cache can be re-created, and an empty folder has no data. */
function isKept({ kind, isEmpty }: DataFolder): boolean {
  return kind !== "cache" && !isEmpty;
}

/** The existing folders that systemd created for the services. */
async function dataOf(
  place: Place,
  units: readonly string[],
  manager: ServiceManager,
): Promise<DataFolder[]> {
  const services = units.filter((unit) => unit.endsWith(".service") && !unit.includes("@."));
  const found = (await loadedFolders(place, services, manager)).flatMap(({ kind, path }) =>
    kind === "runtime" || !existsSync(path) ? [] : [{ kind, path, isEmpty: holdsNothing(path) }],
  );
  return [...new Map(found.map((entry) => [entry.path, entry])).values()];
}

function holdsNothing(path: string): boolean {
  try {
    return readdirSync(path).length === 0;
  } catch {
    // An unreadable folder may not be empty.
    return false;
  }
}

/** systemd keeps the file of a unix socket, unless the unit has RemoveOnStop=. */
async function socketFilesOf(manager: ServiceManager, units: readonly string[]): Promise<string[]> {
  const sockets = units.filter((unit) => unit.endsWith(".socket"));
  const shown = await manager.show(sockets, ["Id", "Listen"]);
  return shown
    .flatMap(({ Listen }) => readListen((Listen as string | undefined) ?? ""))
    .map(({ address }) => address)
    .filter((address) => address.startsWith("/"));
}

function unknown(place: Place, name: string): CliError {
  const installed = installedNames(place);
  const hint =
    didYouMean(nearestNames(name, installed)) ??
    (installed.length > 0
      ? `It has installed: ${installed.join(", ")}.`
      : place.user
        ? "To uninstall a system service, leave --user out."
        : "To uninstall a service of your own service manager, add --user.");
  const message = `sockact has not installed a service named ${name}`;
  return new CliError("SOCKACT_ERR_INSTALL_UNKNOWN", message, hint, { exitCode: EXIT.failed });
}
