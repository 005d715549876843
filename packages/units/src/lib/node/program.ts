import { shown, type UnitProblem } from "../problems.ts";
import { isSpecifier, sample } from "../systemd/specifiers.ts";
import { behindEnv, isWithoutProgram } from "./command-line.ts";

/** Programs that compile while they run, which MemoryDenyWriteExecute= kills. */
const justInTime = /^(?:node|bun|deno|java|dotnet|mono|luajit)/;

/** The name of the program: behind env(1), of that which it starts. */
function programName(command: unknown): string {
  const [first, second]: unknown[] = Array.isArray(command) ? command : [];
  const program = typeof first === "string" && first.endsWith("/env") ? second : first;
  const path = isSpecifier(program) ? sample(program) : program;
  return typeof path === "string" ? path.slice(path.lastIndexOf("/") + 1) : "";
}

/** Whether a program's name is one of Node's, such as nodejs, node22 or node-22. */
export function isNodeName(name: string): boolean {
  return /^node(?:js)?(?:-?[\d.]+)?$/.test(name);
}

export function isNode(command: unknown): boolean {
  return isNodeName(programName(command));
}

export function compilesAtRunTime(command: unknown): boolean {
  return justInTime.test(programName(command));
}

/** Whether it is a command of Node, and names nothing to run. */
export function runsNothing(command: readonly unknown[]): boolean {
  if (!isNode(command)) return false;
  const words = command.map((word) => (typeof word === "string" || isSpecifier(word) ? sample(word) : ""));
  return isWithoutProgram(behindEnv(words));
}

/** Reports a Node that is told to run nothing: it would exit at once, and be started again every second. */
export function refuseNothingToRun({ exec }: Record<string, unknown>, problems: UnitProblem[]): void {
  if (!Array.isArray(exec) || !runsNothing(exec) || problems.some(({ path }) => path.startsWith("exec[")))
    return;
  problems.push({
    code: "ERR_UNIT_MISSING",
    path: "exec",
    message: "Node is told no file to run, and would exit at once",
    hint: "write the app's file after it: ['/usr/bin/node', '/srv/shop/server.js']",
  });
}

/** With fewer of these Node does not start: it opens files by itself, and has 4 threads even with `--v8-pool-size=0`. */
const fewest = [
  { field: "tasksMax", least: 4, why: "each thread is a task, and Node has about a dozen", instead: "'64'" },
  { field: "limitNOFILE", least: 18, why: "Node needs more files to start", instead: "'1024:524288'" },
] as const;

/** Reports limits under which Node cannot start. */
export function refuseTooFew(description: Record<string, unknown>, problems: UnitProblem[]): void {
  if (!isNode(description["exec"])) return;
  for (const { field, least, why, instead } of fewest) {
    const value = description[field];
    const text = typeof value === "number" || typeof value === "string" ? String(value) : "";
    const [, number] = /^(\d+)(?::|$)/.exec(text) ?? [];
    if (number === undefined || Number(number) >= least || problems.some(({ path }) => path === field))
      continue;
    problems.push({
      code: "ERR_UNIT_NUMBER",
      path: field,
      message: `${shown(value)}: ${why}`,
      hint: `leave it out, or write a number such as ${instead}`,
    });
  }
}

/**
 * Whether an app may end by itself to be started by the next connection, and systemd would start it again at once. A program of Node may
 * have `idleTimeout` in its code, and so may whatever a container runs. Only a service that is passed its sockets sleeps.
 */
export function mayFallAsleep(description: Record<string, unknown>): boolean {
  const { bind = "socket", container, exec, idleTimeout, restart = "always" } = description;
  const mayHaveTimeout = idleTimeout !== undefined || container !== undefined || isNode(exec);
  return bind === "socket" && mayHaveTimeout && (restart === "always" || restart === "on-success");
}
