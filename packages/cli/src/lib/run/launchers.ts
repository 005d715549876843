import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { CliError } from "../shared/cli-error.ts";

const isWord = (argument: string): boolean => !argument.startsWith("-");

/**
 * Refuses a command that starts the app in another process: the sockets do not reach that one. The app would then try to listen by itself, on a
 * port that is in use.
 */
export function refuseLauncher(command: readonly string[]): void {
  const instead = insteadOf(command);
  if (instead === undefined) return;
  throw new CliError(
    "ERR_RUN_COMMAND",
    `${command.slice(0, 3).join(" ")} starts the app in a process of its own, which the sockets do not reach`,
    instead,
  );
}

/** What to write instead; undefined where the command gets the sockets. */
function insteadOf([program = "", ...args]: readonly string[]): string | undefined {
  const name = basename(program).replace(/\.(?:c?js|cmd)$/, "");
  // The options of npm itself come first. None that people use here takes a value.
  const words = args.slice(args.findIndex(isWord));
  const [first = "", ...rest] = words;
  switch (name) {
    case "npm":
    case "pnpm":
    case "yarn":
    case "bun":
      if (["exec", "x", "dlx"].includes(first)) return useBinary(rest);
      return useScript(["run", "run-script"].includes(first) ? (rest[0] ?? "start") : first);
    case "npx":
    case "pnpx":
      return useBinary(words);
    case "tsx":
      return `Write node --import tsx ${args.join(" ")} instead.`;
    case "nodemon":
    case "node-dev":
      return `Use --watch, and let sockact run start node: sockact run --watch -- node ${args.join(" ")}`;
    case "cross-env":
      return `Write env ${args.join(" ")} instead.`;
    case "node":
      return insteadOfNode(args);
    case "env":
      return insteadOf(args.slice(args.findIndex((argument) => isWord(argument) && !argument.includes("="))));
    default:
      return undefined;
  }
}

/** Options of Node that make it start another Node. They come before the script. */
function insteadOfNode(args: readonly string[]): string | undefined {
  const options = args.slice(0, args.findIndex(isWord));
  const script = args.find(isWord) ?? "server.js";
  const all = args.findIndex(isWord) < 0 ? args : options;
  if (all.some((option) => /^--watch(?:-path)?(?:=|$)/.test(option)))
    return `Use --watch of sockact run: sockact run --watch -- node ${script}`;
  if (all.includes("--run")) return useScript(script);
  const run = all.find((option) => option.startsWith("--run="));
  return run && useScript(run.slice("--run=".length));
}

/** Not `node node_modules/.bin/…`: with pnpm that file is a shell script, which becomes Node. */
function useBinary([name = "COMMAND", ...args]: readonly string[]): string {
  return `Write ${["node_modules/.bin", name].join("/")}${args.map((arg) => ` ${arg}`).join("")} instead.`;
}

function useScript(script: string): string {
  const text = scriptText(script);
  if (text === undefined) return "Write the command itself, such as node server.js, instead.";
  if (/[&|;<>`]/.test(text)) return `Write the command that starts the app instead. The script is: ${text}`;
  // A shell takes VARIABLE=value before a command. Here it would be the command.
  const command = /^\w+=/.test(text) ? `env ${text}` : text;
  return `Write the command of the script instead: ${command}\nOr put it into a script: "dev": "sockact run --watch -- ${command}"`;
}

function scriptText(name: string): string | undefined {
  try {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as {
      scripts?: Record<string, string>;
    };
    // npm start without a script runs server.js.
    return scripts?.[name] ?? (name === "start" ? "node server.js" : undefined);
  } catch {
    return undefined;
  }
}
