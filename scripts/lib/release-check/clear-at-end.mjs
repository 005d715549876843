// Waits until the process that started it has ended in any way. Then it ends every process that still runs in a folder:
// node clear-at-end.mjs FOLDER [keep]. Without `keep` it removes the folder.
import { rmdirSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { clearFolder, endProcessesIn } from "./clear-folder.mjs";

const [folder, keep] = process.argv.slice(2);
process.stdin.resume().on("close", async () => {
  if (keep) return endProcessesIn(folder);
  await clearFolder(folder);
  try {
    rmdirSync(dirname(folder));
  } catch {
    // Another run uses the parent folder.
  }
});
