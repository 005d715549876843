import { CliError, EXIT } from "../shared/cli-error.ts";
import type { Invoker } from "../shared/invoker.ts";
import { distrustOf } from "../shared/trusted-path.ts";

/**
 * Throws if a service would see a file or folder in a home directory that a user other than root and the
 * caller can replace. At a later start, a link in its place would make any folder of the machine visible. Two
 * cases are safe: without Node, nothing starts, and in the app's folder, Node could run other code anyway.
 *
 * @param shown what the service sees in home directories
 */
export async function assertHomesNotReplaceable(
  shown: readonly string[],
  node: unknown,
  invoker: Invoker,
): Promise<void> {
  for (const path of shown) {
    if (path === node) continue;
    const distrust = await distrustOf(path, invoker);
    if (distrust === undefined) continue;
    throw new CliError(
      "SOCKACT_ERR_INSTALL_APP",
      `the service would see ${path}, and another user could put a link to any folder in its place: ${distrust.path}: ${distrust.why}`,
      "Run it with sudo as the user who owns it, let the service run as that user (--run-as), or move the app to /srv. What the app links to elsewhere in a home can be copied into its folder: npm install --install-links.",
      { exitCode: EXIT.failed },
    );
  }
}
