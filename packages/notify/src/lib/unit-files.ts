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
 * Each NotifyAccess= in the files of a service and in its drop-ins. Undefined if there is no such file. systemd may have read an older
 * version of the files.
 */
export function notifyAccessInFiles(service: string): string[] | undefined {
  const names = [service, service.replace(/@.*(?=\.service$)/, "@")];
  const units = FOLDERS.flatMap((folder) => names.map((name) => readText(join(folder, name))));
  if (!units.some((text) => text !== undefined)) return undefined;
  const dropIns = FOLDERS.flatMap((folder) => dropInsIn(folder, [...names, ...prefixes(service)]));
  return [...units, ...dropIns].flatMap((text = "") =>
    [...text.matchAll(/^[ \t]*NotifyAccess[ \t]*=[ \t]*(\w+)/gm)].map(([, value]) => value as string),
  );
}

/** The names of drop-in folders that apply to several services: `a-.service` for `a-b.service`, and `service` for all. */
function prefixes(service: string): string[] {
  return [...service.matchAll(/-/g)]
    .map(({ index }) => `${service.slice(0, index)}-.service`)
    .concat("service");
}

function dropInsIn(folder: string, names: readonly string[]): (string | undefined)[] {
  return names.flatMap((name) => {
    const path = join(folder, `${name}.d`);
    try {
      return readdirSync(path)
        .filter((file) => file.endsWith(".conf"))
        .map((file) => readText(join(path, file)));
    } catch {
      return [];
    }
  });
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
