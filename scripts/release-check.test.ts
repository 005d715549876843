import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { startProcess } from "../packages/testkit/src/app-process.ts";
import { clearFolder } from "./lib/release-check/clear-folder.mjs";
import { consumersOf, FRAMEWORKS } from "./lib/release-check/consumers.ts";
import { firstAndLast } from "./lib/release-check/framework-versions.ts";
import { checkDestinations } from "./lib/release-check/release.ts";
import { makeRunFolder } from "./lib/release-check/run-folder.ts";

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

describe("in a folder", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sockact-release-check-test-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("every process that runs there ends, also the child of one that has ended, and the folder goes", async () => {
    // The child tells its process ID when its parent has ended.
    const child = `const poll = setInterval(() => {
        if (process.ppid !== Number(process.argv[1])) console.log(process.pid), clearInterval(poll);
      }, 5);
      setInterval(() => {}, 1e9);`;
    const sleeper = `require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(child)}, String(process.pid)], { stdio: "inherit", detached: true }).unref()`;
    await using program = startProcess([process.execPath, "-e", sleeper], { cwd: folder });
    const pid = Number(await program.line(/^\d+$/));
    await clearFolder(folder);
    expect(existsSync(folder)).toBe(false);
    // A zombie has no such link.
    expect(() => readlinkSync(`/proc/${pid}/cwd`)).toThrow("ENOENT");
    expect(await program.ended).toBe(0);
  });

  test("a run removes what is left of one that was killed with all its processes, and then its own folder", async () => {
    vi.stubEnv("TMPDIR", folder);
    const parent = join(folder, `sockact-release-check-${process.getuid?.()}`);
    // No process can have this pid.
    const left = join(parent, "4194305-left");
    mkdirSync(left, { recursive: true });
    const run = await makeRunFolder({ keep: false });
    vi.unstubAllEnvs();
    expect(existsSync(left)).toBe(false);
    expect(dirname(run.path)).toBe(parent);
    await run.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a folder that is kept stays", async () => {
    vi.stubEnv("TMPDIR", folder);
    const run = await makeRunFolder({ keep: true });
    vi.unstubAllEnvs();
    await run.close();
    expect(existsSync(run.path)).toBe(true);
  });

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
