import { shown, type UnitProblem } from "../../problems.ts";
import { runsNode } from "../../node/runtime.ts";
import type { AddedOption } from "../fields/node-options.ts";

/**
 * The option that makes Node run without a just-in-time compiler. As an argument `--jitless` would not reach the child processes, to
 * which MemoryDenyWriteExecute= applies too.
 */
export function jitless(description: Record<string, unknown>, problems: UnitProblem[]): AddedOption[] {
  const { exec } = description;
  if (description["jitless"] !== true) return [];
  if (!runsNode(description)) {
    problems.push({
      code: "ERR_UNIT_CONFLICT",
      path: "jitless",
      message: `${shown(Array.isArray(exec) ? exec[0] : exec)} is not Node`,
      hint: "leave it out; for a program that compiles nothing while it runs, write hardening: { memoryDenyWriteExecute: true }",
    });
  }
  return [
    {
      field: "jitless",
      option: "--jitless",
      reason:
        "Node and its children compile nothing while they run, so that MemoryDenyWriteExecute= can hold.",
    },
  ];
}
