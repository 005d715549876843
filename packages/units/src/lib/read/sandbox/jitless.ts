import { isObject } from "../fields/fields.ts";
import { shown, type UnitProblem } from "../../problems.ts";
import { isNode } from "../../node/runtime.ts";
import { isSpecifier } from "../../systemd/specifiers.ts";
import { listItem, unquotedValue } from "../../systemd/escaping.ts";
import type { Line } from "../../write/lines.ts";

/**
 * The variable that makes Node run without a just-in-time compiler. As an argument `--jitless` would not reach the child processes, which
 * MemoryDenyWriteExecute= holds for too.
 */
export function jitless(description: Record<string, unknown>, problems: UnitProblem[]): Line[] {
  const { exec, environment } = description;
  if (description.jitless !== true) return [];
  if (!isNode(exec)) {
    problems.push({
      code: "ERR_UNIT_CONFLICT",
      path: "jitless",
      message: `${shown(Array.isArray(exec) ? exec[0] : exec)} is not Node`,
      hint: "leave it out; for a program that compiles nothing while it runs, write hardening: { memoryDenyWriteExecute: true }",
    });
  }
  const asked = isObject(environment) ? environment["NODE_OPTIONS"] : undefined;
  const before = typeof asked === "string" || isSpecifier(asked) ? `${unquotedValue(asked)} ` : "";
  return [
    {
      key: "Environment",
      value: listItem({ specifier: `NODE_OPTIONS=${before}--jitless` }),
      reason:
        "Node and its children compile nothing while they run, so that MemoryDenyWriteExecute= can hold.",
    },
  ];
}
