import { statSync } from "node:fs";
import { CliError, EXIT } from "../shared/cli-error.ts";
import type { Manifest } from "./manifest.ts";
import type { InstallPlan } from "./plan.ts";

/**
 * Refuses to replace the app of one user by that of another one. The name of a service comes from package.json, which anybody may write: with the name of
 * another service, the app would get its port and its data.
 */
export function refuseOtherApp(plan: InstallPlan, earlier: Manifest | undefined, force: boolean): void {
  if (plan.user || plan.root !== "/" || force) return;
  const [before, now] = [appOf(earlier?.description), appOf(plan.description)];
  if (before === undefined || now === undefined || before.uid === now.uid) return;
  throw new CliError(
    "ERR_INSTALL_FOREIGN",
    `${plan.name} runs ${before.file} of user ${before.uid}, and ${now.file} belongs to user ${now.uid}`,
    "Choose another --name. If this app is meant to replace the other one, add --force.",
    { exitCode: EXIT.failed },
  );
}

/** The file that Node runs, and its owner; undefined if it does not exist. */
function appOf(description: unknown): { file: string; uid: number } | undefined {
  const { exec } = (description ?? {}) as { exec?: unknown };
  const words: unknown[] = Array.isArray(exec) ? exec.slice(1) : [];
  for (const file of words.toReversed()) {
    if (typeof file !== "string" || !file.startsWith("/")) continue;
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats?.isFile() === true) return { file, uid: stats.uid };
  }
  return undefined;
}
