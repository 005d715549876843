import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The folders of unit files of the system, from systemd.unit(5). Later ones have precedence. */
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
 * The paths where a service of the system may have a file or a drop-in: systemd.unit(5). A file of them may
 * be missing.
 */
export function unitFilesOf(service: string): string[] {
  const names = [service, service.replace(/@.*(?=\.service$)/, "@")];
  return [...pathsOf(names), ...dropInsOf([...names, ...prefixes(service)])];
}

function pathsOf(names: readonly string[]): string[] {
  return FOLDERS.flatMap((folder) => names.map((name) => join(folder, name)));
}

/**
 * Each NotifyAccess= in the files of a service and in its drop-ins. Undefined if there is no such file.
 * systemd may have read an older version of the files.
 */
export function notifyAccessInFiles(service: string): string[] | undefined {
  const names = [service, service.replace(/@.*(?=\.service$)/, "@")];
  const units = pathsOf(names).map(readText);
  if (!units.some((text) => text !== undefined)) return undefined;
  const dropIns = dropInsOf([...names, ...prefixes(service)]).map(readText);
  return [...units, ...dropIns].flatMap(valuesIn);
}

/**
 * Whether the files of a service allow NotifyAccess=all: its drop-ins, or if they do not have NotifyAccess=,
 * the unit file that counts. Of drop-ins that disagree, this does not find out which one counts, and returns
 * false.
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
 * The names of drop-in folders that apply to several services: `a-.service` for `a-b.service`, and `service`
 * for all.
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
