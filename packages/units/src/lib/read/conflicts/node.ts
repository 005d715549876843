import { shown, type UnitProblem } from "../../problems.ts";
import { runsNode, runsNothing } from "../../node/runtime.ts";

/** Reports a Node command without anything to run. It would exit at once, and systemd would restart it every second. */
export function refuseNothingToRun({ exec }: Record<string, unknown>, problems: UnitProblem[]): void {
  if (!Array.isArray(exec) || !runsNothing(exec) || problems.some(({ path }) => path.startsWith("exec[")))
    return;
  problems.push({
    code: "ERR_UNIT_MISSING",
    path: "exec",
    message: "Node has no file to run, and would exit at once",
    hint: "write the app's file after it: ['/usr/bin/node', '/srv/shop/server.js']",
  });
}

/** With fewer than these, Node does not start: it opens files, and has 4 threads even with `--v8-pool-size=0`. */
const fewest = [
  {
    field: "tasksMax",
    least: 4,
    why: "each thread is a task, and Node has about a dozen threads",
    instead: "'64'",
  },
  { field: "limitNOFILE", least: 18, why: "Node needs more files to start", instead: "'1024:524288'" },
] as const;

/** Reports limits under which Node cannot start. */
export function refuseLowLimits(description: Record<string, unknown>, problems: UnitProblem[]): void {
  if (!runsNode(description)) return;
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
