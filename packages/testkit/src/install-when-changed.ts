import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/** Installs the packages of a folder that is outside the workspaces, unless they are there already. */
export async function installWhenChanged(folder: string, options: readonly string[] = []): Promise<void> {
  const installed = join(folder, "node_modules/.package-lock.json");
  if (modified(join(folder, "package-lock.json")) <= modified(installed)) return;
  const quick = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"];
  await promisify(execFile)("npm", ["ci", ...quick, ...options], { cwd: folder });
}

function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
