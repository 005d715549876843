import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  type Manifest,
  type Package,
  packages,
  publicPackages,
  root,
  rootManifest,
  webAddress,
} from "./lib/packages.ts";

const forUsers = [
  "cli",
  "core",
  "express",
  "fastify",
  "koa",
  "notify",
  "prove",
  "register",
  "testing",
  "units",
  "websocket",
].map((name) => `packages/${name}`);
/** The dependencies that each of these packages may have. The other packages may have none. */
const allowedDependencies: Record<string, string[]> = {
  "packages/cli": ["@clack/prompts", "chokidar", "cli-table3", "commander", "diff", "jiti"],
  "packages/express": ["@sockact/core"],
  "packages/fastify": ["@sockact/core"],
  "packages/koa": ["@sockact/core"],
  "packages/prove": ["@sockact/testing", "sockact"],
  "packages/websocket": ["@sockact/core"],
  "packages/testing": ["@sockact/units", "autocannon", "close-with-grace", "koffi", "ws"],
};
/** The scripts that npm runs when it installs the package from npm or from git. */
const installScripts = ["preinstall", "install", "postinstall", "prepare"];
const license = readFileSync(join(root, "LICENSE"), "utf8");

function sameText(file: string, text: string): boolean {
  return existsSync(file) && readFileSync(file, "utf8") === text;
}

/** The rules for a published package. Each says whether a package keeps it. */
function rulesOf({ folder, manifest }: Package): Record<string, boolean> {
  const dependencies = [
    ...Object.keys(manifest.dependencies ?? {}),
    ...Object.keys(manifest.optionalDependencies ?? {}),
    ...(manifest.bundleDependencies ?? []),
  ];
  return {
    "description says in 50 to 200 characters what the package is for": /^.{50,200}$/.test(
      manifest.description ?? "",
    ),
    "keywords has socket-activation or sd_notify, and systemd":
      ["socket-activation", "sd_notify"].some((word) => manifest.keywords?.includes(word)) &&
      manifest.keywords?.includes("systemd") === true,
    "keywords is sorted": String(manifest.keywords) === String(manifest.keywords?.toSorted()),
    [`homepage is ${webAddress}/tree/main/${folder}#readme`]:
      manifest.homepage === `${webAddress}/tree/main/${folder}#readme`,
    [`bugs is ${rootManifest.bugs}`]: manifest.bugs === rootManifest.bugs,
    [`license is ${rootManifest.license}`]: manifest.license === rootManifest.license,
    [`author is ${rootManifest.author}`]: manifest.author === rootManifest.author,
    "repository is that of the root, with the directory":
      JSON.stringify(manifest.repository) ===
      JSON.stringify({ ...rootManifest.repository, directory: folder }),
    "LICENSE is the one of the root": sameText(join(root, folder, "LICENSE"), license),
    "README.md begins with the name of the package":
      existsSync(join(root, folder, "README.md")) &&
      readFileSync(join(root, folder, "README.md"), "utf8").startsWith(`# ${manifest.name}\n`),
    "files has dist, and no sources":
      manifest.files?.includes("dist") === true && !manifest.files.includes("src"),
    "publishConfig.access is public": manifest.publishConfig?.access === "public",
    [`engines.node is ${rootManifest.engines?.node}`]: manifest.engines?.node === rootManifest.engines?.node,
    "type is module": manifest.type === "module",
    "sideEffects is true or false": typeof manifest.sideEffects === "boolean",
    "no script runs when the package is installed": installScripts.every(
      (name) => manifest.scripts?.[name] === undefined,
    ),
    "prepack builds": manifest.scripts?.["prepack"] === "npm run build",
    [`dependencies has nothing but ${allowedDependencies[folder]?.join() ?? "none"}`]: dependencies.every(
      (name) => allowedDependencies[folder]?.includes(name),
    ),
  };
}

function violationsOf(each: Package): string[] {
  return Object.entries(rulesOf(each)).flatMap(([rule, isKept]) => (isKept ? [] : `${each.folder}: ${rule}`));
}

test("only the packages for users can be published", () => {
  expect(rootManifest.private).toBe(true);
  expect(publicPackages().map(({ folder }) => folder)).toEqual(forUsers);
});

test("the package.json of the repository says where it is", () => {
  expect(webAddress).toMatch(/^https:\/\/github\.com\/[\w-]+\/[\w-]+$/);
  expect(rootManifest).toMatchObject({
    homepage: `${webAddress}#readme`,
    bugs: `${webAddress}/issues`,
    repository: { type: "git", url: `git+${webAddress}.git` },
  });
});

test("every published package.json keeps the rules", () => {
  expect(publicPackages().flatMap(violationsOf)).toEqual([]);
});

test("a package.json that breaks every rule is reported for each of them", () => {
  const express = packages().find(({ folder }) => folder === "packages/express")!;
  const scripts = { postinstall: "node build.js" };
  const manifest: Manifest = { keywords: ["b", "a"], dependencies: { express: "^5.0.0" }, scripts };
  const broken = { ...express, folder: "packages/none", manifest };
  expect(violationsOf(broken)).toHaveLength(Object.keys(rulesOf(broken)).length);
});

// Otherwise each command would install everything again, under the tests that run.
test("package-lock.json is as npm writes it", () => {
  const packagesOf = (file: string): Record<string, unknown> =>
    (JSON.parse(readFileSync(join(root, file), "utf8")) as { packages: Record<string, unknown> }).packages;
  expect(packagesOf("package-lock.json")).toMatchObject(packagesOf("node_modules/.package-lock.json"));
});
