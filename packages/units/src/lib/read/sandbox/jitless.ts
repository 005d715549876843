import { shown, type UnitProblem } from "../../problems.ts";
import { runsNode } from "../../node/runtime.ts";
import type { AddedOption } from "../fields/node-options.ts";

/**
 * The option that disables Node's just-in-time compiler. It is in NODE_OPTIONS, because
 * MemoryDenyWriteExecute= also applies to child processes.
 */
export function jitless(description: Record<string, unknown>, problems: UnitProblem[]): AddedOption[] {
  const { exec } = description;
  if (description["jitless"] !== true) return [];
  if (!runsNode(description)) {
    problems.push({
      code: "SOCKACT_ERR_UNIT_CONFLICT",
      path: "jitless",
      message: `${shown(Array.isArray(exec) ? exec[0] : exec)} is not Node`,
      hint: "leave it out; for a program that generates no code at run time, write hardening: { memoryDenyWriteExecute: true }",
    });
  }
  return [
    {
      field: "jitless",
      option: "--jitless",
      reason:
        "Node and its child processes generate no code at run time, so that MemoryDenyWriteExecute= does not kill them.",
    },
  ];
}
