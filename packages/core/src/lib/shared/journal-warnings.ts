import process from "node:process";
import { once } from "./process-state.ts";
import { isJournal, WARNING, writeLine } from "./standard-error.ts";

interface NodeWarning extends Error {
  code?: string;
  detail?: string;
}

/**
 * Gives the warnings of sockact their priority in the journal. Node prints a warning in two lines, and the
 * first one begins with `(node:123)`, so nothing can come before it. Node still prints all warnings of
 * others. If an option of Node or a variable says where warnings go, Node prints ours too.
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

/** The warning as Node prints it. */
function textOf({ code, message, name, detail }: NodeWarning): string {
  return [`(node:${process.pid}) [${code}] ${name}: ${message}`, ...(detail ? [detail] : [])].join("\n");
}
