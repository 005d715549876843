import { ownCommand } from "../shared/own-command.ts";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { CliError } from "../shared/cli-error.ts";
import { isCommand } from "./find-command.ts";
import { shellText } from "../shared/shell-words.ts";
import { readWords, type Words } from "./words.ts";

/**
 * Throws for a command that starts the app in another process, which does not get the sockets. The app would
 * then try to listen on a port that is in use.
 */
export function assertNoLauncher(command: readonly string[]): void {
  const instead = insteadOf(command);
  if (instead === undefined) return;
  throw new CliError(
    "SOCKACT_ERR_RUN_COMMAND",
    `${shellText(command.slice(0, 3))} starts the app in a separate process, which does not get the sockets`,
    instead,
  );
}

/** Programs that exec the command after their options, and their options with a value. */
const becomesCommand: Record<string, readonly string[]> = {
  env: ["-u", "--unset", "-C", "--chdir"],
  nice: ["-n", "--adjustment"],
  nohup: [],
  stdbuf: ["-i", "--input", "-o", "--output", "-e", "--error"],
};

/** Options of node(1) in scripts whose value may be the next word. */
const ofNode =
  `-r --require --import --loader --experimental-loader --env-file --env-file-if-exists -C --conditions --watch-path
  --watch-kill-signal --inspect-port --title --icu-data-dir --input-type --disable-warning --trace-event-categories --redirect-warnings
  --unhandled-rejections --openssl-config --max-http-header-size --diagnostic-dir --dns-result-order --experimental-config-file`.split(
    /\s+/,
  );

/** Options of npm, pnpm, yarn and Bun with a value. */
const folderOptions = ["--prefix", "-C", "--dir", "--cwd"];
const workspaceOptions = ["-w", "--workspace", "-F", "--filter"];
const ofNpm = [...folderOptions, ...workspaceOptions, "--userconfig", "--registry", "--loglevel"];
const ofNpx = ["-p", "--package", "-c", "--call", ...workspaceOptions];
const ofNodemon = `-w --watch -e --ext -x --exec -i --ignore -d --delay -s --signal -C --cwd --config`.split(
  " ",
);

/**
 * The hint with the command to write instead; undefined if the command gets the sockets. `scripts` are the
 * package.json scripts that led here.
 */
function insteadOf(
  [program = "", ...args]: readonly string[],
  scripts: readonly string[] = [],
): string | undefined {
  const name = basename(program).replace(/(?:-cli)?\.(?:[cm]?js|cmd)$/, "");
  switch (name) {
    case "npm":
    case "pnpm":
    case "yarn":
    case "bun":
      return insteadOfNpm(args, scripts);
    case "npx":
    case "pnpx":
    case "bunx":
      return useBinary(args, scripts);
    case "tsx": {
      const isWatching = args[0] === "watch";
      const command = `node --import tsx ${shellText(isWatching ? args.slice(1) : args)}`;
      return isWatching ? useWatch(command) : `Write ${command} instead.`;
    }
    case "nodemon":
    case "node-dev":
      return insteadOfNodemon(readWords(args, ofNodemon));
    case "cross-env":
      return insteadOf(withoutVariables(args), scripts) ?? `Write env ${shellText(args)} instead.`;
    case "node":
      return insteadOfNode(readWords(args, ofNode), scripts);
    default: {
      const options = becomesCommand[name];
      return options && insteadOf(withoutVariables(readWords(args, options).rest), scripts);
    }
  }
}

function withoutVariables(words: readonly string[]): readonly string[] {
  const first = words.findIndex((word) => !word.includes("="));
  return first < 0 ? [] : words.slice(first);
}

const useWatch = (command: string, watch = "--watch"): string =>
  `Use --watch: ${ownCommand("run", watch, "--")} ${command}`;

/** Options that make Node start another Node are before the script. */
function insteadOfNode({ options, rest }: Words, scripts: readonly string[]): string | undefined {
  const isWatch = ({ name }: { name: string }): boolean => /^--watch(?:-|$)/.test(name);
  if (options.some(isWatch)) {
    const others = options
      .filter((option) => !isWatch(option))
      .flatMap(({ name, value }) =>
        value === undefined ? name : name.startsWith("--") ? `${name}=${value}` : [name, value],
      );
    return useWatch(shellText(["node", ...others, ...(rest.length > 0 ? rest : ["server.js"])]));
  }
  const run = options.find((option) => option.name === "--run");
  if (run) return useScript(run.value ?? rest[0] ?? "start", scripts);
  const [script = ""] = rest;
  return /\/(?:\.bin|npm\/bin)\/[^/]+$/.test(`/${script}`) ? insteadOf(rest, scripts) : undefined;
}

function insteadOfNodemon({ options, rest }: Words): string {
  const valuesOf = (...names: string[]): string[] =>
    options.flatMap(({ name, value }) => (value !== undefined && names.includes(name) ? value : []));
  const watched = valuesOf("-w", "--watch").map((path) => shellText([`--watch=${path}`]));
  const [exec = "node"] = valuesOf("-x", "--exec");
  return useWatch([exec, shellText(rest)].filter(Boolean).join(" "), watched.join(" ") || undefined);
}

function insteadOfNpm(args: readonly string[], scripts: readonly string[]): string {
  const before = readWords(args, ofNpm);
  const [first = "", ...others] = before.rest;
  if (["exec", "x", "dlx"].includes(first)) return useBinary(others, scripts);
  // npm also reads its own options after the name of the script, up to `--`.
  const after = readWords(others, ofNpm);
  const isRun = ["run", "run-script"].includes(first);
  const script = isRun ? (after.rest[0] ?? "start") : first;
  const last = readWords(isRun ? after.rest.slice(1) : [], ofNpm);
  const options = [before, after, last].flatMap((words) => words.options);
  if (options.some(({ name }) => workspaceOptions.includes(name)))
    return "Write the command of the script instead, and start it in the folder of the workspace.";
  const folder = options.find(({ name }) => folderOptions.includes(name))?.value;
  // yarn and pnpm also run a program without `exec`.
  if (!isRun && textOfScript(script, folder) === undefined && isCommand(`node_modules/.bin/${script}`))
    return useBinary(before.rest, scripts);
  return useScript(script, scripts, folder);
}

/** Not `node node_modules/.bin/…`: with pnpm, that file is a shell script that execs Node. */
function useBinary(args: readonly string[], scripts: readonly string[]): string {
  const { options, rest } = readWords(args, ofNpx);
  const call = options.find(({ name }) => name === "-c" || name === "--call")?.value;
  if (call !== undefined) return `Write the command itself instead: ${call}`;
  const [specifier = "COMMAND", ...others] = rest;
  // The name in @scope/name@version.
  const name = specifier.replace(/^@[^/]*\//, "").replace(/@.*$/, "");
  return (
    insteadOf([name, ...others], scripts) ??
    `Write ${shellText([`node_modules/.bin/${name}`, ...others])} instead.`
  );
}

function useScript(script: string, scripts: readonly string[], folder?: string): string {
  const text = textOfScript(script, folder);
  if (text === undefined || scripts.includes(script))
    return "Write the command itself, such as node server.js, instead.";
  if (/[&|;<>`]/.test(text)) return `Write the command that starts the app instead. The script is: ${text}`;
  const words = text.split(/\s+/);
  // A shell accepts VARIABLE=value before a command. Here it would be the command.
  const hasVariables = /^\w+=/.test(text);
  const command = hasVariables ? words.findIndex((word) => !/^\w+=/.test(word)) : 0;
  const isQuoted = /["'\\$]/.test(text);
  if (!isQuoted && folder === undefined) {
    const instead = insteadOf(words.slice(command), [...scripts, script]);
    if (instead !== undefined) return `The script is: ${text}\n${instead}`;
  }
  // In a script, PATH contains the folder of these programs.
  const binary = `node_modules/.bin/${words[command]}`;
  if (!isQuoted && isCommand(join(folder ?? "", binary))) words[command] = binary;
  const written = `${hasVariables ? "env " : ""}${isQuoted ? text : words.join(" ")}`;
  if (folder !== undefined)
    return `Start the command of the script in its folder instead: cd ${shellText([folder])} && ${ownCommand("run", "--")} ${written}`;
  return `Write the command of the script instead: ${written}\nOr put it into a script: "dev": "${ownCommand("run", "--watch", "--")} ${written}"`;
}

function textOfScript(name: string, folder = ""): string | undefined {
  try {
    const { scripts } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      scripts?: Record<string, string>;
    };
    // npm start without a script runs server.js.
    return scripts?.[name] ?? (name === "start" ? "node server.js" : undefined);
  } catch {
    return undefined;
  }
}
