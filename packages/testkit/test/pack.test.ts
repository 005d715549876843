import { execFile } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { publicPackages, root } from "../../../scripts/lib/packages.ts";

const run = promisify(execFile);
let copy: string;

// In a copy, since other tests run what is in dist.
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "sockact-pack-"));
  mkdirSync(join(copy, "packages"));
  for (const path of ["package.json", "tsconfig.base.json", "scripts", "packages/notify"])
    cpSync(join(root, path), join(copy, path), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

test("npm pack builds first, so what it packs is not old", async () => {
  const folder = join(copy, "packages/notify");
  const dist = join(folder, "dist");
  const implementation = join(dist, "implementation.cjs");
  writeFileSync(implementation, "throw new Error('an old build');\n");
  writeFileSync(join(dist, "left-over.cjs"), "");
  const { stdout } = await run("npm", ["pack", "--json", "--dry-run"], { cwd: folder });
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  const { "@sockact/notify": accepted } = JSON.parse(
    readFileSync(join(root, "api/packages.json"), "utf8"),
  ) as Record<string, { files: string[] }>;
  expect(files.map(({ path }) => path).toSorted()).toEqual(accepted?.files);
  expect(readFileSync(implementation, "utf8")).not.toContain("an old build");
});

test("the types have no comment of a declaration that the build has removed", () => {
  for (const { path } of publicPackages())
    for (const file of readdirSync(join(path, "dist")).filter((name) => name.endsWith(".d.cts"))) {
      const types = readFileSync(join(path, "dist", file), "utf8");
      expect(
        types.match(/^\/\*\*(?:(?!\*\/)[^])*\*\/\n(?=\/\*\*)/m)?.[0],
        `${path}/dist/${file}`,
      ).toBeUndefined();
    }
});
