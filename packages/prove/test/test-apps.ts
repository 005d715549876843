import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PackedPackages } from "@sockact/testkit";
import { afterAll, beforeAll } from "vitest";
import { prove, type ProveOptions, type Report } from "../src/index.ts";
import { installTestApp } from "./install-test-app.ts";

/** Apps that the tests of a file try. */
export interface TestApps {
  /** Where they are. */
  readonly folder: string;
  tryApp(app: string, options?: ProveOptions): Promise<Report>;
}

/**
 * Copies apps of `apps`, each with its dependencies, before the tests of the file. They are removed afterwards.
 *
 * @param name of the folder that they get
 */
export function openTestApps(name: string, apps: readonly string[]): TestApps {
  const folder = fileURLToPath(new URL(`../tmp/${name}/`, import.meta.url));
  beforeAll(async () => {
    const packed = await PackedPackages.packForRun();
    for (const app of apps) installTestApp(packed, app, folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return {
    folder,
    tryApp(app, options = {}) {
      const installOptions = ["--listen", "80"];
      return prove(undefined, { folder: join(folder, app), installOptions, restarts: 1, ...options });
    },
  };
}
