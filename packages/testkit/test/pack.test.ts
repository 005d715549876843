import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const run = promisify(execFile);
const repository = fileURLToPath(new URL("../../..", import.meta.url));
let copy: string;

// In a copy, since other tests run what is in dist.
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "sockact-pack-"));
  mkdirSync(join(copy, "packages"));
  for (const path of ["package.json", "tsconfig.base.json", "scripts", "packages/notify"])
    cpSync(join(repository, path), join(copy, path), { recursive: true });
  symlinkSync(join(repository, "node_modules"), join(copy, "node_modules"));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

test("npm pack builds first, so what it packs is neither missing nor old", async () => {
  const folder = join(copy, "packages/notify");
  const dist = join(folder, "dist");
  const pack = async (...options: string[]): Promise<{ path: string; size: number }[]> => {
    const { stdout } = await run("npm", ["pack", "--json", "--dry-run", ...options], { cwd: folder });
    return (JSON.parse(stdout) as [{ files: { path: string; size: number }[] }])[0].files;
  };
  rmSync(dist, { recursive: true, force: true });
  const fromNothing = await pack();
  expect(fromNothing.map(({ path }) => path)).toContain("dist/implementation.cjs");

  writeFileSync(join(dist, "implementation.cjs"), "throw new Error('an old build');\n");
  writeFileSync(join(dist, "left-over.cjs"), "");
  expect(await pack("--ignore-scripts")).not.toEqual(fromNothing);
  expect(await pack()).toEqual(fromNothing);
});
