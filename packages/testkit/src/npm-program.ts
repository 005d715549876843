import { existsSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";

/**
 * The file of npm or npx, which Node runs. A Node from npm's registry has neither beside it, so the PATH is
 * searched too.
 */
export function npmProgram(program: "npm" | "npx"): string {
  const folders = [dirname(process.execPath), ...(process.env["PATH"] ?? "").split(delimiter)];
  const found = folders.map((folder) => join(folder, program)).find((file) => existsSync(file));
  if (found === undefined) throw new Error(`${program} is neither beside Node nor on the PATH.`);
  return realpathSync(found);
}
