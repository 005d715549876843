import { CliError, EXIT } from "../shared/cli-error.ts";
import type { Invoker } from "../shared/invoker.ts";
import { distrustOf } from "../shared/trusted-path.ts";

/**
 * Refuses to show a service a file or folder of a home that another user than root and the caller can
 * replace. At a later start, a link in its place would show the service any folder of the machine, also one
 * that is closed to that user. Node is not such a file: with another one in its place, nothing starts. In the
 * folder of the app, Node could run other code before it looks for the app.
 *
 * @param shown what the service sees of homes
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
