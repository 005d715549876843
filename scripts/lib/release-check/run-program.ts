import { startProcess } from "../../../packages/testing/src/app-process.ts";
import { withoutRepository } from "../git.ts";

export interface ProgramOptions {
  cwd: string;
  env?: Record<string, string | undefined>;
}

/** A timeout in milliseconds for a cold cache and a busy machine. */
const LONGEST = 900_000;

/** Runs a program, and returns its standard output. The error contains all of its output. */
export async function runProgram(command: readonly string[], options: ProgramOptions): Promise<string> {
  await using program = startProcess(command, {
    ...options,
    env: { ...withoutRepository(), ...options.env },
  });
  program.endInput();
  const timer = setTimeout(() => program.kill(), LONGEST);
  try {
    const status = await program.ended;
    if (status === 0) return program.stdout;
    const output = `${program.stdout}${program.stderr}`.trim();
    throw new Error(`${command.join(" ")}\nended with ${status} in ${options.cwd}\n${output}`);
  } finally {
    clearTimeout(timer);
  }
}
