import process from "node:process";
import { once } from "./process-state.ts";
import { isJournal, WARNING, writeLine } from "./standard-error.ts";

interface NodeWarning extends Error {
  code?: string;
  detail?: string;
}

/**
 * Gives sockact's warnings their priority in the journal. Node prints a warning in two lines, and the first
 * one begins with `(node:123)`, so it can't have a prefix. Node still prints other warnings. If an option or
 * variable of Node redirects warnings, Node prints ours too.
 */
export function giveWarningsPriority(): void {
  once("give warnings priority", () => {
    const { execArgv, env } = process;
    const options = [...execArgv, env["NODE_OPTIONS"] ?? ""].join(" ");
    if (!isJournal() || env["NODE_REDIRECT_WARNINGS"] || /--(?:trace|disable|redirect)-warning/.test(options))
      return;
    // With --no-warnings, there is none.
    const printer = process.listeners("warning").find(({ name }) => name === "onWarning");
    if (printer === undefined) return;
    process.off("warning", printer);
    // Patches how Node prints warnings: replaces its listener.
    process.prependListener("warning", (warning: NodeWarning) => {
      if (warning.name === "SockactWarning") writeLine(textOf(warning), WARNING);
      else printer(warning);
    });
  });
}

/** The warning in Node's format. */
function textOf({ code, message, name, detail }: NodeWarning): string {
  return [`(node:${process.pid}) [${code}] ${name}: ${message}`, ...(detail ? [detail] : [])].join("\n");
}
