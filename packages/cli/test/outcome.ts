// What the tests of commands that end by themselves have in common.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { startProcess } from "@sockact/testkit";
import { onTestFinished } from "vitest";
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

/** A folder with these files, which goes when the test ends. */
export function folderWith(files: Record<string, string | Uint8Array>): string {
  const folder = mkdtempSync(join(tmpdir(), "sockact cli "));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}
