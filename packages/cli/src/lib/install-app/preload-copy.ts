import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { AppDescription } from "@sockact/units";
import { type ExtraFile, filesFolder } from "../install/install.ts";
import { valuesOf } from "../shared/unit-text.ts";

/**
 * The preload as a file of the service. The service can't load it from here: what npx has downloaded is in a
 * cache that only its user may read, and that npm may clear. So each service gets a separate copy, which is
 * removed when the service is uninstalled.
 */
export function preloadCopy(service: { name: string; user: boolean }): ExtraFile {
  // This file is in dist when it runs, beside the preload.
  const text = readFileSync(new URL("register.cjs", import.meta.url));
  return { path: join(filesFolder(service), "register.cjs"), text, mode: 0o644 };
}

/**
 * A description with `preload: true` means the @sockact/register of the app. If the app has none, the service
 * gets a copy.
 *
 * @param units what the description gives as it is
 * @param root where the files of the service are
 */
export function withPreload(
  description: AppDescription,
  units: Readonly<Record<string, string>>,
  root = "/",
): { description: AppDescription; copies: ExtraFile[] } {
  const { preload, name, manager } = description;
  const isMap = typeof preload === "object" && "map" in preload && !("path" in preload);
  const text = units[`${name}.service`] ?? units[`${name}@.service`] ?? "";
  const path = preload === true || isMap ? registerOf(text) : undefined;
  if (path === undefined || existsSync(path) || existsSync(join(root, path)))
    return { description, copies: [] };
  const copy = preloadCopy({ name, user: manager === "user" });
  return {
    description: { ...description, preload: isMap ? { ...preload, path: copy.path } : copy.path },
    copies: [copy],
  };
}

/**
 * The preload in the packages of an app that a unit names. In a container, it is not a file of this machine.
 */
function registerOf(text: string): string | undefined {
  const [command = ""] = valuesOf(text, "ExecStart");
  const file = String.raw`node_modules\/@sockact\/register\/dist\/index\.cjs`;
  const [, quoted, bare] = new RegExp(`"(/[^"\\n]*${file})"|(?<=\\s)(/\\S*${file})`).exec(command) ?? [];
  return (quoted ?? bare)?.replaceAll("%%", "%").replaceAll("$$", "$");
}
