import { runsNode } from "../../node/runtime.ts";
import { conflictsIn, shown, type UnitProblem } from "../../problems.ts";
import { listItem, unquotedValue } from "../../systemd/escaping.ts";
import { isSpecifier } from "../../systemd/specifiers.ts";
import type { Line } from "../../write/lines.ts";
import { setsVariable } from "./environment.ts";
import { folderName } from "./folders.ts";

const why =
  "Node keeps the compiled code of the app's modules in this folder, for faster starts from the second time on. The first start is slower, and the service can change code that it runs later. Node 20 ignores the variable.";

/**
 * The folder for Node's compiled code, and the variable that names it.
 *
 * Instances of a template share the folder. They run the same program and, even with DynamicUser=, as the
 * same user.
 */
export function compileCacheLines(
  description: Record<string, unknown>,
  name: string,
  problems: UnitProblem[],
): Line[] {
  const { exec, cacheDirectory, container } = description;
  // For a container, the field itself is a problem.
  if (description["compileCache"] !== true || container !== undefined) return [];
  const report = conflictsIn(problems);
  // A missing command, and one of the wrong type, are other problems.
  if (Array.isArray(exec) && exec.length > 0 && !runsNode(description)) {
    report(
      "compileCache",
      `${shown(exec[0])} is not Node, and only Node reads NODE_COMPILE_CACHE`,
      "leave it out",
    );
  }
  if (setsVariable(description, "NODE_COMPILE_CACHE"))
    report("compileCache", "the description also sets NODE_COMPILE_CACHE", "leave out one of them");
  if (setsVariable(description, "NODE_DISABLE_COMPILE_CACHE"))
    report("compileCache", "NODE_DISABLE_COMPILE_CACHE turns the cache off", "leave out one of them");
  const own = { specifier: folderName(name) };
  const [folder = own]: unknown[] = [cacheDirectory].flat();
  // A folder of the wrong type is another problem.
  if (typeof folder !== "string" && !isSpecifier(folder)) return [];
  return [
    ...(cacheDirectory === undefined
      ? [{ key: "CacheDirectory", value: unquotedValue(own), reason: why }]
      : []),
    {
      key: "Environment",
      value: listItem({ specifier: `NODE_COMPILE_CACHE=%C/${unquotedValue(folder)}/node-compile-cache` }),
      reason: why,
    },
  ];
}
