import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installWhenChanged } from "./install-when-changed.ts";

/** The folder of Deno and Bun. They are outside of the workspaces, because they have 200 MB. */
const RUNTIMES = fileURLToPath(new URL("../runtimes", import.meta.url));

/** Installs Deno and Bun, unless they are installed. Returns their programs. */
export async function installRuntimes(): Promise<{ deno: string; bun: string }> {
  await installWhenChanged(RUNTIMES);
  return { deno: programOf("@deno", "deno"), bun: programOf("@oven", "bin/bun") };
}

/** npm installs the package of this machine. The program of the package `deno` or `bun` would only start it. */
function programOf(scope: string, path: string): string {
  const folder = join(RUNTIMES, "node_modules", scope);
  const program = readdirSync(folder)
    .filter((name) => !name.includes("musl"))
    .map((name) => join(folder, name, path))
    .find((candidate) => existsSync(candidate));
  if (program === undefined) throw new Error(`npm has installed no ${path} for this machine in ${folder}`);
  return program;
}
