import { basename, resolve } from "node:path";
import { FILE_DENIED, MKDIR_MISSING } from "../printed/node.ts";
import { SQLITE_DENIED } from "../printed/programs.ts";
import { type Unwritable, unwritableHint, unwritableIn } from "../shared/folder-owner.ts";
import { liesIn } from "../shared/folders.ts";
import { ownCommand } from "../shared/own-command.ts";
import { listOf } from "../shared/properties.ts";
import { findUser } from "../shared/users.ts";
import type { ServiceManager } from "./service-manager.ts";

/** The properties that say where a service may write. */
const properties = [
  "User",
  "ProtectSystem",
  "WorkingDirectory",
  "ReadWritePaths",
  "StateDirectory",
  "CacheDirectory",
  "LogsDirectory",
  "RuntimeDirectory",
] as const;

/** Where systemd creates the folders of these directives. */
const ownFolders = [
  ["StateDirectory", "/var/lib"],
  ["CacheDirectory", "/var/cache"],
  ["LogsDirectory", "/var/log"],
  ["RuntimeDirectory", "/run"],
] as const;

/** The folders that ProtectSystem=strict leaves writable, and those that PrivateTmp= replaces. */
const otherFolders = ["/dev", "/proc", "/sys", "/tmp", "/var/tmp"];

/**
 * Whether the sandbox makes the folder of this path read-only. With `recursive`, Node's `mkdir` fails with
 * ENOENT in such a folder, and not with EROFS (Node 20).
 */
export function isFolderReadOnly(path: string, get: (name: (typeof properties)[number]) => string): boolean {
  if (get("ProtectSystem") !== "strict") return false;
  const target = absolute(path, get("WorkingDirectory"));
  const writable = [
    ...openedFolders(get("ReadWritePaths")),
    ...ownFolders.flatMap(([name, parent]) => listOf(get(name)).map((folder) => `${parent}/${folder}`)),
    ...otherFolders,
  ];
  return !writable.some((folder) => liesIn(folder, target));
}

/** The app's path may be relative. */
const absolute = (path: string, workingDirectory: string): string =>
  resolve(workingDirectory.replace(/^[!-]+/, "") || "/", path);

const openedFolders = (readWritePaths: string): string[] =>
  listOf(readWritePaths).map((folder) => folder.replace(/^[-+]+/, ""));

/** What the service's user can't write to in the folders of ReadWritePaths=, which the sandbox leaves open. */
async function closedFolder(
  denied: readonly string[],
  { User, WorkingDirectory, ReadWritePaths }: Record<(typeof properties)[number], string>,
): Promise<Unwritable | undefined> {
  const folders = openedFolders(ReadWritePaths);
  const account = folders.length === 0 || User === "" ? undefined : await findUser(User);
  if (account === undefined) return undefined;
  for (const path of denied.map((each) => absolute(each, WorkingDirectory))) {
    if (!folders.some((folder) => liesIn(folder, path))) continue;
    const closed = await unwritableIn(path, account);
    if (closed !== undefined) return closed;
  }
  return undefined;
}

/** Hints: where the app may write, if its output says that it could not, and it has a sandbox. */
export async function writingHints(
  manager: ServiceManager,
  service: string,
  output: readonly string[],
): Promise<string[]> {
  const denied = output.flatMap((line) => FILE_DENIED.exec(line)?.[1] ?? []);
  const isDenied = denied.length > 0 || output.some((line) => SQLITE_DENIED.test(line));
  const created = output.flatMap((line) => MKDIR_MISSING.exec(line)?.[1] ?? []);
  if (!isDenied && created.length === 0) return [];
  const [shown] = await manager.show([service], properties);
  if (shown?.ProtectSystem !== "strict") return [];
  const closed = await closedFolder(denied, shown);
  if (closed !== undefined) return [unwritableHint(closed, shown.User)];
  if (!isDenied && !created.some((path) => isFolderReadOnly(path, (name) => shown[name]))) return [];
  const [folder = ""] = shown.StateDirectory.split(/[ :]/);
  const name = JSON.stringify(basename(denied[0] ?? created[0] ?? "data"));
  return [
    folder === ""
      ? `The sandbox lets the app write only to readWritePaths of a config: ${ownCommand("explain", "file-read-only")}`
      : `The sandbox lets the app write only to /var/lib/${folder}. In the app: path.join(process.env.STATE_DIRECTORY, ${name}). For another folder, a config has user and readWritePaths: ${ownCommand("explain", "file-read-only")}`,
  ];
}
