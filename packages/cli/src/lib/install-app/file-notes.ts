import { lstat, realpath } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import process from "node:process";
import type { AppDescription } from "@sockact/units";
import type { DetectedApp } from "../app/detect-app.ts";
import { isFile } from "../app/source-files.ts";
import { distrustOf } from "../shared/trusted-path.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import type { Invoker } from "../shared/invoker.ts";
import { shellText } from "../shared/shell-words.ts";

/** The files in a description: the program, and files of variables. */
export function filesOf(description: AppDescription): string[] {
  return [...(description.exec ?? []), ...environmentFilesIn(description)].filter(
    (word): word is string => typeof word === "string" && isFile(word),
  );
}

/** The files of variables in a description. */
export function environmentFilesIn({ environmentFile }: AppDescription): unknown[] {
  return [environmentFile]
    .flat()
    .map((file) => (typeof file === "object" && "path" in file ? file.path : file));
}

/** A note if anyone may change or replace one of these files. */
export async function notesOnOpen(paths: readonly string[]): Promise<string[]> {
  const open = new Set<string>();
  for (const path of paths) {
    const found = await openToAll(path).catch(() => undefined);
    if (found !== undefined) open.add(found);
  }
  const [first, second, ...others] = open;
  if (first === undefined) return [];
  const more = others.length > 0 ? ` and ${others.length} more` : "";
  return [
    `Every user may write to ${first}${second === undefined ? "" : `, ${second}`}${more}, and so change what the service runs. To forbid that: chmod o-w`,
  ];
}

/**
 * The first folder in a path, or the path itself, in which anyone may replace files. Folders with the sticky
 * bit, such as /tmp, are not included.
 */
async function openToAll(path: string): Promise<string | undefined> {
  let at = await realpath(path).catch(() => resolve(path));
  for (;;) {
    const { mode } = await lstat(at);
    if ((mode & 0o002) !== 0 && (mode & 0o1000) === 0) return at;
    if (at === "/" || process.platform === "win32") return undefined;
    at = dirname(at);
  }
}

/**
 * A note for each file of variables that a user other than root and the caller can replace. systemd reads it
 * as root at each start, and would follow a link.
 */
export async function notesOnReplaceable(description: AppDescription, invoker: Invoker): Promise<string[]> {
  const notes: string[] = [];
  for (const file of environmentFilesIn(description)) {
    if (typeof file !== "string" || !isFile(file)) continue;
    const distrust = await distrustOf(file, invoker);
    if (distrust === undefined) continue;
    const target = `/etc/${basename(description.name)}.env`;
    const move = shellText(["sudo", "install", "-m", "600", file, target]);
    notes.push(
      `systemd reads ${file} as root at each start, and another user can put a link to any file in its place (${distrust.path}: ${distrust.why}). To forbid that: ${move}, and name ${target} instead.`,
    );
  }
  return notes;
}

/**
 * Throws for files that only the start script names, if another user can decide what systemd reads as root.
 */
export async function assertEnvironmentFilesTrusted(
  { environmentFiles, refusedEnvironmentFiles: [refused] }: DetectedApp,
  invoker: Invoker,
): Promise<void> {
  const fail = (message: string, hint: string) => {
    throw new CliError("SOCKACT_ERR_INSTALL_APP", message, hint, { exitCode: EXIT.failed });
  };
  if (refused !== undefined) fail(refused.message, refused.hint);
  for (const file of environmentFiles) {
    const distrust = await distrustOf(file, invoker);
    if (distrust === undefined) continue;
    fail(
      `the start script reads variables from ${file}, and another user can put a link to any file in its place (${distrust.path}: ${distrust.why}): systemd would read it as root`,
      `Run it with sudo as the user who owns it. Or copy the file to a folder of root, and name the copy: --environment-file. Or accept that: --environment-file ${shellText([file])}`,
    );
  }
}
