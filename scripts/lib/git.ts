import { execFileSync } from "node:child_process";
import process from "node:process";

let variables: string[] | undefined;

/**
 * Variables for a program, with which git uses the repository of the working directory. A git hook sets
 * variables such as GIT_DIR. With them, git would read and change the hook's repository instead.
 */
export function withoutRepository(): Record<string, undefined> {
  variables ??= execFileSync("git", ["rev-parse", "--local-env-vars"], { encoding: "utf8" })
    .trim()
    .split("\n");
  return Object.fromEntries(variables.map((name) => [name, undefined]));
}

/** Runs git in a folder, and returns what it prints. */
export function git(cwd: string, ...args: string[]): string {
  // Without this, git would quote and escape names of files that are not ASCII.
  const readable = ["-c", "core.quotePath=false"];
  return execFileSync("git", [...readable, ...args], {
    cwd,
    env: { ...process.env, ...withoutRepository() },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
}

/** The lines that git prints. */
export function gitLines(cwd: string, ...args: string[]): string[] {
  return git(cwd, ...args)
    .split("\n")
    .filter(Boolean);
}
