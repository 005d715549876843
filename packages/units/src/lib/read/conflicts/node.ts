import { shown, type UnitProblem } from "../../problems.ts";
import { tooSmall } from "../../node/limits.ts";
import { notifiesBy } from "./lifecycle.ts";
import { runsNode, runsNothing } from "../../node/runtime.ts";

/** Reports a Node command without anything to run. It would exit at once, and systemd would restart it every second. */
export function refuseNothingToRun({ exec }: Record<string, unknown>, problems: UnitProblem[]): void {
  if (!Array.isArray(exec) || !runsNothing(exec) || problems.some(({ path }) => path.startsWith("exec[")))
    return;
  problems.push({
    code: "SOCKACT_ERR_UNIT_MISSING",
    path: "exec",
    message: "Node has no file to run, and would exit at once",
    hint: "write the app's file after it: ['/usr/bin/node', '/srv/shop/server.js']",
  });
}

/** Reports limits under which Node cannot start. */
export function refuseLowLimits(description: Record<string, unknown>, problems: UnitProblem[]): void {
  if (!runsNode(description)) return;
  const found = tooSmall(
    (_, field) => {
      if (field === undefined || problems.some(({ path }) => path === field)) return undefined;
      const given = description[field];
      return typeof given === "number" || typeof given === "string"
        ? { text: String(given), field, given }
        : undefined;
    },
    {
      notifies: notifiesBy(description),
      options: [shownOptions(description.exec), shownOptions(description.environment)],
    },
  );
  for (const { value, why, instead } of found) {
    problems.push({
      code:
        typeof value.given === "string" && /[a-z]$/.test(value.text)
          ? "SOCKACT_ERR_UNIT_DURATION"
          : "SOCKACT_ERR_UNIT_NUMBER",
      path: value.field,
      message: `${shown(value.given)}: ${why}`,
      hint: `leave it out, or write a value such as '${instead}'`,
    });
  }
}

/** The strings in a value, in which a search finds options and names of variables. */
const shownOptions = (value: unknown): string => JSON.stringify(value) ?? "";
