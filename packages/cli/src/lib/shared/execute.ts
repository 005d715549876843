import { execFile, type ExecFileException } from "node:child_process";
import { systemEnvironment } from "./system-path.ts";

/** How a program ended. */
export interface Ended {
  /** The exit status. */
  code: number;
  stdout: string;
  stderr: string;
}

export interface ExecuteOptions {
  /**
   * Kills the program with SIGKILL when it is aborted. The promise then rejects with its reason, and nothing
   * starts.
   */
  signal?: AbortSignal | undefined;
  env?: NodeJS.ProcessEnv | undefined;
  cwd?: string | undefined;
  /** What its standard input has. */
  input?: string | undefined;
}

/** The program could not run, or a signal ended it. */
export class ProgramError extends Error {
  override readonly name = "ProgramError";
  /** The command, without its options. */
  readonly command: string;
  /** Whether there is no such program. */
  readonly isMissing: boolean;
  /** Whether a signal has ended it. */
  readonly isKilled: boolean;

  constructor(command: string, error: ExecFileException) {
    const isMissing = error.code === "ENOENT";
    super(
      isMissing
        ? `${command.split(" ")[0]} was not found`
        : error.signal
          ? `${command} was killed by ${error.signal}`
          : `${command} could not be run: ${error.message}`,
      { cause: error },
    );
    this.command = command;
    this.isMissing = isMissing;
    this.isKilled = Boolean(error.signal);
  }
}

/**
 * Runs a system program to its end, whatever its exit status. Rejects with a {@link ProgramError}, or with
 * the reason of the signal.
 */
export async function execute(
  file: string,
  args: readonly string[],
  { signal, env, cwd, input }: ExecuteOptions = {},
): Promise<Ended> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const options = {
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
      env: systemEnvironment(env),
      cwd,
    } as const;
    const child = execFile(file, args, options, (error, stdout, stderr) => {
      signal?.removeEventListener("abort", abort);
      const { code } = error ?? { code: 0 };
      if (typeof code === "number") resolve({ code, stdout, stderr });
      else {
        const command = [file, ...args.filter((argument) => !argument.startsWith("--"))].join(" ");
        reject(new ProgramError(command, error!));
      }
    });
    // It may end before it has read all.
    if (input !== undefined) child.stdin!.on("error", () => {}).end(input);
    // execFile's own `signal` sends SIGTERM, which does not end a hanging program.
    const abort = () => {
      child.kill("SIGKILL");
      reject(signal?.reason as Error);
    };
    signal?.addEventListener("abort", abort, { once: true });
  });
}
