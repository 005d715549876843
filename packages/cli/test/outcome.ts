// What the tests of commands that end by themselves have in common.
import { spawnSync } from "node:child_process";
import process from "node:process";
import { startProcess } from "@sockact/testkit";
import { sockact } from "./run.ts";

export interface Outcome {
  code: number | NodeJS.Signals;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end. */
export async function outcomeOf(
  command: readonly string[],
  { input, ...options }: { cwd?: string; env?: Record<string, string | undefined>; input?: string } = {},
): Promise<Outcome> {
  const running = startProcess(command, options);
  if (input !== undefined) running.write(input);
  running.endInput();
  const code = await running.ended;
  return { code, stdout: running.stdout, stderr: running.stderr };
}

/** Runs `sockact` with these arguments. */
export function outcome(
  args: readonly string[],
  options: Parameters<typeof outcomeOf>[1] = {},
): Promise<Outcome> {
  return outcomeOf([process.execPath, sockact, ...args], options);
}

/** Runs `sockact` in a folder to its end, without colours, and not as under sudo unless `env` says so. */
export function sockactIn(
  folder: string,
  args: readonly string[],
  env: Record<string, string> = {},
): { status: number | null; stdout: string; stderr: string } {
  const { SUDO_UID: _, ...own } = process.env;
  return spawnSync(process.execPath, [sockact, ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { ...own, NO_COLOR: "1", COLUMNS: "80", ...env },
    timeout: 60_000,
  });
}

/** Runs `sockact units` in a folder. */
export const unitsIn = (
  folder: string,
  args: readonly string[] = ["--json"],
  env: Record<string, string> = {},
): ReturnType<typeof sockactIn> => sockactIn(folder, ["units", ...args], env);
