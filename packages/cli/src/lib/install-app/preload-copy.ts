import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { AppDescription } from "@sockact/units";
import { type ExtraFile, filesFolder } from "../install/install.ts";
import { valuesOf } from "../shared/unit-text.ts";

/**
 * A copy of the preload for the service. The service can't load it from here: npx uses a cache that only its
 * user may read, and that npm may clear. Each service has its own copy, which an uninstallation removes.
 */
export function preloadCopy(service: { name: string; user: boolean }): ExtraFile {
  // At run time, this file is in dist, next to the preload.
  const text = readFileSync(new URL("register.cjs", import.meta.url));
  return { path: join(filesFolder(service), "register.cjs"), text, mode: 0o644 };
}

/**
 * With `preload: true`, uses the app's @sockact/register, or else a copy.
 *
 * @param units emits the units of a description
 * @param root the root folder of the service's files
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

/** The app's preload that a unit names. In a container, it is not a file of this machine. */
function registerOf(text: string): string | undefined {
  const [command = ""] = valuesOf(text, "ExecStart");
  const file = String.raw`node_modules\/@sockact\/register\/dist\/index\.cjs`;
  const [, quoted, bare] = new RegExp(`"(/[^"\\n]*${file})"|(?<=\\s)(/\\S*${file})`).exec(command) ?? [];
  return (quoted ?? bare)?.replaceAll("%%", "%").replaceAll("$$", "$");
}
