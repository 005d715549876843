import { join } from "node:path";
import { CliError } from "../shared/cli-error.ts";
import { isUnitOf } from "./names.ts";
import { filesFolder } from "./places.ts";
import type { InstallPlan } from "./plan.ts";

/** systemd refuses a longer line, and real units are much shorter. */
const LARGEST_UNIT = 1024 * 1024;
const LARGEST_EXTRA_FILE = 8 * 1024 * 1024;

/** Refuses files that an installation of this name can't have. */
export function checkPlan({ name, user, root, units, extraFiles, sockets, service }: InstallPlan): void {
  const refuse = (message: string) => {
    throw new CliError(
      "SOCKACT_ERR_INSTALL_PLAN",
      message,
      "Choose other names in the description, or shorter strings.",
    );
  };
  if (!root.startsWith("/") || (root !== "/" && join(root, "/") !== `${root}/`))
    refuse(`${root} is not an absolute path`);
  for (const unit of [...Object.keys(units), ...sockets, service])
    if (!isUnitOf(name, unit)) refuse(`${JSON.stringify(unit)} is not the name of a unit of ${name}`);
  for (const [unit, text] of Object.entries(units))
    if (Buffer.byteLength(text) > LARGEST_UNIT) refuse(`${unit} has more than 1 MiB`);
  const folder = filesFolder({ name, user });
  for (const { path, text } of extraFiles) {
    if (
      path !== join(folder, path.slice(folder.length + 1)) ||
      !/^[^/]+$/.test(path.slice(folder.length + 1))
    )
      refuse(`${path} is not a file in ${folder}`);
    if (Buffer.byteLength(text) > LARGEST_EXTRA_FILE) refuse(`${path} has more than 8 MiB`);
  }
}
