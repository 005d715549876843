import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { consumersOf, FRAMEWORKS } from "./lib/release-check/consumers.ts";
import { firstAndLast } from "./lib/release-check/framework-versions.ts";
import { checkDestinations } from "./lib/release-check/release.ts";

describe("the consumers of a release", () => {
  const versions = { express: ["4.15.0", "5.3.0"], koa: ["2.1.0", "3.3.0"], fastify: ["4.0.0", "5.12.8"] };
  const titles = consumersOf(versions).map(({ title }) => title);

  test.each(FRAMEWORKS)(
    "%s: every version, package manager, Node and module system is there",
    (framework) => {
      const values = [
        ...versions[framework].map((version) => `${framework} ${version},`),
        ...["npm", "pnpm", "Yarn 1", "Yarn 4", "Yarn 4 PnP"].map((manager) => `, ${manager}, Node`),
        ...["20", "22", "24", "26"].map((node) => `Node ${node},`),
        "ES module",
        "CommonJS",
      ];
      const own = titles.filter((title) => title.startsWith(`${framework} `));
      expect(values.filter((value) => !own.some((title) => title.includes(value)))).toEqual([]);
    },
  );

  test("each TypeScript is tried with each framework", () => {
    const pairs = ["5.4", "5.9", "6.0", "7.0"].flatMap((version) =>
      FRAMEWORKS.map((framework) => `TypeScript ${version}, ${framework}`),
    );
    expect(pairs.filter((pair) => !titles.some((title) => title.startsWith(pair)))).toEqual([]);
  });

  test("no two have the same title, so --only can name one", () => {
    expect(new Set(titles).size).toBe(titles.length);
  });
});

test("the first and the last version of each major version are tried", () => {
  expect(firstAndLast(["4.9.0", "4.15.0", "4.22.3", "5.0.0", "6.0.0", "6.10.0", "6.9.0"])).toEqual([
    "4.9.0",
    "4.22.3",
    "5.0.0",
    "6.0.0",
    "6.10.0",
  ]);
});

describe("the destination", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sockact-release-check-test-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const local = { url: "http://127.0.0.1:1/", env: {} };
  const makeRepository = () =>
    writeFileSync(join(folder, "package.json"), '{ "name": "root", "workspaces": ["packages/*"] }');

  test.each(["registry", "@sockact:registry"])(
    "nothing is published when a publishConfig has %s",
    async (setting) => {
      makeRepository();
      mkdirSync(join(folder, "packages/core"), { recursive: true });
      const manifest = { name: "@sockact/core", publishConfig: { [setting]: "https://registry.npmjs.org" } };
      writeFileSync(join(folder, "packages/core/package.json"), JSON.stringify(manifest));
      await expect(checkDestinations(folder, local)).rejects.toThrow(/publishConfig of @sockact\/core/);
    },
  );

  test("nothing is published when the .npmrc names a registry", async () => {
    makeRepository();
    mkdirSync(join(folder, "packages"));
    writeFileSync(join(folder, ".npmrc"), "fund=false\n@sockact:registry=https://registry.npmjs.org\n");
    await expect(checkDestinations(folder, local)).rejects.toThrow(/\.npmrc/);
  });
});
