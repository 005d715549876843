import { behindEnv, nodeCommand } from "../../node/command-line.ts";
import { isRegister } from "../../node/register.ts";
import { isNode, isOtherRuntime } from "../../node/runtime.ts";
import { conflictsIn, shown, type UnitProblem } from "../../problems.ts";
import { isSpecifier, sampleText } from "../../systemd/specifiers.ts";
import { askedPreloads } from "../fields/node-options.ts";
import { notifiesBy } from "./lifecycle.ts";

/** Reports where the program could not load a preload, or would have no use for it. */
export function refusePreloadConflicts(description: Record<string, unknown>, problems: UnitProblem[]): void {
  const { exec, preload, bind = "socket", container } = description;
  if (preload === undefined || preload === false) return;
  const refuse = conflictsIn(problems);
  if (container === undefined && isOtherRuntime(exec)) {
    refuse(
      "preload",
      `${shown((exec as unknown[])[0])} is not Node, which alone loads it`,
      "leave it out: the program has to use the sockets by itself; or write bind: 'proxy'",
    );
  }
  if (bind !== "socket" && !notifiesBy(description)) {
    refuse(
      "preload",
      `with bind: ${shown(bind)} the program is passed no socket`,
      "leave it out; or write type: 'notify' too: the preload then tells systemd when the app is ready, and drains it",
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
      refuse("preload", `${place} loads ${shown(file)} already`, "leave out one of them");
  }
}
