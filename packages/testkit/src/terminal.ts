import type { ChildProcess } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { type AppProcess, watchProcess } from "./app-process.ts";

/** Starts a program, here or in other namespaces. */
export type Spawn = (
  command: string[],
  options: { cwd: string; env: Record<string, string> },
) => ChildProcess;

/** Commands that somebody has typed into a terminal. */
export interface TypedCommands {
  /** What the terminal has shown so far, without colors. */
  readonly shown: string;
  /** Resolves with the first line that matches, once the terminal shows it. */
  line(pattern: RegExp): Promise<string>;
  /** Presses Ctrl-C. */
  interrupt(): void;
  /** Resolves once the commands have ended, with the exit code of the shell. */
  readonly ended: AppProcess["ended"];
}

/**
 * Types commands into a shell, in a terminal of 80 columns, and answers every question of `sockact` with Enter. As a reader would, the shell goes no further
 * when a command fails.
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
    interrupt: () => void child.stdin?.write("\u0003"),
    ended: terminal.ended,
  };
}
