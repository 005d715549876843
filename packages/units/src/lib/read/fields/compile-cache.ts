import { runsNode } from "../../node/runtime.ts";
import { conflictsIn, shown, type UnitProblem } from "../../problems.ts";
import { listItem, unquotedValue } from "../../systemd/escaping.ts";
import { isSpecifier } from "../../systemd/specifiers.ts";
import type { Line } from "../../write/lines.ts";
import { setsVariable } from "./environment.ts";
import { folderName } from "./folders.ts";

const why =
  "Node keeps the compiled code of the app's modules there, so that later starts are faster. Node 20 ignores it.";

/**
 * The folder in which Node keeps compiled code, and the variable that names it.
 *
 * Instances of a template share the folder: they have one program and, even with DynamicUser=, one user.
 */
export function compileCacheLines(
  description: Record<string, unknown>,
  name: string,
  problems: UnitProblem[],
): Line[] {
  const { exec, cacheDirectory, container } = description;
  // A container is refused elsewhere: it has no place for the folder.
  if (description["compileCache"] !== true || container !== undefined) return [];
  const refuse = conflictsIn(problems);
  // Another problem is reported where the command is missing, or of the wrong type.
  if (Array.isArray(exec) && exec.length > 0 && !runsNode(description)) {
    refuse(
      "compileCache",
      `${shown(exec[0])} is not Node, which alone reads NODE_COMPILE_CACHE`,
      "leave it out",
    );
  }
  if (setsVariable(description, "NODE_COMPILE_CACHE"))
    refuse("compileCache", "NODE_COMPILE_CACHE is set in the description too", "leave out one of them");
  if (setsVariable(description, "NODE_DISABLE_COMPILE_CACHE"))
    refuse("compileCache", "NODE_DISABLE_COMPILE_CACHE turns the cache off", "leave out one of them");
  const own = { specifier: folderName(name) };
  const [folder = own]: unknown[] = [cacheDirectory].flat();
  // Another problem is reported where the folder is of the wrong type.
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
