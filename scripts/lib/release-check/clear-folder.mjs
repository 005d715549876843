// Ends every process that runs in a folder, then removes the folder. Plain JavaScript that imports only Node.
import { readdirSync, readlinkSync, rmSync } from "node:fs";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";

/** A process belongs to a folder if its working directory is there. Nothing else about a child of a child is sure to remain. */
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
        // The process has ended by itself.
      }
    }
    // Node emits an event only for the end of a child, so this looks again and again.
    await delay(10);
  }
}

/** Ends every process that runs in this folder, and removes the folder. */
export async function clearFolder(folder) {
  await endProcessesIn(folder);
  rmSync(folder, { recursive: true, force: true });
}
