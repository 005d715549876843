import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { Change, inFolderOf } from "../install/change.ts";
import { authorOf, sha256 } from "../install/header.ts";
import { installedNames, type Manifest, readManifest } from "../install/manifest.ts";
import { checkName } from "../install/names.ts";
import { type Place, unitFolder } from "../install/places.ts";
import { checkPlace } from "../install/prepare.ts";
import { Units } from "../install/units.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { didYouMean, nearestNames } from "../shared/nearest.ts";
import { readListen } from "../systemd/listen-property.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";

/** A kind of folder that systemd makes for a service, and `systemctl clean --what=` removes. */
type DataKind = "state" | "cache" | "logs";

/** What `applyUninstall` does when it is called. */
export interface PreparedUninstall {
  place: Place;
  name: string;
  /** Undefined if an earlier call was killed before anything was installed. Then there is only that to put back. */
  manifest: Manifest | undefined;
  /** The files that go, with the root folder. */
  files: string[];
  /** The units to stop: sockets, services, and instances of a template. */
  units: string[];
  /** The unix sockets that systemd leaves behind. */
  socketFiles: string[];
  /** The kinds of data that go. */
  cleaned: DataKind[];
  /** What stays, with the reason. */
  kept: { path: string; why: string }[];
}

interface Options {
  manager: ServiceManager;
  /** Whether the service's data goes too. */
  purge: boolean;
}

/** Finds out what belongs to an installation. Reads only. Throws a CliError if there is none of this name. */
export async function prepareUninstall(
  place: Place,
  name: string,
  { manager, purge }: Options,
): Promise<PreparedUninstall> {
  checkPlace(place, "uninstall");
  checkName(name);
  const manifest = readManifest(place, name);
  if (manifest === undefined) {
    if (!Change.pending(place, name)) throw unknown(place, name);
    return { place, name, manifest, files: [], units: [], socketFiles: [], cleaned: [], kept: [] };
  }
  const kept: PreparedUninstall["kept"] = [];
  const files = manifest.files.map((file) => ({ ...file, path: join(place.root, file.path) }));
  const removed = files.filter((file) => {
    const why = whyKept(name, file);
    if (why !== undefined) kept.push({ path: file.path, why });
    return why === undefined && existsSync(file.path);
  });
  for (const { path } of files) {
    inFolderOf(path, (folder, file) => {
      if (folder.stat(`${file}.d`)?.isDirectory()) kept.push({ path: `${path}.d`, why: "your own settings" });
    });
  }
  const unitFiles = files
    .map(({ path }) => basename(path))
    .filter(
      (file) =>
        /\.(?:socket|service)$/.test(file) &&
        files.some(({ path }) => path === join(unitFolder(place, file), file)),
    );
  const units = new Units(place.root, manager);
  const all = await Promise.all([...unitFiles, manifest.service].map((unit) => units.instancesOf(unit)));
  const names = [...new Set(all.flat())];
  const data = units.manager ? await dataOf(manager, names) : [];
  for (const { kind, path } of data)
    if (!purge && isKept(kind, path)) kept.push({ path, why: "data of the service; --purge removes it" });
  return {
    place,
    name,
    manifest,
    files: removed.map(({ path }) => path),
    units: names,
    socketFiles: units.manager ? await socketFilesOf(manager, names) : [],
    cleaned: [
      ...new Set(data.filter(({ kind, path }) => purge || !isKept(kind, path)).map(({ kind }) => kind)),
    ],
    kept,
  };
}

/** Why a file must not be removed, or undefined. */
function whyKept(name: string, { path, sha256: hash }: { path: string; sha256: string }): string | undefined {
  if (path.includes("/backup/")) return "what --force has replaced";
  const content = inFolderOf(path, (folder, file) => folder.read(file));
  if (content === undefined || sha256(content) === hash) return undefined;
  return authorOf(name, content.toString()) === "foreign"
    ? "not from sockact any more"
    : "edited since it was installed";
}

/** A cache can be made again, and an empty folder holds nothing. */
function isKept(kind: DataKind, path: string): boolean {
  if (kind === "cache") return false;
  try {
    return readdirSync(path).length > 0;
  } catch {
    // It can't be read, so there may be something in it.
    return true;
  }
}

const dataProperties = { state: "StateDirectory", cache: "CacheDirectory", logs: "LogsDirectory" } as const;

/** The folders that systemd has made for the services, and that exist. */
async function dataOf(
  manager: ServiceManager,
  units: readonly string[],
): Promise<{ kind: DataKind; path: string }[]> {
  const services = units.filter((unit) => unit.endsWith(".service") && !unit.includes("@."));
  const shown = await manager.show(services, ["Id", ...Object.values(dataProperties)]);
  const bases = dataFolders(manager.user);
  const found = shown.flatMap((properties) =>
    (["state", "cache", "logs"] as const).flatMap((kind) =>
      (properties[dataProperties[kind]] ?? "")
        .split(" ")
        .filter((folder) => folder !== "")
        // Since systemd 255, a symlink may follow.
        .map((folder) => ({ kind, path: join(bases[kind], folder.split(":")[0]!) })),
    ),
  );
  const unique = new Map(found.map((entry) => [entry.path, entry]));
  return [...unique.values()].filter(({ path }) => existsSync(path));
}

/** file-hierarchy(7). */
function dataFolders(user: boolean): Record<DataKind, string> {
  if (!user) return { state: "/var/lib", cache: "/var/cache", logs: "/var/log" };
  const { XDG_STATE_HOME, XDG_CACHE_HOME } = process.env;
  const state = XDG_STATE_HOME ?? join(homedir(), ".local/state");
  return { state, cache: XDG_CACHE_HOME ?? join(homedir(), ".cache"), logs: join(state, "log") };
}

/** systemd leaves the file of a unix socket where it is, unless the unit says RemoveOnStop=. */
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
      ? `It has installed ${installed.join(", ")}.`
      : place.user
        ? "A service of the system is uninstalled without --user."
        : "A service of your own service manager is uninstalled with --user.");
  return new CliError("ERR_INSTALL_UNKNOWN", `sockact has installed nothing called ${name}`, hint, {
    exitCode: EXIT.failed,
  });
}
