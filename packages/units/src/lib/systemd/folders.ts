import { isSpecifier, sampleText } from "./specifiers.ts";

/** The name of a file, without its folders. */
export const baseOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** The fields that show where the program is, with unchecked values. */
export interface ProgramLocation {
  exec?: unknown;
  workingDirectory?: unknown;
}

/** The folders that ProtectHome= hides; see systemd.exec(5). */
export const homes: readonly string[] = ["/home", "/root", "/run/user"];

/**
 * Where systemd creates the folders of a service. With DynamicUser=, it moves them into `private`, which only
 * root can enter.
 */
export const privateFolders: Readonly<Record<string, string>> = {
  RuntimeDirectory: "/run/",
  StateDirectory: "/var/lib/",
  CacheDirectory: "/var/cache/",
  LogsDirectory: "/var/log/",
};

/** The folders that PrivateTmp= replaces by empty ones. */
const temporary = ["/tmp", "/var/tmp"];

export function liesIn(folders: readonly string[], path: unknown): boolean {
  if (typeof path !== "string" && !isSpecifier(path)) return false;
  const simple = sampleText(path).replace(/\/(?:\.?\/)+/g, "/");
  return folders.some((folder) => simple === folder || simple.startsWith(`${folder}/`));
}

/**
 * Whether the program, its folder or a file in its arguments is in a home directory.
 *
 * @param bound folders in homes that BindReadOnlyPaths= or BindPaths= makes visible.
 */
export function liesInHome(
  { exec, workingDirectory }: ProgramLocation,
  bound: readonly string[] = [],
): boolean {
  const words: unknown[] = Array.isArray(exec) ? exec : [];
  return [...words, workingDirectory].some((path) => liesIn(homes, path) && !liesIn(bound, path));
}

/** The paths inside the service in a value of BindPaths= or BindReadOnlyPaths=. */
export function boundFolders(value: string): string[] {
  const words = value.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  return words
    .map((word) => {
      const [source = "", target = source] = word.replace(/^["']?[-+]*|["']$/g, "").split(":");
      return target.replace(/\/+$/, "");
    })
    .filter((path) => path.startsWith("/"));
}

/** Whether a path is in a folder that PrivateTmp= replaces. */
export function liesInTemporary(path: unknown): boolean {
  return liesIn(temporary, path);
}
