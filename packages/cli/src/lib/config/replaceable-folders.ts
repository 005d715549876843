import { CliError, EXIT } from "../shared/cli-error.ts";
import { liesIn } from "../shared/folders.ts";
import type { Invoker } from "../shared/invoker.ts";
import { shellWord } from "../shared/shell-words.ts";
import { distrustOf } from "./trusted-path.ts";

/**
 * Refuses to show a service a folder of a home that another user than root and the caller can replace. At a later start, a link in its place would
 * show the service any folder of the machine, also one that is closed to that user.
 *
 * The folder of the program and that of the app can't be misused so: with another folder in their place, the app does not start.
 *
 * @param shown what the service sees of homes
 * @param started the files that the service starts: Node, and what Node runs
 */
export async function refuseReplaceableFolders(
  shown: readonly string[],
  started: readonly string[],
  invoker: Invoker,
): Promise<void> {
  for (const path of shown) {
    if (started.some((file) => liesIn(path, file))) continue;
    const distrust = await distrustOf(path, invoker);
    if (distrust === undefined) continue;
    throw new CliError(
      "ERR_INSTALL_APP",
      `the app needs ${path}, and another user could put a link to any folder in its place: ${distrust.path}: ${distrust.why}`,
      `Copy what the app links to into its folder, such as with npm install --install-links. Or move the app and ${shellWord(path)} to /srv. Or let the service run as the owner: --run-as.`,
      { exitCode: EXIT.failed },
    );
  }
}
