import { readFileSync } from "node:fs";
import process from "node:process";
import { isVariableSet } from "./environment-options.ts";
import { processState } from "./process-state.ts";

const start = processState("start", {
  /** The arguments in /proc at the start. Undefined until a handover needs them. */
  args: undefined as readonly string[] | undefined,
  /** The file that the command of ExecReload= waits for. The app may replace process.env later. */
  resultPath: process.env["SOCKACT_RELOAD_RESULT"],
});

// An app that sets process.title overwrites the arguments.
if (isVariableSet("handover")) startArguments();

/** The file for the result of a handover. Undefined if no command waits for it. */
export function reloadResultPath(): string | undefined {
  return start.resultPath;
}

/** The arguments in /proc at the first call. Empty if they can't be read. */
export function startArguments(): readonly string[] {
  return (start.args ??= readArguments());
}

function readArguments(): readonly string[] {
  try {
    return readFileSync("/proc/self/cmdline", "utf8").split("\0").slice(1, -1);
  } catch {
    return [];
  }
}
