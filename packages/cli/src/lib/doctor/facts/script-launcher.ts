import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import process from "node:process";
import { readManifest } from "../../app/manifest.ts";
import { startCommand } from "../../app/start-script.ts";
import { CliError } from "../../shared/cli-error.ts";
import type { Subject } from "../model/subject.ts";
import { program } from "./program.ts";
import { serviceProperties } from "./properties.ts";

/** A package manager in ExecStart=, and the command that its script runs in the end. */
export interface ScriptLauncher {
  /** Such as `npm`. */
  name: string;
  /** The script, as package.json has it, and the path of package.json. */
  script: string;
  manifest: string;
  command: { program: string; words: string[]; folder: string };
  /** The names of the variables that the script sets. */
  variables: string[];
}

/** Tools that Node can replace without further options. */
const replaceable = /^(?:npm|pnpm|yarn|nodemon|cross-env|node --(?:watch|run))$/;

/** Finds the script of package.json that ExecStart= runs. `undefined` if it runs none, or the script does not lead to Node. */
export async function scriptLauncher(subject: Subject): Promise<ScriptLauncher | undefined> {
  const [command, service] = await Promise.all([subject.get(program), subject.get(serviceProperties)]);
  const name = basename(command?.path ?? "");
  if (command === undefined || !/^(?:npm|pnpm|yarn)$/.test(name)) return undefined;
  const words = command.words.slice(1);
  const prefix = words.findIndex((word) => /^(?:--prefix|-C|--dir|--cwd)$/.test(word));
  const [, given = ""] = prefix < 0 ? [] : words.splice(prefix, 2);
  const folder = resolve(service.get("WorkingDirectory").replace(/^[!-]+/, "") || "/", given);
  try {
    const manifest = readManifest(folder);
    const wanted = "what systemd runs";
    const scripts = { ...manifest.scripts, [wanted]: [name, ...words].join(" ") };
    const found = startCommand(folder, { ...manifest, scripts }, wanted);
    const script = words.map((word) => manifest.scripts[word]).find((text) => text !== undefined);
    if (found === undefined || script === undefined) return undefined;
    if (!found.launchers.every((each) => replaceable.test(each))) return undefined;
    const beside = join(dirname(command.path), "node");
    const node = existsSync(beside) ? beside : process.execPath;
    return {
      name,
      script,
      manifest: join(folder, "package.json"),
      command: {
        program: node,
        words: [node, ...found.nodeArguments, resolve(folder, found.script), ...found.arguments],
        folder,
      },
      variables: Object.keys(found.environment),
    };
  } catch (error) {
    // npm reports a package.json that can't be read.
    if (error instanceof CliError) return undefined;
    throw error;
  }
}
