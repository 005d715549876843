import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { CliError, EXIT } from "../shared/cli-error.ts";

/** Whether this is an executable program. */
export function isCommand(program: string): boolean {
  return filesOf(program).some(isExecutable);
}

/**
 * Throws for a command that does not exist or is not executable, before anything listens.
 *
 * @param separatorHint the hint if `--` may be missing
 */
export function checkCommand(program: string, separatorHint: string | undefined): void {
  const files = filesOf(program);
  if (files.some(isExecutable)) return;
  const [file] = files;
  if (file !== undefined)
    throw new CliError(
      "SOCKACT_ERR_RUN_COMMAND",
      `${file} is not executable`,
      `Write the program that runs it, such as node ${program}, or chmod +x ${file}.`,
      {
        exitCode: EXIT.notExecutable,
      },
    );
  const local = `node_modules/.bin/${program}`;
  throw new CliError(
    "SOCKACT_ERR_RUN_COMMAND",
    `the command ${program} was not found`,
    separatorHint ??
      (!program.includes("/") && isExecutable(local)
        ? `Write ${local} instead.`
        : "Check its name, and that its folder is in PATH."),
    { exitCode: EXIT.notFound },
  );
}

function filesOf(program: string): string[] {
  const candidates = program.includes("/")
    ? [program]
    : (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder || ".", program));
  return candidates.filter(isFile);
}

// A folder in PATH may be unreadable.
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
