import { DEADLINE, type Spawn, typeCommands } from "@sockact/testkit";

export interface Typing {
  spawn: Spawn;
  cwd: string;
  env: Record<string, string>;
  /** What the terminals have shown so far, for the error. */
  before: () => string;
  /** The longest time that the commands may take, in milliseconds. */
  deadline?: number | undefined;
}

/** Runs commands in a terminal until they have ended, and resolves to what it shows. Rejects if a command fails, or if the commands take too long. */
export async function type(commands: string, typing: Typing): Promise<string> {
  const { spawn, before, deadline = DEADLINE, ...options } = typing;
  const terminal = typeCommands(spawn, commands, options);
  let late: string | undefined;
  const timer = setTimeout(() => {
    late = `It ran for longer than ${deadline} ms`;
    terminal.kill();
  }, deadline);
  const code = await terminal.ended;
  clearTimeout(timer);
  if (code === 0) return terminal.shown;
  throw new Error(`$ ${commands}\n${before()}\n${terminal.shown}\n${late ?? `Exit code ${code}`}`);
}
