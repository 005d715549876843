import { realpathSync } from "node:fs";
import { dirname } from "node:path";
import type { AppDescription } from "@sockact/units";
import { entryOf } from "./source-files.ts";
import { appFolders } from "./app-folders.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { isInHome, liesIn } from "../shared/folders.ts";

/** The home directory that contains a path: `/home/me`, `/root` or `/run/user/1000`. */
function homeOf(path: string): string | undefined {
  return /^(?:\/home\/[^/]+|\/root|\/run\/user\/[^/]+)(?=\/|$)/.exec(path)?.[0];
}

/** The absolute paths of an app. */
interface AppPlace {
  folder: string;
  /** The file that Node runs. */
  entry: string;
  node: string;
}

/** The files of Node and the app in home directories. A service with a separate user would not see them. */
export function inHomes({ folder, entry, node }: AppPlace): string[] {
  // A link into another user's home directory must not make that visible.
  const paths = appFolders(folder, entry).roots.filter(
    (path) => isInHome(path) && homeOf(path) === homeOf(folder),
  );
  const home = paths.find((path) => path === homeOf(path));
  if (home !== undefined)
    throw new CliError(
      "SOCKACT_ERR_INSTALL_APP",
      `the app needs a separate folder: it is directly in ${home}`,
      "The service would see the whole home. Move the app to a separate folder, such as /srv/shop.",
    );
  const unnamed = [node, ...paths].find((path) => isInHome(path) && /[:"'\\]/.test(path));
  if (unnamed !== undefined)
    throw new CliError(
      "SOCKACT_ERR_INSTALL_APP",
      `the service could not see ${unnamed}: BindReadOnlyPaths= does not accept a path in a home with : " ' or \\`,
      "Rename the folder, or move the app to one such as /srv/shop.",
      { exitCode: EXIT.failed },
    );
  const isNodeApart = isInHome(node) && !paths.some((path) => liesIn(path, node));
  return [...(isNodeApart ? [node] : []), ...paths];
}

/**
 * Makes only these files and folders of home directories visible to a service. A service with its own user
 * can then read an app in a closed home directory, because systemd replaces the parent folders. The
 * permissions of the app's folder still apply.
 */
export function withFoldersOfHomes(description: AppDescription, paths: readonly string[]): AppDescription {
  const { hardening = "outbound", raw } = description;
  return {
    ...description,
    hardening: {
      ...(typeof hardening === "string" ? { profile: hardening } : hardening),
      protectHome: "tmpfs",
    },
    raw: {
      ...raw,
      Service: {
        ...raw?.Service,
        // With ProtectHome=tmpfs, systemd creates an empty /root that only root may enter.
        ...(paths.some((path) => liesIn("/root", path)) ? { TemporaryFileSystem: "/root:ro,mode=0755" } : {}),
        BindReadOnlyPaths: paths.map(listItem),
      },
    },
  };
}

/**
 * Like `withFoldersOfHomes()`, if the app or Node is in a home directory. A description that sets
 * ProtectHome= or an existing user is unchanged.
 *
 * @param folder the folder of the config
 */
export function withAppInHome(description: AppDescription, folder: string): AppDescription {
  const { exec, hardening, manager, raw, user, workingDirectory } = description;
  const words: unknown[] = Array.isArray(exec) ? exec : [];
  const program = words.find((word) => typeof word === "string") ?? "";
  const entry = entryOf(words);
  const isSaid =
    manager === "user" ||
    user !== undefined ||
    (typeof hardening === "object" && hardening.protectHome !== undefined) ||
    ["BindReadOnlyPaths", "BindPaths", "TemporaryFileSystem"].some(
      (key) => raw?.Service?.[key] !== undefined,
    );
  if (
    isSaid ||
    ![program, entry, workingDirectory].some((path) => typeof path === "string" && isInHome(path))
  )
    return description;
  if (entry === undefined) return withFoldersOfHomes(description, isInHome(program) ? [program] : []);
  const isInFolder = liesIn(folder, entry) && folder !== homeOf(folder);
  const shown = inHomes({
    folder: realpathSync(isInFolder ? folder : dirname(entry)),
    entry: realpathSync(entry),
    node: program,
  });
  return shown.length === 0 ? description : withFoldersOfHomes(description, shown);
}

/** The visible files and folders in home directories that are hidden otherwise. */
export function shownOfHomes({ hardening, raw }: AppDescription): string[] {
  if (typeof hardening !== "object" || hardening.protectHome !== "tmpfs") return [];
  const paths = [raw?.Service?.["BindReadOnlyPaths"]].flat();
  return paths.flatMap((path) => {
    const simple = typeof path === "string" ? path.replace(/^"(.*)"$/, "$1") : "";
    return isInHome(simple) ? [simple] : [];
  });
}

/**
 * A quoted path in a list of systemd.exec(5). Some versions of systemd do not re-read other characters as
 * they wrote them.
 */
function listItem(path: string): string {
  return path.includes(" ") ? `"${path}"` : path;
}
