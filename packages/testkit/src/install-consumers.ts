import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { installWhenChanged } from "./install-when-changed.ts";

const run = promisify(execFile);
const repository = fileURLToPath(new URL("../../..", import.meta.url));

/** The folder of apps that use the published packages, with tools to build and test such apps. */
export const CONSUMERS = fileURLToPath(new URL("../consumers", import.meta.url));

/** Packs these packages as npm would publish them, and installs them for the consumers. */
export async function installConsumers(names: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sockact-packed-"));
  try {
    const workspaces = names.map((name) => `--workspace=${name}`);
    // Without the scripts, because they would rebuild files that other tests use.
    const pack = ["pack", "--json", "--ignore-scripts", `--pack-destination=${folder}`, ...workspaces];
    const [{ stdout }] = await Promise.all([
      run("npm", pack, { cwd: repository }),
      installWhenChanged(CONSUMERS),
    ]);
    const packed = JSON.parse(stdout) as { filename: string }[];
    // The version is the same in every test, so npm would keep the old files.
    for (const name of names) rmSync(join(CONSUMERS, "node_modules", name), { recursive: true, force: true });
    const files = packed.map(({ filename }) => join(folder, filename));
    // npm looks up the peer dependencies, which may not be in its cache yet.
    const quick = ["--prefer-offline", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"];
    await run("npm", ["install", ...quick, ...files], { cwd: CONSUMERS });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
