import { shown, type UnitProblem } from "./problems.ts";

/** Programs that compile while they run, which MemoryDenyWriteExecute= kills. */
const justInTime = /^(?:node|bun|deno|java|dotnet|mono|luajit)/;

/** The name of the program: behind env(1), of that which it starts. */
function programName(command: unknown): string {
  const [first, second]: unknown[] = Array.isArray(command) ? command : [];
  const program = typeof first === "string" && first.endsWith("/env") ? second : first;
  return typeof program === "string" ? program.slice(program.lastIndexOf("/") + 1) : "";
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

/** Node starts with 4 threads where V8 has none for itself (`--v8-pool-size=0`), and with 7 otherwise. */
const fewestThreads = 4;

/** Reports a TasksMax= with which Node cannot start. */
export function refuseFewTasks({ exec, tasksMax }: Record<string, unknown>, problems: UnitProblem[]): void {
  const tasks = typeof tasksMax === "string" && !/^\d+$/.test(tasksMax) ? NaN : Number(tasksMax);
  if (!isNode(exec) || !(tasks > 0 && tasks < fewestThreads)) return;
  problems.push({
    code: "ERR_UNIT_NUMBER",
    path: "tasksMax",
    message: `${shown(tasksMax)}: each thread is a task, and Node has about a dozen`,
    hint: "leave it out, or write a number such as '64'",
  });
}
