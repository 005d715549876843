import { existsSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import process from "node:process";
import { readManifest } from "../../app/manifest.ts";
import { startCommand } from "../../app/start-script.ts";
import { CliError } from "../../shared/cli-error.ts";
import type { Subject } from "../model/subject.ts";
import { processes, type ServiceProcess } from "./processes.ts";
import { program } from "./program.ts";
import { serviceUnit } from "./units.ts";

/** A tool that systemd started, and that runs the app as a child process. */
export interface Launcher {
  /** Its display name: `npm`, `nodemon`, `node --watch`, `sh`. */
  name: string;
  process: ServiceProcess;
  /** The app, if it runs. */
  app: ServiceProcess | undefined;
}

const tools =
  /^(?:npm|npx|yarn|yarnpkg|pnpm|pnpx|bunx|corepack|nodemon|node-dev|pm2|pm2-runtime|forever|tsx|ts-node-dev|tsnd|cross-env|cross-env-shell|concurrently|dotenvx?|doppler|infisical|turbo|nx|lerna|vite-node|fnm|volta)$/;
const shells = /^(?:sh|bash|dash|ash|zsh|ksh|fish|busybox)$/;

/** The tool that systemd runs instead of the app. `undefined` if systemd runs the app itself. */
export async function launcher(subject: Subject): Promise<Launcher | undefined> {
  const all = await subject.get(processes);
  const main = all.find(({ isMain }) => isMain);
  const name = main && launcherName(main);
  return main === undefined || name === undefined
    ? undefined
    : { name, process: main, app: appOf(main, all) };
}

function launcherName({ words, program: file }: ServiceProcess): string | undefined {
  const [first = "", ...rest] = words;
  // npm and others replace their command line by a title: `npm start`, as one word.
  const title = basename(first.split(" ")[0] ?? "");
  if (tools.test(title)) return title;
  if (shells.test(title)) return title;
  if (basename(file || first) !== "node") return undefined;
  const at = rest.findIndex((word) => !word.startsWith("-"));
  const options = at < 0 ? rest : rest.slice(0, at);
  const watch = options.find((option) => /^--(?:watch|watch-path|run)(?:=|$)/.test(option));
  if (watch !== undefined) return `node ${watch.replace(/=.*/s, "")}`;
  // The package of the script, or the script's name.
  const script = rest[at] ?? "";
  const owner = /.*node_modules\/(?:\.bin\/)?(?:@[^/]+\/)?([^/]+)/.exec(script)?.[1] ?? "";
  return [owner.replace(/-cli$/, ""), basename(script).replace(/(?:-cli)?\.[cm]?js$/, "")].find((each) =>
    tools.test(each),
  );
}

/** The Node at the end of the chain of child processes, because a launcher may start a launcher. */
function appOf(parent: ServiceProcess, all: readonly ServiceProcess[]): ServiceProcess | undefined {
  for (const child of all.filter((each) => each.parent === parent.pid)) {
    const below = appOf(child, all);
    if (below) return below;
    if (/^(?:node|bun|deno)$/.test(basename(child.program)) && launcherName(child) === undefined)
      return child;
  }
  return undefined;
}

/** A package manager in ExecStart=, and the command of its script. */
export interface ScriptLauncher {
  /** Such as `npm`. */
  name: string;
  /** The script in package.json, and the path of package.json. */
  script: string;
  manifest: string;
  command: Command;
  /** The variables that the script sets. */
  variables: string[];
}

/** Tools that Node can replace without options. */
const replaceable = /^(?:npm|pnpm|yarn|nodemon|cross-env|node --(?:watch|run))$/;

/**
 * Finds the package.json script that ExecStart= runs. `undefined` if there is none, or if it does not lead to
 * Node.
 */
export async function scriptLauncher(subject: Subject): Promise<ScriptLauncher | undefined> {
  const [command, service] = await subject.all(program, serviceUnit);
  const name = basename(command?.path ?? "");
  if (command === undefined || !/^(?:npm|pnpm|yarn)$/.test(name)) return undefined;
  const words = command.words.slice(1);
  const prefix = words.findIndex((word) => /^(?:--prefix|-C|--dir|--cwd)$/.test(word));
  const [, given = ""] = prefix < 0 ? [] : words.splice(prefix, 2);
  const folder = resolve(service.folder, given);
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
    // npm reports an unreadable package.json itself.
    if (error instanceof CliError) return undefined;
    throw error;
  }
}

/** The command for systemd. */
type Command = Pick<ServiceProcess, "program" | "words" | "folder">;

/**
 * The directives that make systemd start a process itself, in its folder. As in systemd.service(5), the
 * program's path is absolute, and words are quoted if necessary.
 */
export function directivesFor({ program: file, words, folder }: Command): string[] {
  const command = [file, ...withWholePath(words.slice(1), folder)].map(quote).join(" ");
  return [
    `ExecStart=${command}`,
    ...(["", "/"].includes(folder) ? [] : [`WorkingDirectory=${folder.replaceAll("%", "%%")}`]),
  ];
}

/** The arguments, with the app's path made absolute. */
function withWholePath(words: readonly string[], folder: string): string[] {
  const at = words.findIndex((word) => !word.startsWith("-"));
  return words.map((word, index) => {
    const path = join(folder, word);
    const isApp = index === at && !word.startsWith("/") && folder !== "";
    return isApp && statSync(path, { throwIfNoEntry: false })?.isFile() === true ? path : word;
  });
}

function quote(word: string, index: number): string {
  // systemd does not expand variables in the path of the program.
  const escaped = (index === 0 ? word : word.replaceAll("$", "$$$$")).replaceAll("%", "%%");
  return /^[^\s"'\\;]+$/.test(escaped)
    ? escaped
    : `"${escaped.replaceAll(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}
