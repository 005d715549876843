import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { PackedPackages } from "@sockact/testkit";

const apps = fileURLToPath(new URL("apps/", import.meta.url));

/** Copies an app of `apps` into a folder, with its dependencies. Returns where it is. */
export function installTestApp(packed: PackedPackages, app: string, below: string): string {
  const folder = join(below, app);
  mkdirSync(below, { recursive: true });
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(apps, app), folder, { recursive: true });
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    dependencies?: Record<string, string>;
  };
  packed.install(folder, Object.keys(dependencies));
  return folder;
}
