import { CliError, EXIT } from "../shared/cli-error.ts";
import { foldersOf, lastingUserOf } from "./outside.ts";
import type { PreparedInstall } from "./plan.ts";
import { earlierTexts } from "./prepare.ts";

/**
 * Refuses services of one call if two of them have the same folder and run as different users. Otherwise the second would be refused when the first is
 * installed already.
 */
export function refuseSameFolder(all: readonly PreparedInstall[]): void {
  const taken = new Map<string, { unit: string; user: string | undefined }>();
  for (const prepared of all.filter(({ plan, force }) => !plan.user && !force)) {
    const { plan } = prepared;
    const own = earlierTexts(prepared).flatMap((text) => foldersOf(plan, text).map(({ path }) => path));
    const folders = Object.entries(plan.units).flatMap(([unit, text]) =>
      foldersOf(plan, text).map(({ path }) => ({ path, unit, user: lastingUserOf(text) })),
    );
    for (const { path, unit, user } of folders) {
      const other = taken.get(path);
      if (other === undefined || own.includes(path) || (user !== undefined && user === other.user)) continue;
      throw new CliError(
        "SOCKACT_ERR_INSTALL_FOREIGN",
        `${other.unit} and ${unit} have the same folder, ${path}, and different users: systemd would give it to the user of the service that starts last`,
        "Name separate folders in the config, by stateDirectory and similar fields, or let both services run as the same user. If they are meant to share the folder as it is, add --force.",
        { exitCode: EXIT.failed },
      );
    }
    for (const { path, unit, user } of folders) taken.set(path, { unit, user });
  }
}
