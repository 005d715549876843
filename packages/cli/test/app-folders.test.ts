import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { appFolders } from "../src/lib/app/app-folders.ts";

/** A folder with these files and, for values that begin with `->`, links. */
function tree(entries: Record<string, string>): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "sockact-folders-")));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, content] of Object.entries(entries)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    if (content.startsWith("->")) symlinkSync(content.slice(2), join(root, path));
    else writeFileSync(join(root, path), content);
  }
  return root;
}

function foldersOf(root: string, folder: string, entry: string): { roots: string[]; packages: string[] } {
  const { roots, packages } = appFolders(join(root, folder), join(root, folder, entry));
  const inside = (paths: string[]) =>
    paths.filter((path) => path.startsWith(root)).map((path) => path.slice(root.length + 1));
  return { roots: inside(roots).toSorted(), packages: inside(packages) };
}

test("an app has its own folder", () => {
  const root = tree({ "shop/dist/server.js": "", "shop/node_modules/express/package.json": "{}" });
  expect(foldersOf(root, "shop", "dist/server.js")).toEqual({
    roots: ["shop"],
    packages: ["shop/node_modules"],
  });
});

test("an app of a workspace has the packages of the repository, and those that are links", () => {
  const root = tree({
    "repo/apps/shop/server.js": "",
    "repo/apps/shop/node_modules/left/package.json": "{}",
    "repo/node_modules/express/package.json": "{}",
    "repo/node_modules/@acme/tools": "->../../libraries/tools",
    "repo/libraries/tools/package.json": "{}",
    "repo/secrets/key": "",
  });
  expect(foldersOf(root, "repo/apps/shop", "server.js")).toEqual({
    roots: ["repo/apps/shop", "repo/libraries/tools", "repo/node_modules"],
    packages: ["repo/apps/shop/node_modules", "repo/node_modules"],
  });
});

test("an app of pnpm has the folders of its store", () => {
  const store = "store/v10/links/koa/3.0.0/node_modules";
  const root = tree({
    "shop/server.js": "",
    "shop/node_modules/koa": `->../../${store}/koa`,
    [`${store}/koa/package.json`]: "{}",
    [`${store}/debug`]: "->../../../debug/4.0.0/node_modules/debug",
    "store/v10/links/debug/4.0.0/node_modules/debug/package.json": "{}",
    "store/v10/files/x": "",
  });
  expect(foldersOf(root, "shop", "server.js").roots).toEqual([
    "shop",
    "store/v10/links/debug/4.0.0/node_modules",
    store,
  ]);
});

test("a dangling link is left out", () => {
  const root = tree({ "shop/server.js": "", "shop/node_modules/optional": "->../gone" });
  expect(foldersOf(root, "shop", "server.js").roots).toEqual(["shop"]);
});
