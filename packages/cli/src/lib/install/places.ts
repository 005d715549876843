import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { CliError } from "../shared/cli-error.ts";
import { ownCommand } from "../shared/own-command.ts";

/** The place of an installation: the system, the user, or a file system below a root folder. */
export interface Place {
  user: boolean;
  root: string;
}

/** The folder of a unit file. Podman reads `.container` files from a separate folder. */
export function unitFolder({ user, root }: Place, unit: string, home = homedir()): string {
  const folder = unit.endsWith(".container") ? "containers/systemd" : `systemd/${user ? "user" : "system"}`;
  return user ? join(base("XDG_CONFIG_HOME", home, ".config"), folder) : join(root, "/etc", folder);
}

/**
 * The folders of unit files if no manager can be asked: those of the administrator first, then those of the
 * distribution.
 */
export function unitFolders(place: Place): string[] {
  const own = unitFolder(place, "");
  return place.user ? [own] : [own, ...distributionFolders.map((folder) => join(place.root, folder))];
}

/**
 * The root folder of the system that uses this unit folder: `/mnt/image` for `/mnt/image/etc/systemd/system`.
 */
export function rootOfUnits(folder: string): string | undefined {
  const found = unitFolders({ user: false, root: "/" }).find((path) => folder.endsWith(path));
  return found && (folder.slice(0, -found.length) || "/");
}

const distributionFolders = ["run", "usr/local/lib", "usr/lib", "lib"].map(
  (folder) => `${folder}/systemd/system`,
);

/** The folder with sockact's records of installations, one subfolder each. */
export function stateFolder({ user, root }: Place): string {
  return user
    ? join(base("XDG_STATE_HOME", homedir(), ".local/state"), "sockact")
    : join(root, "/var/lib/sockact");
}

/** The folder of a service's manifest, other files and backups. */
export function serviceFolder(place: Place, name: string): string {
  return join(stateFolder(place), name);
}

/** The folder of `extraFiles`, as a path in the installed system. */
export function filesFolder({ name, user }: { name: string; user: boolean }): string {
  return join(serviceFolder({ user, root: "/" }, name), "files");
}

/** Whether systemd reports this file. Its path may contain symbolic links of a home directory. */
export function isSameFile(fragment: string, path: string): boolean {
  return fragment === path || resolved(fragment) === path;
}

/** A base folder of the XDG specification. Symbolic links of your own home directory are followed. */
function base(variable: string, home: string, fallback: string): string {
  const value = process.env[variable];
  // The specification says to ignore a relative path.
  return resolved(value?.startsWith("/") ? value : join(home, fallback));
}

function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const above = dirname(path);
    return above === path ? path : join(resolved(above), basename(path));
  }
}

/** Throws if nothing can be installed in this place. */
export function checkPlace({ user, root }: Place, command: string): void {
  if (user && root !== "/") {
    throw new CliError("SOCKACT_ERR_USAGE", "--user and --root exclude each other", "Leave one of them out.");
  }
  const { SUDO_UID, SUDO_USER } = process.env;
  if (user && process.getuid?.() === 0 && SUDO_UID !== undefined && SUDO_UID !== "0") {
    throw new CliError(
      "SOCKACT_ERR_INSTALL_SUDO",
      "--user is for your own service manager, and sudo makes you root",
      `Run it without sudo: ${ownCommand(command, "…", "--user")}. For ${SUDO_USER ?? "another user"} from a script: systemd-run --pipe --uid=${SUDO_UID} … or su`,
    );
  }
}
