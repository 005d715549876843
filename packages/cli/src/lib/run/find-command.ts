import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { CliError, EXIT } from "../shared/cli-error.ts";

/** Refuses a command that does not exist, or can't be executed, before anything listens. */
export function checkCommand(program: string): void {
  const candidates = program.includes("/")
    ? [program]
    : (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder || ".", program));
  const files = candidates.filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
  if (files.some(isExecutable)) return;
  const [file] = files;
  if (file !== undefined)
    throw new CliError(
      "ERR_RUN_COMMAND",
      `${file} is not executable`,
      `Write the program that runs it, such as node ${program}, or chmod +x ${file}.`,
      {
        exitCode: EXIT.notExecutable,
      },
    );
  const local = `node_modules/.bin/${program}`;
  throw new CliError(
    "ERR_RUN_COMMAND",
    `the command ${program} was not found`,
    !program.includes("/") && isExecutable(local)
      ? `Write ${local} instead.`
      : "Check its name, and that its folder is in PATH.",
    { exitCode: EXIT.notFound },
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
