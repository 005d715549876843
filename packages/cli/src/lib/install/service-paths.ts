import { lstatSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { parseUnit, UnitSet } from "@sockact/units";
import { read } from "../shared/proc.ts";
import { listOf } from "../shared/properties.ts";
import type { CliError } from "../shared/cli-error.ts";
import type { ServiceManager } from "../systemd/service-manager.ts";
import type { Place } from "./places.ts";
import { inFolderOf } from "./safe-folder.ts";

/** A kind of folder that systemd creates for a service, and that `systemctl clean --what=` removes. */
export type FolderKind = "state" | "cache" | "logs" | "runtime";

const folderDirectives = {
  state: "StateDirectory",
  cache: "CacheDirectory",
  logs: "LogsDirectory",
  runtime: "RuntimeDirectory",
} as const satisfies Record<FolderKind, string>;
const kinds = Object.keys(folderDirectives) as FolderKind[];

export interface ServiceFolder {
  kind: FolderKind;
  path: string;
  /** The real folder with DynamicUser=: `path` is then a link to it. */
  privatePath: string;
}

/**
 * The folders that systemd creates for services, from their units, with the user of each service: undefined
 * with DynamicUser=.
 */
export function foldersOf(
  place: Place,
  texts: readonly string[],
): (ServiceFolder & { user: string | undefined })[] {
  return texts.flatMap((text) => {
    const valuesOf = directivesIn(text, "Service");
    const isDynamic = valuesOf("DynamicUser").at(-1) === "yes";
    const user = isDynamic ? undefined : (valuesOf("User")[0] ?? "root");
    const folders = foldersIn(place, (directive) => valuesOf(directive).join(" "));
    return folders.map((folder) => ({ ...folder, user }));
  });
}

/**
 * Returns a function that finds the values of a directive in a section of a unit. Lines after one that
 * systemd rejects count too, because they may still be in use.
 */
function directivesIn(text: string, section: "Service" | "Socket"): (directive: string) => readonly string[] {
  const name = `unit.${section.toLowerCase()}`;
  const entries = parseUnit(text).entries.filter(
    (entry) => entry.kind === "assignment" && !entry.key.startsWith("Exec"),
  );
  const units = new UnitSet([[name, { entries, open: false }]]);
  return (directive) => units.values(name, section, directive);
}

/** The folders that systemd creates for services, from loaded units. */
export async function loadedFolders(
  place: Place,
  services: readonly string[],
  manager: ServiceManager,
): Promise<(ServiceFolder & { unit: string })[]> {
  const shown = await manager.show(services, ["Id", ...Object.values(folderDirectives)]);
  return shown.flatMap(({ Id: unit, ...properties }) =>
    foldersIn(place, (directive) => properties[directive]).map((folder) => ({ ...folder, unit })),
  );
}

/** The folders in the words of each directive. Since systemd 255, a symlink may follow a folder. */
export function foldersIn(
  place: Place,
  wordsOf: (directive: (typeof folderDirectives)[FolderKind]) => string | undefined,
): ServiceFolder[] {
  return kinds.flatMap((kind) =>
    listOf(wordsOf(folderDirectives[kind]) ?? "").map((word) => {
      const path = join(baseFolder(place, kind), word.split(":")[0]!);
      return { kind, path, privatePath: privatePathOf(place, kind, path) };
    }),
  );
}

/** The path of such a folder with DynamicUser=. */
export function privatePathOf(place: Place, kind: FolderKind, path: string): string {
  const base = baseFolder(place, kind);
  return join(base, "private", relative(base, path));
}

/** file-hierarchy(7). */
function baseFolder({ user, root }: Place, kind: FolderKind): string {
  if (!user) {
    const base = { state: "var/lib", cache: "var/cache", logs: "var/log", runtime: "run" }[kind];
    return join(root, "/", base);
  }
  const { XDG_STATE_HOME, XDG_CACHE_HOME, XDG_RUNTIME_DIR = "/run" } = process.env;
  const state = XDG_STATE_HOME ?? join(homedir(), ".local/state");
  const cache = XDG_CACHE_HOME ?? join(homedir(), ".cache");
  return { state, cache, logs: join(state, "log"), runtime: XDG_RUNTIME_DIR }[kind];
}

/** The paths of the unix sockets of units. */
export function socketPathsOf({ user }: Place, texts: readonly string[]): string[] {
  const runtime = user ? (process.env["XDG_RUNTIME_DIR"] ?? "/run") : "/run";
  const directives = ["ListenStream", "ListenDatagram", "ListenSequentialPacket"];
  return texts
    .flatMap((text) => directives.flatMap(directivesIn(text, "Socket")))
    .map((value) => value.replace(/%[t%]/g, (specifier) => (specifier === "%t" ? runtime : "%")))
    .filter((value) => value.startsWith("/"))
    .map((path) => resolve(path));
}

/** Whether a process listens on the path of a unix socket. */
export function hasListener(path: string): boolean {
  // The last column is the path.
  return read("/proc/net/unix")
    .split("\n")
    .some((line) => line.endsWith(` ${path}`));
}

/** How long systemd may take to close a socket after its stop, in milliseconds. Another process closes it. */
const CLOSING = 2_000;

/**
 * Removes the file of a unix socket without a listener, which systemd does not do.
 *
 * @returns whether the file no longer exists
 */
export async function removeSocketFile(path: string): Promise<boolean> {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSocket()) return true;
  const deadline = performance.now() + CLOSING;
  while (hasListener(path)) {
    if (performance.now() > deadline) return false;
    await delay(20);
  }
  try {
    inFolderOf(path, (folder, file) => {
      if (folder.stat(file)?.isSocket()) folder.remove(file);
    });
    return true;
  } catch (error) {
    // Another user could replace something in the folder meanwhile.
    if ((error as CliError).code === "SOCKACT_ERR_INSTALL_PATH") return false;
    throw error;
  }
}

/** The path and its parent folders that do not exist yet. systemd creates them for a unix socket. */
export function missingOf(path: string): string[] {
  const missing: string[] = [];
  for (let at = path; at !== "/" && !exists(at); at = dirname(at)) missing.push(at);
  return missing;
}

export function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
