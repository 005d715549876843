import { CliError, EXIT } from "../shared/cli-error.ts";
import { execute, ProgramError } from "../shared/execute.ts";
import { shellText } from "../shared/shell-words.ts";

/** Creates a system user that may not log in, as sysusers.d(5) describes it, unless it exists. */
export async function createAccount(name: string | undefined): Promise<void> {
  if (name === undefined) return;
  const command = ["systemd-sysusers", "--inline", `u ${name} - "sockact"`] as const;
  const fail = (why: string, cause?: unknown) =>
    new CliError(
      "SOCKACT_ERR_INSTALL_START",
      `the user ${name} can't be created: ${why}`,
      `Create it yourself, or name an existing one with --run-as: ${shellText(command)}`,
      { exitCode: EXIT.failed, cause },
    );
  const [program, ...words] = command;
  const { code, stderr } = await execute(program, words).catch((error: unknown) => {
    throw error instanceof ProgramError ? fail(error.message, error) : error;
  });
  if (code !== 0) throw fail(stderr.trim());
}
