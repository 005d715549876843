import { ownCommand } from "../shared/own-command.ts";
import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { CliError } from "../shared/cli-error.ts";

/** The file names of a config. */
export const configNames = ["ts", "mts", "js", "mjs", "cjs", "json"].map(
  (format) => `sockact.config.${format}`,
);

/** The named config, or the one in the folder. `undefined` if there is none. */
export function findConfig(folder: string, named?: string): string | undefined {
  if (named !== undefined) {
    const file = resolve(folder, named);
    if (!statSync(file, { throwIfNoEntry: false })?.isFile())
      throw new CliError(
        "SOCKACT_ERR_CONFIG_MISSING",
        `the config ${file} does not exist`,
        `Check its name, or write one: ${ownCommand("init")}`,
      );
    if (!/\.(?:[mc]?js|m?ts|json)$/.test(file))
      throw new CliError(
        "SOCKACT_ERR_CONFIG_MISSING",
        `the name of a config must end with .ts, .mts, .js, .mjs, .cjs or .json; got ${file}`,
        "Rename it, for example to sockact.config.js.",
      );
    return file;
  }
  const names = new Set(filesIn(folder));
  const found = configNames.filter((name) => names.has(name));
  if (found.length > 1)
    throw new CliError(
      "SOCKACT_ERR_CONFIG_SEVERAL",
      `there are several configs in ${folder}: ${found.join(", ")}`,
      `Remove all but one of them, or name one: --config ${found[0]}`,
    );
  return found[0] === undefined ? undefined : join(folder, found[0]);
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (cause) {
    throw new CliError(
      "SOCKACT_ERR_APP_FOLDER",
      `can't read the folder ${folder}: ${(cause as Error).message}`,
      "Change to the folder of your app, and check that you may read it.",
      { cause },
    );
  }
}
