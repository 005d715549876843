import { helpCommand, privileged } from "../shared/own-command.ts";
import process from "node:process";
import { nearest } from "@sockact/shared/nearest";
import { type Command, CommanderError } from "commander";
import { clean } from "../shared/clean.ts";
import { printErrorJson } from "../output/print.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { colour } from "../shared/messages.ts";
import { ownVersion } from "../shared/own-version.ts";
import { UNKNOWN_OPTION } from "../printed/programs.ts";
import { createProgram, issues } from "./program.ts";
import type { RecordChange } from "./record-command.ts";

/** Runs the command that the arguments name, and returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  let recordChange: RecordChange | undefined;
  // An error in a callback, outside any promise.
  process.on("uncaughtException", (error) => process.exit(report(error, args)));
  try {
    checkCurrentFolder();
    const sockact = createProgram(args);
    if (args.length === 0) sockact.help({ error: true });
    if (args[0] === "help") checkHelpTopic(sockact, args[1]);
    sockact.hook("preAction", async (_, command) => {
      // Other commands do not load it.
      if (privileged.has(command.name()))
        recordChange = (await import("./record-command.ts")).recorderOf(command);
    });
    await sockact.parseAsync([...args], { from: "user" });
    const status = Number(process.exitCode ?? 0);
    await recordChange?.(status === 0);
    return status;
  } catch (error) {
    const code = report(error, args);
    if (code !== EXIT.usage) await recordChange?.(false, error instanceof CliError ? error.code : undefined);
    // The doctor's exit codes 1 and 2 are for findings.
    return args[0] === "doctor" && code !== 0 ? EXIT.notExamined : code;
  }
}

/** For an unknown command, Commander would print the program's help. */
function checkHelpTopic(sockact: Command, topic: string | undefined): void {
  const names = sockact.commands.map((command) => command.name());
  if (topic === undefined || topic.startsWith("-") || topic === "help" || names.includes(topic)) return;
  const near = nearest(topic, names);
  throw new CliError(
    "SOCKACT_ERR_USAGE",
    `unknown command '${topic}'`,
    near === undefined ? `${helpCommand()} lists the commands.` : `(Did you mean ${near}?)`,
  );
}

function checkCurrentFolder(): void {
  try {
    process.cwd();
  } catch (cause) {
    throw new CliError(
      "SOCKACT_ERR_USAGE",
      "the current folder does not exist any more, or you may not enter it",
      "Change to another folder: cd",
      { cause },
    );
  }
}

/** Writes an error to standard error, and returns the exit code. */
function report(error: unknown, args: readonly string[]): number {
  if (error instanceof CommanderError) {
    // Commander has printed the help or the version.
    if (error.exitCode === 0) return 0;
    if (error.code === "commander.help") return EXIT.usage;
    return report(usageError(error, args), args);
  }
  if (!(error instanceof CliError)) return reportBug(error, args);
  sayAsJson(error, args);
  process.stderr.write(
    `${colour("red", "error:")} ${clean(error.message)} ${colour("dim", `(${error.code})`)}\n${clean(error.hint)}\n`,
  );
  return error.exitCode;
}

/** With `--json`, the error is also an object on standard output. */
function sayAsJson(error: CliError, args: readonly string[]): void {
  const own = args.includes("--") ? args.slice(0, args.indexOf("--")) : args;
  if (!own.some((word) => word.includes("json"))) return;
  const command = createProgram(args).commands.find((each) => each.name() === args[0]);
  const isFormat = command?.options.some(({ argChoices }) => argChoices?.includes("sarif")) === true;
  const isJson =
    command?.options.some(({ long }) => long === "--json") === true &&
    (own.includes("--json") || (isFormat && /(?:^| )(?:--format[ =]|-f ?)json(?: |$)/.test(own.join(" "))));
  if (isJson) printErrorJson(error);
}

/** The names of our options in other programs. */
const otherNames: Readonly<Record<string, string>> = {
  "--port": "--listen",
  "-p": "--listen",
  "--env-file": "--environment-file",
};

/** Commander's message as our own error. */
function usageError({ message: whole }: CommanderError, args: readonly string[]): CliError {
  const [message = "", ...hints] = whole.replace(/^error: /, "").split("\n");
  const [name] = args;
  const [, unknown = ""] = UNKNOWN_OPTION.exec(message) ?? [];
  const command = createProgram(args).commands.find((each) => each.name() === name);
  const near =
    otherNames[unknown] ?? nearest(unknown, command?.options.flatMap(({ long }) => long ?? []) ?? []);
  if (near !== undefined) return new CliError("SOCKACT_ERR_USAGE", message, `(Did you mean ${near}?)`);
  const help =
    command === undefined
      ? `${helpCommand()} lists the commands.`
      : `${helpCommand(name)} lists the arguments and options.`;
  return new CliError("SOCKACT_ERR_USAGE", message, hints.join(" ") || help);
}

/** Prints what is needed to report a bug in sockact. */
function reportBug(error: unknown, args: readonly string[]): number {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  // The arguments may be secrets.
  const command = args.find((argument) => !argument.startsWith("-")) ?? "";
  sayAsJson(
    new CliError(
      "SOCKACT_ERR_INTERNAL",
      "sockact has failed, and this is a bug",
      `Please report it: ${issues}`,
    ),
    args,
  );
  process.stderr.write(
    [
      `${colour("red", "error:")} sockact has failed, and this is a bug ${colour("dim", "(SOCKACT_ERR_INTERNAL)")}`,
      `Please report it, with these lines: ${issues}`,
      colour(
        "dim",
        `  sockact ${ownVersion()}, Node ${process.versions.node}, ${process.platform} ${process.arch}`,
      ),
      colour("dim", `  command: ${command}`),
      colour("dim", stack.replaceAll(/^/gm, "  ")),
      "",
    ].join("\n"),
  );
  return EXIT.internal;
}
