import type { ChildProcess } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { type AppProcess, watchProcess } from "../../testing/src/app-process.ts";

/** Starts a program, in these or other namespaces. */
export type Spawn = (
  command: string[],
  options: { cwd: string; env: Record<string, string> },
) => ChildProcess;

/** Commands that run in a terminal. */
export interface TypedCommands {
  /** The output of the terminal, without colors. */
  readonly shown: string;
  /** Resolves to the first line that matches. */
  line(pattern: RegExp): Promise<string>;
  /** Presses Ctrl-C. */
  interrupt(): void;
  /** Closes the terminal. This ends the commands. */
  kill(): void;
  /** Resolves to the exit code of the shell when the commands have ended. */
  readonly ended: AppProcess["ended"];
}

/**
 * Runs commands in a shell, in a terminal with 80 columns, and answers every question of `sockact` with
 * Enter. The shell stops at the first command that fails.
 */
export function typeCommands(
  spawn: Spawn,
  commands: string,
  { cwd, env }: { cwd: string; env: Record<string, string> },
): TypedCommands {
  const shell = ["script", "--quiet", "--return", "--command", `stty columns 80; set -e; ${commands}`];
  const child = spawn([...shell, "/dev/null"], {
    cwd,
    env: { USER: "root", SHELL: "/bin/sh", LANG: "C.UTF-8", NO_COLOR: "1", ...env },
  });
  const terminal = watchProcess(child);
  child.stdout?.on("data", (text: string) => {
    if (text.includes("◆")) child.stdin?.write("\r");
  });
  return {
    get shown() {
      return stripVTControlCharacters(terminal.stdout).replaceAll("\r\n", "\n");
    },
    line: (pattern) => terminal.line(pattern),
    kill: () => terminal.kill(),
    interrupt: () => void child.stdin?.write("\u0003"),
    ended: terminal.ended,
  };
}
