import { behindEnv, nodeCommand } from "../../node/command-line.ts";
import { isRegister } from "../../node/register.ts";
import { isNode, isOtherRuntime } from "../../node/runtime.ts";
import { conflictsIn, shown, type UnitProblem } from "../../problems.ts";
import { isSpecifier, sampleText } from "../../systemd/specifiers.ts";
import { askedPreloads } from "../fields/node-options.ts";
import { notifiesBy } from "./lifecycle.ts";

/** Reports a preload that the program can't load or does not need. */
export function reportPreloadConflicts(description: Record<string, unknown>, problems: UnitProblem[]): void {
  const { exec, preload, bind = "socket", container } = description;
  if (preload === undefined || preload === false) return;
  const report = conflictsIn(problems);
  if (container === undefined && isOtherRuntime(exec)) {
    report(
      "preload",
      `${shown((exec as unknown[])[0])} is not Node, and only Node loads a preload`,
      "leave it out: the program must use the sockets itself; or write bind: 'proxy'",
    );
  }
  if (bind !== "socket" && !notifiesBy(description)) {
    report(
      "preload",
      `with bind: ${shown(bind)} systemd passes no socket to the program`,
      "leave it out; or also write type: 'notify': the preload then tells systemd when the app is ready, and drains it",
    );
  }
  const words = (Array.isArray(exec) ? exec : []).map((word: unknown) =>
    typeof word === "string" || isSpecifier(word) ? sampleText(word) : "",
  );
  const places = [
    ["exec", isNode(exec) ? nodeCommand(behindEnv(words)).preloads : []],
    ["NODE_OPTIONS in environment", askedPreloads(description)],
  ] as const;
  for (const [place, preloads] of places) {
    const file = preloads.find(isRegister);
    if (file !== undefined)
      report("preload", `${place} already loads ${shown(file)}`, "leave out one of them");
  }
}
