import { existsSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import { readTextFile } from "../shared/read-file.ts";
import type { Manifest } from "./manifest.ts";
import { afterOptions, optionValue, optionValues, wordsOf } from "./command-words.ts";

/** A package.json script, reduced to its `node …`. */
export interface StartCommand {
  /** Options of Node. */
  nodeArguments: string[];
  /** The file in the script, relative to the package's folder. */
  script: string;
  arguments: string[];
  /** Variables that the script sets. */
  environment: Record<string, string>;
  /**
   * Files of variables that a tool such as dotenv loads for the app. As with EnvironmentFile=, later files
   * override earlier ones.
   */
  environmentFiles: { file: string; tool: string }[];
  /** Tools that do not pass the sockets on, and that the service omits. The first is the outermost. */
  launchers: string[];
  notes: string[];
}

/** Options of node(1) in scripts whose value may be the next word. */
const VALUED = new Set(
  `-r --require --import --loader --experimental-loader --env-file --env-file-if-exists -C --conditions --title --icu-data-dir
   --disable-warning --redirect-warnings --unhandled-rejections --max-http-header-size --dns-result-order --inspect-port`.split(
    /\s+/,
  ),
);

/** Options of launchers whose value is the next word. */
const launcherOptions: Record<string, readonly string[]> = {
  nodemon: [
    "-w",
    "--watch",
    "-e",
    "--ext",
    "-i",
    "--ignore",
    "-d",
    "--delay",
    "-s",
    "--signal",
    "-C",
    "--cwd",
    "--config",
  ],
  tsx: ["--tsconfig"],
  "ts-node": ["-P", "--project", "-r", "--require", "-O", "--compiler-options"],
  "ts-node-dev": ["-P", "--project", "-r", "--require"],
  dotenv: ["-e", "-c", "-v", "-p"],
  dotenvx: ["-f", "-e"],
  pm2: ["--name", "-n", "-i", "--instances"],
  "pm2-runtime": ["--name", "-n", "-i", "--instances"],
  forever: ["-l", "-o", "-e"],
};

type Command = Pick<StartCommand, "nodeArguments" | "script" | "arguments">;

/** What was found on the way to the command. */
type Found = Omit<StartCommand, keyof Command>;

/** The state while following scripts. */
interface State extends Found {
  folder: string;
  manifest: Manifest;
  /** The names of the followed scripts. */
  scripts: string[];
}

/** Follows the start script to a `node …`. `undefined` if there is none, or if it can't be followed. */
export function startCommand(folder: string, manifest: Manifest, name = "start"): StartCommand | undefined {
  const text = manifest.scripts[name];
  if (text === undefined) return undefined;
  const found: Found = { environment: {}, environmentFiles: [], launchers: [], notes: [] };
  const command = followText(text, { ...found, folder, manifest, scripts: [name] });
  return command && { ...command, ...found };
}

function followText(text: string, state: State): Command | undefined {
  // Real scripts are shorter.
  if (text.length > 4096) return undefined;
  // Other shell syntax, such as variables, is not followed.
  if (/[`<>]|\$\(/.test(text)) return undefined;
  const commands = text
    .split(/&&|;/)
    .map((command) => command.trim())
    .filter(Boolean);
  const before = commands.slice(0, -1);
  if (before.length > 0)
    state.notes.push(
      `The start script runs ${before.join(", then ")} first. The service does not: do it before you deploy.`,
    );
  const [last = "", ...pipes] = (commands.at(-1) ?? "").split("|").map((command) => command.trim());
  if (pipes.length > 0) state.notes.push(`The output goes to the journal, and not to ${pipes.join(" | ")}.`);
  return followWords(wordsOf(last), state);
}

function followWords(all: readonly string[], state: State): Command | undefined {
  const words = takeVariables(all, state);
  const [program = "", ...rest] = words;
  const name = basename(program).replace(/\.[cm]?js$/, "");
  const through = (): void => void state.launchers.push(name);
  const follow = (next: readonly string[]): Command | undefined => followWords(next, state);
  const asNode = (next: readonly string[], loader: readonly string[] = []): Command | undefined =>
    follow(["node", ...loader, ...next]);
  switch (name) {
    case "":
      return undefined;
    case "node":
    case "nodejs":
      return readNode(rest, state);
    case "exec":
    case "env":
      return follow(rest);
    case "npm":
    case "pnpm":
    case "yarn":
    case "bun": {
      through();
      const [first = "", ...others] = afterOptions(rest, []);
      if (["exec", "x", "dlx"].includes(first)) return follow(afterOptions(others, []));
      const script = ["run", "run-script"].includes(first) ? afterOptions(others, [])[0] : first;
      return followScript(script, state) ?? (name === "npm" ? undefined : follow([first, ...others]));
    }
    case "npx":
    case "pnpx":
    case "bunx":
      through();
      return follow(afterOptions(rest, ["-p", "--package"]));
    case "cross-env":
    case "cross-env-shell":
      through();
      return follow(rest);
    case "dotenv":
    case "dotenvx": {
      through();
      const options = rest[0] === "run" ? rest.slice(1) : rest;
      const next = afterOptions(options, launcherOptions[name]!);
      readFileOptions(name, options.slice(0, options.length - next.length), state);
      return follow(next);
    }
    case "nodemon":
    case "node-dev":
    case "supervisor": {
      through();
      const exec = optionValue(rest, ["-x", "--exec"]);
      const next = afterOptions(rest, [...launcherOptions["nodemon"]!, "-x", "--exec"]);
      return exec === undefined ? asNode(next) : follow([...wordsOf(exec), ...next]);
    }
    case "pm2":
    case "pm2-runtime":
    case "forever":
      through();
      return asNode(
        afterOptions(rest[0] === "start" ? rest.slice(1) : rest, launcherOptions[name]!).filter(
          (word) => word !== "--",
        ),
      );
    case "tsx":
    case "ts-node":
    case "ts-node-esm":
    case "ts-node-dev":
    case "tsnd": {
      through();
      const next = afterOptions(
        rest[0] === "watch" ? rest.slice(1) : rest,
        launcherOptions[name] ?? launcherOptions["ts-node"]!,
      );
      return asNode(next);
    }
    case "nest":
      through();
      return rest[0] === "start" ? asNode(["dist/main.js"]) : undefined;
    default:
      return followBinary(name, rest, state);
  }
}

function followScript(name: string | undefined, state: State): Command | undefined {
  const text = state.manifest.scripts[name ?? ""];
  if (name === undefined || text === undefined || state.scripts.includes(name)) return undefined;
  state.scripts.push(name);
  return followText(text, state);
}

function readNode(words: readonly string[], state: State): Command | undefined {
  const options: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]!;
    if (word === "--run" || word.startsWith("--run=")) {
      state.launchers.push("node --run");
      return followScript(word.split("=")[1] ?? words[at + 1], state);
    }
    if (/^(?:-e|--eval|-p|--print|--test)(?:=|$)/.test(word)) return undefined;
    if (word.startsWith("--watch")) {
      if (!state.launchers.includes("node --watch")) state.launchers.push("node --watch");
      if (word === "--watch-path") at += 1;
      continue;
    }
    // A service with a debugger would have a port that every user of the machine can reach.
    if (/^--inspect(?:-brk|-wait)?(?:=|$)/.test(word)) {
      state.notes.push(`${word} is left out: a service should not wait for a debugger.`);
      continue;
    }
    if (word.startsWith("-") && word !== "-" && word !== "--") {
      options.push(word);
      if (VALUED.has(word) && words[at + 1] !== undefined) options.push(words[(at += 1)]!);
      continue;
    }
    const [script, ...rest] = word === "--" ? words.slice(at + 1) : words.slice(at);
    return script === undefined || script === "-"
      ? undefined
      : { nodeArguments: options, script, arguments: rest };
  }
  return undefined;
}

/** Follows a package's command, such as next. */
function followBinary(name: string, rest: readonly string[], state: State): Command | undefined {
  const script = binaryOf(state.folder, name);
  if (script === undefined) return undefined;
  state.launchers.push(name);
  return { nodeArguments: [], script, arguments: [...rest] };
}

/** The file of a command in node_modules: npm creates a link to it, pnpm a shell script with its path. */
function binaryOf(folder: string, name: string): string | undefined {
  const link = join(folder, "node_modules/.bin", name);
  if (!/^[\w.-]+$/.test(name) || !existsSync(link)) return undefined;
  const file = realpathSync(link);
  if (/\.[cm]?js$/.test(file)) return file;
  const text = readTextFile(file).slice(0, 4096);
  if (/^#!.*\bnode\b/.test(text)) return file;
  const [, inside] = /"\$basedir\/([^"]+\.[cm]?js)"/.exec(text) ?? [];
  return inside === undefined ? undefined : realpathSync(join(folder, "node_modules/.bin", inside));
}

/** The files of variables in the options of dotenv or dotenvx. */
function readFileOptions(tool: "dotenv" | "dotenvx", options: readonly string[], state: State): void {
  const files = optionValues(options, tool === "dotenv" ? ["-e"] : ["-f", "--env-file"]);
  const named = (files.length > 0 ? files : [".env"]).map((file) => ({ file, tool }));
  // Otherwise the first file and the outer tool have precedence.
  const isLastFirst = options.some((word) => ["-o", "--override", "--overload"].includes(word));
  if (isLastFirst) state.environmentFiles.push(...named);
  else state.environmentFiles.unshift(...named.toReversed());
  const others = tool === "dotenv" ? ["-c", "-v"] : ["-e", "--env"];
  const ignored = options.find((word) => others.includes(word.split("=")[0]!));
  if (ignored !== undefined)
    state.notes.push(
      `${ignored.split("=")[0]} of ${tool} is left out. Put all variables into files, and name the files: --environment-file`,
    );
}

function takeVariables(words: readonly string[], { environment }: State): readonly string[] {
  const first = words.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word));
  const count = first < 0 ? words.length : first;
  for (const word of words.slice(0, count)) {
    const at = word.indexOf("=");
    environment[word.slice(0, at)] ??= word.slice(at + 1);
  }
  return words.slice(count);
}
