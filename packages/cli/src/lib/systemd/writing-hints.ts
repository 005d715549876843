import { FILE_DENIED } from "../printed/node.ts";
import { SQLITE_DENIED } from "../printed/programs.ts";
import { ownCommand } from "../shared/own-command.ts";
import type { ServiceManager } from "./service-manager.ts";

/** Hints: where the app may write, if its output says that it could not, and it has a sandbox. */
export async function writingHints(
  manager: ServiceManager,
  service: string,
  output: readonly string[],
): Promise<string[]> {
  if (!output.some((line) => FILE_DENIED.test(line) || SQLITE_DENIED.test(line))) return [];
  const [shown] = await manager.show([service], ["ProtectSystem", "StateDirectory"]);
  if (shown?.ProtectSystem !== "strict") return [];
  const [folder = ""] = shown.StateDirectory.split(/[ :]/);
  const own = folder === "" ? "" : `/var/lib/${folder} (process.env.STATE_DIRECTORY), or to `;
  return [
    `The sandbox lets the app write only to ${own}readWritePaths of a config: ${ownCommand("explain", "file-read-only")}`,
  ];
}
