import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { clearFolder } from "./clear-folder.mjs";

const program = fileURLToPath(new URL("clear-at-end.mjs", import.meta.url));

export interface RunFolder {
  path: string;
  /** Ends every process that runs in the folder, and removes the folder unless it is kept. */
  close(): Promise<void>;
}

/**
 * Makes the folder for everything in this run. When this process ends in any way, another process ends every process that still runs in
 * the folder, and removes the folder.
 */
export async function makeRunFolder({ keep }: { keep: boolean }): Promise<RunFolder> {
  const path = keep ? mkdtempSync(join(tmpdir(), "sockact-release-check-kept-")) : await makeOwnFolder();
  const clearer = spawn(process.execPath, [program, path, ...(keep ? ["keep"] : [])], {
    // It has a separate session, so Ctrl+C does not reach it.
    detached: true,
    stdio: ["pipe", "ignore", "inherit"],
  });
  const ended = once(clearer, "exit");
  await once(clearer, "spawn");
  // This process may end before it.
  clearer.unref();
  return {
    path,
    async close() {
      clearer.ref();
      clearer.stdin.end();
      await ended;
    },
  };
}

/** The parent folder has the remains of runs whose clearing process was killed too. */
async function makeOwnFolder(): Promise<string> {
  const parent = join(tmpdir(), `sockact-release-check-${process.getuid?.()}`);
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(parent)) {
    if (!isRunning(name.split("-")[0] as string)) await clearFolder(join(parent, name));
  }
  return mkdtempSync(join(parent, `${process.pid}-`));
}

function isRunning(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("release-check");
  } catch {
    return false;
  }
}
