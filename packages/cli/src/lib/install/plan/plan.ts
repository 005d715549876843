import { basename, join } from "node:path";
import { CliError } from "../../shared/cli-error.ts";
import { assignmentsIn } from "../../shared/unit-text.ts";
import type { Author, BundleRecord } from "../manifest.ts";
import { isUnitOf } from "../names.ts";
import { filesFolder, unitFolder } from "../places.ts";

/** The installation to make, as plain data. The user sees the same contents. */
export interface InstallPlan {
  /** The service's name, without suffix. */
  name: string;
  /** Whether it is for the user's own service manager. */
  user: boolean;
  /** `/`, or the absolute path of the root folder of an image or a container. Nothing is started there. */
  root: string;
  /**
   * The unit files by name, as `emitUnits` writes them. A header is added, by which `sockact` recognizes
   * them.
   */
  units: Record<string, string>;
  /** Further files, such as a copy of the preload. Each is in the folder that `filesFolder()` returns. */
  extraFiles: ExtraFile[];
  /** The description that the units were written from, for `status` and `doctor`. */
  description?: unknown;
  /** The absolute path of the config that has the description. */
  config?: string | undefined;
  /** The bundle that the extra files are. */
  bundle?: BundleRecord | undefined;
  /** Whose app it is. By default, that of the owner of the last file in the command. */
  author?: Author | undefined;
}

export interface ExtraFile {
  /** Absolute, as the installed service sees it: without `root`. */
  path: string;
  text: string | Buffer;
  /** The permission bits, such as 0o644. */
  mode: number;
}

export interface PreparedFile {
  /** Absolute, with `root`. */
  path: string;
  /** What is written, with the header. Empty if the file is removed, since the plan no longer has it. */
  text: string | Buffer;
  mode: number;
  state: "new" | "changed" | "same" | "removed";
  /** What the file holds now, if it exists. */
  previous: string | undefined;
}

/** Exactly the changes that `applyInstall` will make. */
export interface PreparedInstall {
  plan: InstallPlan;
  files: PreparedFile[];
  /** What the user should know before saying yes, in sentences. */
  notes: string[];
  /** Whether foreign or edited files may be replaced. They are kept in a backup. */
  force: boolean;
}

/** systemd refuses a longer line, and real units are much shorter. */
const LARGEST_UNIT = 1024 * 1024;
const LARGEST_EXTRA_FILE = 64 * 1024 * 1024;

/** Refuses files that an installation of this name can't have. */
export function checkPlan({ name, user, root, units, extraFiles }: InstallPlan): void {
  const fail = (message: string) => {
    throw new CliError(
      "SOCKACT_ERR_INSTALL_PLAN",
      message,
      "Choose other names in the description, or shorter strings.",
    );
  };
  if (!root.startsWith("/") || (root !== "/" && join(root, "/") !== `${root}/`))
    fail(`${root} is not an absolute path`);
  for (const unit of Object.keys(units))
    if (!isUnitOf(name, unit)) fail(`${JSON.stringify(unit)} is not the name of a unit of ${name}`);
  for (const [unit, text] of Object.entries(units))
    if (Buffer.byteLength(text) > LARGEST_UNIT) fail(`${unit} has more than 1 MiB`);
  const folder = filesFolder({ name, user });
  for (const { path, text } of extraFiles) {
    if (
      path !== join(folder, path.slice(folder.length + 1)) ||
      !/^[^/]+$/.test(path.slice(folder.length + 1))
    )
      fail(`${path} is not a file in ${folder}`);
    if (Buffer.byteLength(text) > LARGEST_EXTRA_FILE) fail(`${path} has more than 64 MiB`);
  }
}

export const isUnit = (path: string): boolean => /\.(?:service|socket|container)$/.test(path);

/** The socket units. Without any, the service itself is enabled and started. */
export const socketsOf = ({ units }: InstallPlan): string[] =>
  Object.keys(units).filter((unit) => unit.endsWith(".socket"));

/** The service's unit: `shop.service`, or `shop@.service` for a template. */
export const serviceOf = ({ name, units }: InstallPlan): string =>
  `${name}@.service` in units ? `${name}@.service` : `${name}.service`;

/** The units whose files are removed. */
export const removedUnits = ({ files }: Pick<PreparedInstall, "files">): string[] =>
  files.filter(({ path, state }) => state === "removed" && isUnit(path)).map(({ path }) => basename(path));

/** The texts of the units that the service has now. */
export const earlierTexts = ({ files }: Pick<PreparedInstall, "files">): string[] =>
  files.flatMap(({ path, previous }) => (isUnit(path) && previous !== undefined ? [previous] : []));

/**
 * The sockets whose new files systemd applies only when it opens them again. One may be open though its file
 * is gone.
 */
export function newSockets({ plan, files }: Pick<PreparedInstall, "plan" | "files">): string[] {
  return socketsOf(plan).filter((unit) => {
    const { previous, text } = files.find(({ path }) => path === join(unitFolder(plan, unit), unit))!;
    return previous === undefined || socketSection(previous) !== socketSection(text.toString());
  });
}

function socketSection(text: string): string {
  return assignmentsIn(text)
    .filter(({ section }) => section === "Socket")
    .map((assignment) => assignment.text)
    .join("");
}
