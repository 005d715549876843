// Ends every process that runs in a folder, then removes the folder. Plain JavaScript that imports only Node.
import { readdirSync, readlinkSync, rmSync } from "node:fs";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";

/** What runs in a folder is found by its working directory: a child of a child has no other mark that it always keeps. */
function processesIn(folder) {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      // A folder that has been removed has " (deleted)" after its name.
      const [cwd] = readlinkSync(`/proc/${pid}/cwd`).split(" (deleted)");
      return cwd === folder || cwd.startsWith(`${folder}/`);
    } catch {
      return false;
    }
  });
}

/** Ends every process that runs in this folder. */
export async function endProcessesIn(folder) {
  // The processes that are left may have started others before they ended, so it looks again.
  for (let pids = processesIn(folder); pids.length > 0; pids = processesIn(folder)) {
    for (const pid of pids) {
      try {
        process.kill(Number(pid), "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
    // No event tells that a process has ended that is not a child of this one.
    await delay(10);
  }
}

/** Ends every process that runs in this folder, and removes the folder. */
export async function clearFolder(folder) {
  await endProcessesIn(folder);
  rmSync(folder, { recursive: true, force: true });
}
