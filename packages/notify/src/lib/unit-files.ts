import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The folders of system unit files, from systemd.unit(5). Later ones have precedence. */
const FOLDERS = [
  "/run/systemd/generator.late",
  "/usr/lib/systemd/system",
  "/usr/local/lib/systemd/system",
  "/run/systemd/generator",
  "/run/systemd/system.attached",
  "/run/systemd/system",
  "/etc/systemd/system.attached",
  "/etc/systemd/system",
  "/run/systemd/generator.early",
  "/run/systemd/transient",
  "/run/systemd/system.control",
  "/etc/systemd/system.control",
];

/**
 * The paths of possible unit files and drop-ins of a system service: systemd.unit(5). The files may not
 * exist.
 */
export function unitFilesOf(service: string): string[] {
  const names = [service, service.replace(/@.*(?=\.service$)/, "@")];
  return [...pathsOf(names), ...dropInsOf([...names, ...prefixes(service)])];
}

function pathsOf(names: readonly string[]): string[] {
  return FOLDERS.flatMap((folder) => names.map((name) => join(folder, name)));
}

/**
 * Each NotifyAccess= in the files and drop-ins of a service, or undefined if there is no file. systemd may
 * have loaded an older version of the files.
 */
export function notifyAccessInFiles(service: string): string[] | undefined {
  const names = [service, service.replace(/@.*(?=\.service$)/, "@")];
  const units = pathsOf(names).map(readText);
  if (!units.some((text) => text !== undefined)) return undefined;
  const dropIns = dropInsOf([...names, ...prefixes(service)]).map(readText);
  return [...units, ...dropIns].flatMap(valuesIn);
}

/**
 * Whether the files of a service set NotifyAccess=all: its drop-ins, or without NotifyAccess= in these, the
 * unit file that has precedence. Returns false if the drop-ins differ.
 */
export function areAllHeard(service: string): boolean {
  const names = [service, service.replace(/@.*(?=\.service$)/, "@")];
  const [unit = ""] = names
    .flatMap((name) => pathsOf([name]).toReversed())
    .flatMap((path) => readText(path) ?? []);
  const dropIns = dropInsOf([...names, ...prefixes(service)]).flatMap((path) => valuesIn(readText(path)));
  const values = dropIns.length > 0 ? dropIns : valuesIn(unit).slice(-1);
  return values.length > 0 && values.every((value) => value === "all");
}

function valuesIn(text = ""): string[] {
  return [...text.matchAll(/^[ \t]*NotifyAccess[ \t]*=[ \t]*(\w+)/gm)].map(([, value]) => value as string);
}

/**
 * The names of drop-in folders for several services: `a-.service` for `a-b.service`, and `service` for all.
 */
function prefixes(service: string): string[] {
  return [...service.matchAll(/-/g)]
    .map(({ index }) => `${service.slice(0, index)}-.service`)
    .concat("service");
}

function dropInsOf(names: readonly string[]): string[] {
  return FOLDERS.flatMap((folder) => names.flatMap((name) => filesIn(join(folder, `${name}.d`))));
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith(".conf"))
      .map((file) => join(folder, file));
  } catch {
    return [];
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
