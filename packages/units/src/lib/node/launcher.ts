import type { NodeCommand } from "./command-line.ts";
import { baseOf } from "../systemd/folders.ts";

/** Tools that run a Node app as a child process. */
const launchersOfNode =
  /^(?:npm|npm-cli|npx|yarn|yarnpkg|pnpm|pnpx|bunx|corepack|nodemon|pm2|pm2-runtime|forever|tsx|ts-node-dev|tsnd)$/;

/**
 * Tools that run any program as a child process, after they set up a session, a terminal, variables from a
 * file, a secret or another user.
 */
const launchersOfAny =
  /^(?:sudo|su|runuser|setsid|dotenvx?|doppler|infisical|op|cross-env|cross-env-shell|concurrently|fnm|volta|timeout|flock|strace|ltrace|tini|dumb-init|xvfb-run|script|screen|tmux|systemd-run|start-stop-daemon|supervisord|docker|docker-compose|podman-compose|unshare|uv|go|foreman|honcho|overmind|turbo|nx|lerna|nest|bun|deno)$/;

/**
 * The arguments with which some of these tools start a child process. With others, they exec the program or
 * do something else.
 */
const asChild: Readonly<Record<string, (rest: readonly string[]) => boolean>> = {
  flock: (rest) => !rest.some((word) => /^(?:-[a-z]*F|--no-fork$)/.test(word)),
  "start-stop-daemon": (rest) => rest.some((word) => /^(?:-[a-zA-Z]*b|--background$)/.test(word)),
  // With -D, the program gets the process ID of strace.
  strace: (rest) => !rest.some((word) => /^(?:-[a-zA-Z]*D|--daemonize(?:=.*)?$)/.test(word)),
  unshare: (rest) => rest.some((word) => /^(?:-[a-zA-Z]*f|--fork$)/.test(word)),
  uv: ([command]) => command === "run",
  go: ([command]) => command === "run",
  nest: ([command]) => command === "start",
  // A package.json script, not a file.
  bun: ([command, script = "."]) => command === "run" && !/[./]/.test(script),
  deno: ([command]) => command === "task",
};

export const isLauncherOfNode = (name: string): boolean => launchersOfNode.test(name);
export const isLauncherOfAny = (name: string): boolean => launchersOfAny.test(name);
const isLauncher = (name: string): boolean => isLauncherOfNode(name) || isLauncherOfAny(name);

/**
 * The package and name of the file that Node runs, such as npm for
 * `/usr/lib/node_modules/npm/bin/npm-cli.js`.
 */
function toolOf({ script = "" }: NodeCommand): string[] {
  const modules = "/node_modules/";
  const at = script.lastIndexOf(modules);
  const inside = at < 0 ? "" : script.slice(at + modules.length);
  const tool = /^(?:@[^/]+\/)?([^/]+)\//.exec(inside)?.[1];
  return tool === undefined ? [] : [tool.replace(/-cli$/, ""), baseOf(script).replace(/\.[cm]?js$/, "")];
}

/** Options with which Node runs the app in another process. */
const childOption = /^--(?:run|watch|watch-path)(?:=|$)/;

/**
 * The package manager or other tool that runs the app as a child process. `node` is the command line of Node,
 * if Node is the program.
 */
export function launcherOf(words: readonly string[], node: NodeCommand | undefined): string | undefined {
  const [first = ""] = words;
  const name = baseOf(first);
  if (node === undefined) {
    if (isLauncher(name)) return asChild[name]?.(words.slice(1)) === false ? undefined : name;
    // Volta replaces each tool by its own program.
    return /\/\.volta\/bin\//.test(first) ? "volta" : undefined;
  }
  if (first.includes("/.volta/bin/")) return "volta";
  const option = node.options.find((one) => childOption.test(one));
  if (option !== undefined) return `node ${option.replace(/=.*/s, "")}`;
  const rest = words.slice(words.indexOf(node.script ?? "") + 1);
  return toolOf(node).find((tool) => isLauncher(tool) && asChild[tool]?.(rest) !== false);
}
