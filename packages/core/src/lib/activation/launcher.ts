import { readFileSync } from "node:fs";
import { basename } from "node:path";
import process from "node:process";
import { isStartedBySystemd } from "../shared/started-by-systemd.ts";
import { warn } from "../shared/warnings.ts";

/**
 * Warns once if the sockets were passed to a parent: `npm start`, a shell, `nodemon`, … or the app itself,
 * with child_process.fork(). The warning names that process and what to write instead. It does not warn if
 * that process is not an ancestor: the variables are then left over, for example in a terminal.
 */
export function warnOfLauncher(env: Record<string, string | undefined>): void {
  const pid = Number(env["LISTEN_PID"]);
  const launcher = /^[1-9]\d*$/.test(env["LISTEN_FDS"] ?? "") ? findAncestor(pid) : undefined;
  if (launcher === undefined) {
    const parent = hasForked() ? findAncestor(process.ppid) : undefined;
    if (parent && isApp(parent)) warnOfFork(parent, OWN_FORK_HINT);
  } else if (process.send !== undefined && pid === process.ppid && isApp(launcher)) {
    warnOfFork(launcher, OWN_FORK_HINT);
  } else if (process.send !== undefined && pid === process.ppid && isOfSamePackage(launcher)) {
    warnOfFork(launcher, PACKAGE_FORK_HINT);
  } else {
    warn(
      "SOCKACT_WARN_LAUNCHER",
      `The sockets were passed to ${describe(launcher)} (pid ${pid}), not to this process (pid ${process.pid}): ` +
        "they can't be used here, and the app listens as it would without them.",
      isStartedBySystemd(pid) ? directives(pid) : `Start node itself: ${shellCommand(pid)}`,
    );
  }
}

const OWN_FORK_HINT =
  "Write cluster.fork() of node:cluster instead of fork() of node:child_process, or listen in the parent. If this process is meant to have a port of its own, ignore the warning.";

const PACKAGE_FORK_HINT =
  "This command starts its server in another process, as process managers and development servers do. Use a command that listens in its own process, or run the app directly with node.";

function warnOfFork(parent: readonly string[], hint: string): void {
  warn(
    "SOCKACT_WARN_FORKED",
    `The sockets were passed to ${describe(parent)} (pid ${process.ppid}), which has forked this process (pid ${process.pid}): ` +
      "they can't be used here, and it listens as it would without them.",
    hint,
  );
}

/** Warns once if systemd has set a process ID that is not valid in this process's PID namespace. */
export function warnOfOuterPid(pid: string): void {
  warn(
    "SOCKACT_WARN_OUTER_PID",
    `LISTEN_PID is ${pid}, the process ID of this process outside of PrivatePIDs=yes. Inside, it is ${process.pid}: ` +
      "sockact can't tell that the sockets are meant for this process, and the app listens as it would without them.",
    "systemd 262 fixes this. Until then, leave PrivatePIDs= out, or write Environment=SOCKACT_IGNORE_LISTEN_PID=yes in the service unit.",
  );
}

/**
 * Whether an activated process forked this one. That process has removed the variables, but /proc still shows
 * its initial environment.
 */
function hasForked(): boolean {
  if (process.send === undefined) return false;
  const variables = environmentOf(process.ppid);
  return (
    variables.includes(`LISTEN_PID=${process.ppid}`) && variables.some((each) => /^LISTEN_FDS=./.test(each))
  );
}

/** The command line of an ancestor. Undefined if this is not the ID of an ancestor. */
function findAncestor(pid: number): string[] | undefined {
  try {
    for (let current = process.ppid; current > 0; current = parentOf(current)) {
      if (current === pid)
        return readFileSync(`/proc/${current}/cmdline`, "utf8").replace(/\0+$/, "").split("\0");
    }
  } catch {
    // The process has ended, or /proc hides it, so the warning could not name it.
  }
  return undefined;
}

function parentOf(pid: number): number {
  // pid (comm) state ppid: proc_pid_stat(5). The name may contain blanks and parentheses.
  return Number(
    readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^[^]*\) \S /, "")
      .split(" ")[0],
  );
}

/**
 * A command line as the user wrote it: `npm start`, `nodemon server.js`, `sh -c …`. The path of the tool's
 * script is omitted.
 */
function describe(command: readonly string[]): string {
  const [program = "", ...args] = command;
  // npm and others replace their command line by a title, as one word: "npm start".
  const words =
    command.length === 1
      ? program.split(" ")
      : isNode(program)
        ? scriptWords(args)
        : [basename(program), ...args];
  const text = words.filter((word) => word !== "").join(" ");
  return `\`${text.length > 80 ? `${text.slice(0, 80)}…` : text}\``;
}

/** Returns `nodemon server.js` for `node /usr/lib/node_modules/nodemon/bin/nodemon.js server.js`. */
function scriptWords(args: readonly string[]): string[] {
  const index = args.findIndex((arg) => !arg.startsWith("-"));
  const script = args[index];
  const tool = packageOf(script);
  if (script === undefined || tool === undefined) return ["node", ...args];
  const name =
    { npm: basename(script).replace(/-cli\.js$/, ""), "@yarnpkg/cli": "yarn" }[tool] ??
    tool.replace(/\.[cm]?js$/, "");
  return [name, ...args.slice(index + 1)];
}

/** The package in node_modules that contains a script, or undefined. */
function packageOf(script = ""): string | undefined {
  return /.*(?:node_modules\/(?:\.bin\/)?|corepack\/dist\/)((?:@[^/]+\/)?[^/]+)/.exec(script)?.[1];
}

/** Whether this process and its parent run scripts of the same package, as `next dev` does. */
function isOfSamePackage([program = "", ...args]: readonly string[]): boolean {
  const own = packageOf(process.argv[1]);
  return own !== undefined && isNode(program) && scriptWords(args)[0] === own;
}

/**
 * Whether this is a Node that runs the script of an app. Tools such as nodemon, `node --watch` and `node
 * --test` run the script in a child process.
 */
function isApp(command: readonly string[]): boolean {
  const [program = "", ...args] = command;
  const isRunner = args.some((arg) => /^--(?:watch|watch-path|test)(?:=|$)/.test(arg));
  return isNode(program) && !isRunner && scriptWords(args)[0] === "node";
}

function isNode(program: string): boolean {
  return /^(node|nodejs|bun)$/.test(basename(program));
}

/**
 * The directives of a service that starts this process: an absolute path, quoted as in systemd.service(5).
 */
function directives(launcher: number): string {
  const environment = nodeEnvironment(launcher).map((variable) => `Environment=${variable}`);
  return [
    "Let systemd start node itself:",
    `ExecStart=${[process.execPath, ...ownArguments()].map(quote).join(" ")}`,
    `WorkingDirectory=${process.cwd().replaceAll("%", "%%")}`,
    ...environment,
  ].join("\n");
}

function shellCommand(launcher: number): string {
  const words = ["node", ...ownArguments()].map((word) =>
    /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`,
  );
  return [...nodeEnvironment(launcher), ...words].join(" ");
}

function ownArguments(): string[] {
  const { pm_exec_path: app } = process.env;
  // Under pm2, the script of the process is pm2's, which loads the app.
  const script = packageOf(process.argv[1]) === "pm2" && app ? app : process.argv[1];
  // tsx needs only its loader. The other required file is for its parent process.
  const isPreflight = (arg = ""): boolean => /[/\\]tsx[/\\]dist[/\\]preflight/.test(arg);
  const execArgv = process.execArgv.filter(
    (arg, index, all) => !isPreflight(arg) && !isPreflight(all[index + 1]),
  );
  return [...execArgv, ...(script === undefined ? [] : [script]), ...process.argv.slice(2)];
}

/**
 * The NODE_ENV that a package.json script sets. Other variables may be secrets, which must not appear in a
 * log.
 */
function nodeEnvironment(launcher: number): string[] {
  const { NODE_ENV } = process.env;
  const isInherited = environmentOf(launcher).includes(`NODE_ENV=${NODE_ENV}`);
  return NODE_ENV && /^\w+$/.test(NODE_ENV) && !isInherited ? [`NODE_ENV=${NODE_ENV}`] : [];
}

/** The initial environment of a process. */
function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return [];
  }
}

function quote(word: string, index: number): string {
  // systemd does not expand $VARIABLES in the path of the program.
  const escaped = (index === 0 ? word : word.replaceAll("$", "$$$$")).replaceAll("%", "%%");
  return /^[^\s"'\\;]+$/.test(escaped)
    ? escaped
    : `"${escaped.replaceAll(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}
