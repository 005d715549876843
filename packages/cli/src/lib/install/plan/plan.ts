import { basename, join } from "node:path";
import { proxyOfFile } from "../../proxy/find-proxy.ts";
import { CliError } from "../../shared/cli-error.ts";
import { assignmentsIn } from "../../shared/unit-text.ts";
import type { Author, BundleRecord } from "../manifest.ts";
import { isUnitOf } from "../names.ts";
import { filesFolder, unitFolder } from "../places.ts";
import type { PlannedSite } from "../sites.ts";

/** An installation as plain data. The user sees the same contents. */
export interface InstallPlan {
  /** The service's name, without suffix. */
  name: string;
  /** Whether it is for the user's own service manager. */
  user: boolean;
  /** `/`, or the absolute path of the root folder of an image or container, in which nothing is started. */
  root: string;
  /** The unit files by name, as from `emitUnits`. `sockact` adds a header to recognize them. */
  units: Record<string, string>;
  /** Other files, such as a copy of the preload, in the folder of `filesFolder()`. */
  extraFiles: ExtraFile[];
  /** The site of its host names. */
  site?: PlannedSite | undefined;
  /** The description of the units, for `status` and `doctor`. */
  description?: unknown;
  /** The absolute path of the config that has the description. */
  config?: string | undefined;
  /** The bundle in the extra files. */
  bundle?: BundleRecord | undefined;
  /** The owner of the app. The default is the owner of the last file in the command. */
  author?: Author | undefined;
  /** Files that the service writes outside its folders. An uninstallation removes them. */
  made?: string[] | undefined;
}

export interface ExtraFile {
  /** Absolute path in the installed system, without `root`. */
  path: string;
  text: string | Buffer;
  /** The permission bits, such as 0o644. */
  mode: number;
}

export interface PreparedFile {
  /** Absolute path, with `root`. */
  path: string;
  /** The new content with the header. Empty if the file is removed. */
  text: string | Buffer;
  mode: number;
  state: "new" | "changed" | "same" | "removed";
  /** The current content, if the file exists. */
  previous: string | undefined;
}

/** The exact changes of `applyInstall`. */
export interface PreparedInstall {
  plan: InstallPlan;
  files: PreparedFile[];
  /** Notes for the user's confirmation, in sentences. */
  notes: string[];
  /** Whether foreign or edited files may be replaced. A backup is kept. */
  force: boolean;
  /** Files that the service has written, and will no longer write. */
  dropped: string[];
}

/** systemd rejects longer lines, and real units are much shorter. */
const LARGEST_UNIT = 1024 * 1024;
const LARGEST_EXTRA_FILE = 64 * 1024 * 1024;

/** Throws for files that an installation of this name can't have. */
export function checkPlan({ name, user, root, units, site, extraFiles }: InstallPlan): void {
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
  if (site !== undefined && (user || proxyOfFile(site.path, name) === undefined))
    fail(`${site.path} is not a file for a site of ${name}`);
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

export const isUnit = (path: string): boolean => /\.(?:service|socket|timer|container)$/.test(path);

/** The socket units. Without sockets, the service itself is enabled and started. */
export const socketsOf = ({ units }: InstallPlan): string[] =>
  Object.keys(units).filter((unit) => unit.endsWith(".socket"));

/** The units that start the service: its sockets, or a timer. */
export const startersOf = ({ units }: Pick<InstallPlan, "units">): string[] =>
  Object.keys(units).filter((unit) => /\.(?:socket|timer)$/.test(unit));

/** The service's unit: `shop.service`, or `shop@.service` for a template. */
export const serviceOf = ({ name, units }: InstallPlan): string =>
  `${name}@.service` in units ? `${name}@.service` : `${name}.service`;

/** The units whose files are removed. */
export const removedUnits = ({ files }: Pick<PreparedInstall, "files">): string[] =>
  files.filter(({ path, state }) => state === "removed" && isUnit(path)).map(({ path }) => basename(path));

/** The current contents of the service's units. */
export const earlierTexts = ({ files }: Pick<PreparedInstall, "files">): string[] =>
  files.flatMap(({ path, previous }) => (isUnit(path) && previous !== undefined ? [previous] : []));

/**
 * The sockets that systemd must open again to apply their new files. One may be open although its file is
 * gone.
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
