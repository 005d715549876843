import process from "node:process";
import { bundleText, filesOfBundle, isOfBundle, type MadeBundle, makeBundle } from "../install-app/bundle.ts";
import { type BundleRecord, readManifest, replaceBundle } from "../install/install.ts";
import { wrap } from "../output/wrap.ts";
import { clean } from "../shared/clean.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { invoker } from "../shared/invoker.ts";
import { colour, tell } from "../shared/messages.ts";
import { sameCommand } from "../shared/own-command.ts";
import { findService } from "../systemd/activated-units.ts";
import { ServiceManager } from "../systemd/service-manager.ts";

/**
 * Starts the code on disk by an action. If the service is installed with a bundle, bundles that code first.
 * If the bundle does not start, starts the app without it. If that fails too, restores the earlier bundle.
 *
 * @param action `isRetried`: whether another attempt follows if it rejects
 */
export async function redeploy(
  given: string,
  user: boolean,
  action: (bundle?: BundleRecord, isRetried?: boolean) => Promise<number>,
): Promise<number> {
  const { name } = await findService(new ServiceManager({ user }), given);
  const place = { user, root: "/" };
  const wanted = readManifest(place, name)?.bundle;
  if (wanted === undefined) return action();
  if (!user && process.getuid?.() !== 0)
    throw new CliError(
      "SOCKACT_ERR_INSTALL_ROOT",
      `only root may replace the bundle of ${name}`,
      sameCommand(),
      { exitCode: EXIT.failed },
    );
  const { entry, preloads, isNeeded } = wanted;
  const started = async (made: MadeBundle, isRetried: boolean): Promise<number> => {
    const files = filesOfBundle({ name, user }, made);
    tell(
      `${wrap(clean(`Bundle of ${name}: ${bundleText(files.record)}`), { width: process.stderr.columns || 80 })}\n`,
    );
    return replaceBundle(place, name, files, isOfBundle, { onStep: () => {} }, async () =>
      action(files.record, isRetried),
    );
  };
  const made = await makeBundle({ entry, preloads, isNeeded }, user, await invoker());
  if (!("built" in made) || isNeeded === true) return started(made, false);
  try {
    return await started(made, true);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    tell(`${colour("yellow", "!")} The bundle does not start. Now the app as it is.\n`);
    return started({ entry, preloads, fallback: { code: "start", message: error.code } }, false);
  }
}
