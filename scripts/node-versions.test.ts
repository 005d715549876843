import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { isTooOld, NODE_MAJORS, OLDEST_NODE } from "./lib/node-versions.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (file: string): string => readFileSync(root + file, "utf8");
const oldest = OLDEST_NODE.replace(/\.0$/, "");
const names = readdirSync(`${root}packages`);
const isPublic = (name: string): boolean =>
  !read(`packages/${name}/package.json`).includes('"private": true');

test.each(["package.json", ...names.map((name) => `packages/${name}/package.json`)])(
  "the engines of %s begin with the oldest Node",
  (manifest) => {
    const { engines } = JSON.parse(read(manifest)) as { engines: { node: string } };
    expect(engines.node).toBe(`>=${oldest}`);
  },
);

const readmes = names.filter(isPublic).map((name) => `packages/${name}/README.md`);

test("texts that name a minor version of the first major one mean the oldest Node", () => {
  const named = ["scripts/build.mjs", "README.md", ...readmes].flatMap((file) =>
    [...read(file).matchAll(new RegExp(`Node (?:≥ )?(${NODE_MAJORS[0]}\\.\\d+)`, "g"))].map(([, version]) => [
      file,
      version,
    ]),
  );
  expect(named.length).toBeGreaterThan(4);
  expect(named.filter(([, version]) => version !== oldest)).toEqual([]);
});

test("a workflow that names several major versions names each that is supported", () => {
  const folder = ".github/workflows/";
  const files = existsSync(root + folder) ? readdirSync(root + folder) : [];
  const matrices = files.flatMap((file) =>
    [...read(folder + file).matchAll(/\bnode: \[([^\]]+)\]/g)].map(([, list]) => [
      file,
      [...list!.matchAll(/[\d.]+/g)].flat(),
    ]),
  );
  expect(matrices).toEqual(matrices.map(([file]) => [file, NODE_MAJORS]));
});

describe("the oldest Node", () => {
  test("is of the first major version", () => {
    expect(OLDEST_NODE.split(".")[0]).toBe(NODE_MAJORS[0]);
  });

  test.each([
    ["18", true],
    ["20.9.0", true],
    ["20.18.3", true],
    ["20.19.0", false],
    ["20", false],
    ["20.20.2", false],
    ["100", false],
  ])("%s is older than it: %s", (version, expected) => {
    expect(isTooOld(version)).toBe(expected);
  });
});
