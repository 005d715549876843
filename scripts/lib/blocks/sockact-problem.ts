import { createProgram } from "../../../packages/cli/src/lib/command-line/program.ts";

type Command = Pick<
  ReturnType<typeof createProgram>,
  "action" | "commands" | "configureOutput" | "exitOverride"
>;

/** Placeholders for a reader's values: `NAME`, `FILE…`. */
const placeholder = /^[A-Z]{2,}…?$/;

/** Disables a command's action and output. */
function silence(command: Command): void {
  command
    .exitOverride()
    .action(() => {})
    .configureOutput({ writeOut: () => {}, writeErr: () => {}, outputError: () => {} });
  for (const inner of command.commands) silence(inner);
}

/**
 * The error of the real command line for these arguments, or `undefined` if they are valid. No command runs.
 */
export function sockactProblem(args: readonly string[]): string | undefined {
  // … stands for more arguments, and a placeholder in capitals for one value.
  const given = args.filter((arg) => arg !== "…");
  if (placeholder.test(given[0] ?? "")) return undefined;
  const program = createProgram(given);
  for (const command of program.commands) silence(command);
  program.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {}, outputError: () => {} });
  try {
    program.parse(given, { from: "user" });
    return undefined;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (!code?.startsWith("commander.")) throw error;
    return /^commander\.(?:help|helpDisplayed|version)$/.test(code) ? undefined : message;
  }
}
