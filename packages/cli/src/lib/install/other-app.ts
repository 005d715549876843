import { lstatSync, statSync, type Stats } from "node:fs";
import { CliError, EXIT } from "../shared/cli-error.ts";
import type { Manifest } from "./manifest.ts";
import type { Author, InstallPlan } from "./plan.ts";

/**
 * Refuses to replace the app of one user by that of another one. The name of a service comes from package.json, which anybody may write: with the name of
 * another service, the app would get its port and its data.
 */
export function refuseOtherApp(plan: InstallPlan, earlier: Manifest | undefined, force: boolean): void {
  if (plan.user || plan.root !== "/" || force) return;
  const before = earlier?.author ?? fileOf(earlier?.description);
  const now = plan.author ?? fileOf(plan.description);
  if (before === undefined || now === undefined || before.uid === now.uid) return;
  throw new CliError(
    "SOCKACT_ERR_INSTALL_FOREIGN",
    `${plan.name} runs ${before.path} of user ${before.uid}, and ${now.path} belongs to user ${now.uid}`,
    "Choose another --name. If this app is meant to replace the other one, add --force.",
    { exitCode: EXIT.failed },
  );
}

/**
 * The first of these paths that is not of root, or the first one. The start script of an app may name any file, also one of another user. So the folder
 * of the app comes first.
 */
export function authorOfApp(paths: readonly string[]): Author | undefined {
  const found = paths.flatMap((path): Author[] => {
    const stats: Stats | undefined = lstatSync(path, { throwIfNoEntry: false });
    return stats === undefined ? [] : [{ path, uid: stats.uid }];
  });
  return found.find(({ uid }) => uid !== 0) ?? found[0];
}

/** The file that Node runs; undefined if it does not exist. */
function fileOf(description: unknown): Author | undefined {
  const { exec } = (description ?? {}) as { exec?: unknown };
  const words: unknown[] = Array.isArray(exec) ? exec.slice(1) : [];
  for (const path of words.toReversed()) {
    if (typeof path !== "string" || !path.startsWith("/")) continue;
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats?.isFile() === true) return { path, uid: stats.uid };
  }
  return undefined;
}
