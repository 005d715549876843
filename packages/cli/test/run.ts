// What the tests of `sockact run` have in common.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type AppProcess, DEADLINE, httpRequest, type PrivateSystemd, startProcess } from "@sockact/testkit";
import { onTestFinished, vi } from "vitest";

export const sockact = fileURLToPath(new URL("../bin/sockact.cjs", import.meta.url));
/** The command line of sockact inside a private systemd. */
export const sockactInside = (systemd: PrivateSystemd): string[] => [
  systemd.node,
  `${systemd.project}/packages/cli/bin/sockact.cjs`,
];
export const program = (name: string): string => fileURLToPath(new URL(`programs/${name}`, import.meta.url));

/** `sockact run` with these arguments, as a process. */
export function run(
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): AppProcess {
  return startProcess([process.execPath, sockact, "run", ...args], options);
}

/** Where it listens, with the ports that the kernel has chosen. */
export async function addressesOf(running: AppProcess): Promise<string[]> {
  const line = await running.line(/^\[sockact run\] listening on /);
  return line.slice("[sockact run] listening on ".length).split(", ");
}

export async function addressOf(running: AppProcess): Promise<string> {
  return (await addressesOf(running))[0] as string;
}

/** The pid of the process that answers. */
export async function pidAt(address: string): Promise<number> {
  return (await httpRequest(address)).json<{ pid: number }>().pid;
}

/** A folder with an app in it, which goes when the test ends. */
export function appFolder(text = appText(1)): string {
  const folder = mkdtempSync(join(tmpdir(), "sockact run "));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  edit(folder, text);
  return folder;
}

/** Writes the app as editors do: beside it, and then in its place. */
export function edit(folder: string, text: string): void {
  writeFileSync(join(folder, ".server.mjs.new"), text);
  renameSync(join(folder, ".server.mjs.new"), join(folder, "server.mjs"));
}

/** An app that answers as the load wants it, and tells its version. */
export function appText(version: number): string {
  return `import ${JSON.stringify(program("app.mjs"))};\nglobalThis.version = ${version};\n`;
}

/** Waits until a process has ended that is not a child of the test. */
export async function untilEnded(pid: number): Promise<void> {
  await vi.waitUntil(() => !isRunning(pid), { timeout: DEADLINE, interval: 20 });
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
