import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { endingWithParent } from "../../testing/src/end-with-parent.ts";

/** Installs the packages of a folder outside of the workspaces, unless they are installed. */
export async function installWhenChanged(folder: string, options: readonly string[] = []): Promise<void> {
  const installed = join(folder, "node_modules/.package-lock.json");
  if (modified(join(folder, "package-lock.json")) <= modified(installed)) return;
  const quick = ["--ignore-scripts", "--no-audit", "--no-fund", ...options];
  const install = async (cache: string): Promise<void> => {
    const [program, ...args] = endingWithParent(["npm", "ci", ...quick, cache]);
    await promisify(execFile)(program as string, args, { cwd: folder });
  };
  // npm's cache may know fewer versions than the lockfile.
  await install("--prefer-offline").catch(() => install("--prefer-online"));
}

function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
