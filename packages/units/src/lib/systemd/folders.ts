import { isSpecifier, sampleText } from "./specifiers.ts";

/** The name of a file, without its folders. */
export const baseOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** The parts of a description that say where the program is. Their values are not checked yet. */
export interface ProgramLocation {
  exec?: unknown;
  workingDirectory?: unknown;
}

/** The folders that ProtectHome= hides; systemd.exec(5). */
export const homes: readonly string[] = ["/home", "/root", "/run/user"];

/**
 * Where systemd makes the folders of a service. With DynamicUser=, it moves each one into `private`, which
 * only root can enter.
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
 * Whether the program, its folder or a file among its arguments is in a home.
 *
 * @param bound folders in homes that the service sees anyway, through BindReadOnlyPaths= or BindPaths=.
 */
export function liesInHome(
  { exec, workingDirectory }: ProgramLocation,
  bound: readonly string[] = [],
): boolean {
  const words: unknown[] = Array.isArray(exec) ? exec : [];
  return [...words, workingDirectory].some((path) => liesIn(homes, path) && !liesIn(bound, path));
}

/** The paths in the program's mount namespace that a value of BindPaths= or BindReadOnlyPaths= names. */
export function boundFolders(value: string): string[] {
  const words = value.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  return words
    .map((word) => {
      const [source = "", target = source] = word.replace(/^["']?[-+]*|["']$/g, "").split(":");
      return target.replace(/\/+$/, "");
    })
    .filter((path) => path.startsWith("/"));
}

/** Whether a path is in a folder that the service may have its own copy of. */
export function liesInTemporary(path: unknown): boolean {
  return liesIn(temporary, path);
}
