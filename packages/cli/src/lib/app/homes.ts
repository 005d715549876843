import { realpathSync } from "node:fs";
import { dirname } from "node:path";
import type { AppDescription } from "@sockact/units";
import { entryOf } from "./source-files.ts";
import { appFolders } from "./app-folders.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { isInHome, liesIn } from "../shared/folders.ts";

/** The home that a path is in: `/home/me`, `/root` or `/run/user/1000`. */
function homeOf(path: string): string | undefined {
  return /^(?:\/home\/[^/]+|\/root|\/run\/user\/[^/]+)(?=\/|$)/.exec(path)?.[0];
}

/** Where an app is, as absolute paths. */
interface AppPlace {
  folder: string;
  /** The file that Node runs. */
  entry: string;
  node: string;
}

/** The files of Node and the app that are in homes. A service with a separate user would not see them. */
export function inHomes({ folder, entry, node }: AppPlace): string[] {
  // A link to another user's home must not open that home.
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
 * Makes a service see these files and folders of homes, and nothing else in them. So a service that runs as a
 * user of its own can read an app in a home that is closed to others: the folders above are not the real
 * ones. What the app's own folder allows counts as it does elsewhere.
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
        // With ProtectHome=tmpfs, systemd makes an empty /root that only root may enter.
        ...(paths.some((path) => liesIn("/root", path)) ? { TemporaryFileSystem: "/root:ro,mode=0755" } : {}),
        BindReadOnlyPaths: paths.map(listItem),
      },
    },
  };
}

/**
 * Shows a service its app, as `withFoldersOfHomes()` does, if the app or Node is in a home. A description
 * that says itself how much of homes the service sees stays as it is, and so does one of an existing user.
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

/** The files and folders of homes that a service sees although the rest is hidden. */
export function shownOfHomes({ hardening, raw }: AppDescription): string[] {
  if (typeof hardening !== "object" || hardening.protectHome !== "tmpfs") return [];
  const paths = [raw?.Service?.["BindReadOnlyPaths"]].flat();
  return paths.flatMap((path) => {
    const simple = typeof path === "string" ? path.replace(/^"(.*)"$/, "$1") : "";
    return isInHome(simple) ? [simple] : [];
  });
}

/**
 * A path in a list of systemd.exec(5), in which quotes keep spaces. Not each systemd reads other characters
 * back as it has written them.
 */
function listItem(path: string): string {
  return path.includes(" ") ? `"${path}"` : path;
}
