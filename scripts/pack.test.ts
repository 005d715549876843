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
import { setImmediate } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { publicPackages, root } from "./lib/packages.ts";

const run = promisify(execFile);

/** The content of each file in a folder. */
const textsIn = (folder: string): Record<string, string> =>
  Object.fromEntries(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), "utf8")]));

describe("a build in a copy of the packages", { tags: "campaign" }, () => {
  let copy: string;
  // Other tests use dist.
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), "sockact-pack-"));
    mkdirSync(join(copy, "packages"));
    const copied = ["notify", "shared", "core"].map((name) => `packages/${name}`);
    for (const path of ["package.json", "tsconfig.base.json", "scripts", ...copied])
      cpSync(join(root, path), join(copy, path), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    // Without these, they would find the packages of this repository.
    for (const importer of ["core", "notify"]) {
      const modules = join(copy, "packages", importer, "node_modules/@sockact");
      mkdirSync(modules, { recursive: true });
      for (const name of ["notify", "shared"]) symlinkSync(join(copy, "packages", name), join(modules, name));
    }
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

  test("core is built from the sources of notify, whatever notify's dist holds", async () => {
    const dist = join(copy, "packages/notify/dist");
    for (const file of readdirSync(dist)) writeFileSync(join(dist, file), "}{ half of a file");
    await run("npm", ["run", "build"], { cwd: join(copy, "packages/core") });
    expect(textsIn(join(copy, "packages/core/dist"))).toEqual(textsIn(join(root, "packages/core/dist")));
  });

  test("while a package is built, each of its files is there at every moment, and whole", async () => {
    const dist = join(copy, "packages/notify/dist");
    const expected = textsIn(join(root, "packages/notify/dist"));
    for (const [file, text] of Object.entries(expected)) writeFileSync(join(dist, file), text);
    let isBuilding = true;
    const built = run("npm", ["run", "build"], { cwd: join(dist, "..") }).finally(() => (isBuilding = false));
    const seen = new Set<string>();
    while (isBuilding) {
      for (const [file, text] of Object.entries(expected)) {
        try {
          if (readFileSync(join(dist, file), "utf8") !== text) seen.add(`${file} is not whole`);
        } catch {
          seen.add(`${file} is missing`);
        }
      }
      await setImmediate();
    }
    await built;
    expect([...seen]).toEqual([]);
    expect(readdirSync(join(dist, "..")).filter((name) => name.startsWith(".build-"))).toEqual([]);
  });
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

test("the code is ASCII, so that V8 keeps each character in one byte", () => {
  const wide = publicPackages().flatMap(({ path }) =>
    Object.entries(textsIn(join(path, "dist")))
      .filter(([file, text]) => file.endsWith(".cjs") && /[^\0-\x7F]/.test(text))
      .map(([file]) => join(path, "dist", file)),
  );
  expect(wide).toEqual([]);
});

test("the main entry point of core has no code in which Node would have to search for exports", () => {
  const code = readFileSync(join(root, "packages/core/dist/index.cjs"), "utf8");
  expect(code).toContain("exports.listen = $main.listen;");
  expect(code).not.toContain("function");
});
