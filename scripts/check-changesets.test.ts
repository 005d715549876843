import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { describeWith } from "../packages/testkit/src/requires.ts";
import { git } from "./lib/git.ts";
import { root } from "./lib/packages.ts";
import { changeset, ScratchRepository } from "./lib/scratch-repository.ts";

const coreFile = "packages/core/src/lib/listen.ts";

/** The names of the packages without a changeset. */
function missingIn({ root: cwd }: ScratchRepository, env: Record<string, string> = {}): string[] {
  const command = ["--import", join(root, "node_modules/tsx/dist/loader.mjs")];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...command, join(root, "scripts/check-changesets.ts")],
    { cwd, encoding: "utf8", env: { ...process.env, GITHUB_BASE_REF: "", ...env } },
  );
  expect(stdout).toMatch(status === 0 ? /^Each package/ : /^$/);
  return stderr.match(/^ {2}\S+$/gm)?.map((line) => line.trim()) ?? [];
}

/** api/packages.json with this budget of the files that core loads, in bytes. */
function budgetOf(loaded: number): object {
  return { core: { budget: { loaded } } };
}

describeWith({ commands: ["git"] }, "npm run check:changesets", () => {
  /** A repository with one changeset, which its main branch has. */
  let main: ScratchRepository;
  /** A copy of it, on another branch. */
  let branch: ScratchRepository;

  beforeAll(() => {
    main = new ScratchRepository({
      "package.json": { name: "root", private: true, workspaces: ["packages/*"] },
      ".changeset/config.json": { changelog: "@changesets/cli/changelog" },
      "packages/core/package.json": {
        name: "core",
        version: "0.1.0",
        devDependencies: { notify: "*", shared: "*" },
      },
      [coreFile]: 'import "notify"; import "shared/texts";',
      "packages/koa/src/index.ts": "",
      "packages/koa/package.json": { name: "koa", version: "0.1.0", dependencies: { core: "^0.1.0" } },
      "packages/notify/src/index.ts": "",
      "packages/notify/package.json": { name: "notify", version: "0.1.0" },
      "packages/shared/src/texts.ts": "",
      "packages/shared/package.json": { name: "shared", version: "0.0.0", private: true },
      "packages/testkit/package.json": { name: "testkit", version: "0.0.0", private: true },
      "api/packages.json": budgetOf(1000),
    });
    main.commit("Change core", {
      [coreFile]: 'import "notify";\nimport "shared/texts";',
      ".changeset/before.md": changeset({ core: "patch" }),
    });
    git(main.root, "update-ref", "refs/remotes/origin/main", "HEAD");
  });
  afterAll(() => main.remove());
  beforeEach(() => {
    branch = new ScratchRepository(main);
    git(branch.root, "checkout", "--quiet", "-b", "topic");
  });

  test("a changed source needs a new changeset that names its package, with `none` too", () => {
    branch.commit("Change core again", {
      [coreFile]: "",
      ".changeset/koa.md": changeset({ koa: "patch" }),
    });
    expect(missingIn(branch)).toEqual(["core"]);
    expect(missingIn(branch, { GITHUB_BASE_REF: "main" })).toEqual(["core"]);
    branch.commit("Say it", { ".changeset/core.md": changeset({ core: "none" }) });
    expect(missingIn(branch)).toEqual([]);
  });

  test("a raised budget needs a new changeset that gives a size, and a lower one does not", () => {
    branch.commit("Grow", {
      "api/packages.json": budgetOf(1001),
      ".changeset/core.md": changeset({ core: "patch" }),
    });
    expect(missingIn(branch)).toEqual(["core"]);
    branch.commit("Say it", {
      ".changeset/core.md": changeset({ core: "patch" }, "It has 1 kB more for it."),
    });
    expect(missingIn(branch)).toEqual([]);
    branch.commit("Shrink", {
      "api/packages.json": budgetOf(999),
      ".changeset/core.md": changeset({ core: "patch" }),
    });
    expect(missingIn(branch)).toEqual([]);
  });

  test(
    "tests, READMEs and private packages need none, and code that is built into another package needs two",
    { tags: "campaign" },
    () => {
      branch.commit("Change what nobody installs", {
        "packages/core/README.md": "",
        "packages/core/src/lib/listen.test.ts": "",
        "packages/core/test/listen.test.ts": "",
        "packages/testkit/src/index.ts": "",
      });
      expect(missingIn(branch)).toEqual([]);
      branch.commit("Change what core contains", { "packages/shared/src/texts.ts": "\n" });
      expect(missingIn(branch)).toEqual(["core"]);
      branch.commit("Change notify", { "packages/notify/src/index.ts": "\n" });
      expect(missingIn(branch)).toEqual(["core", "notify"]);
    },
  );

  test(
    "on main, each changeset counts that is not released, and each change since the last versions",
    { tags: "campaign" },
    () => {
      git(branch.root, "checkout", "--quiet", "main");
      expect(missingIn(branch)).toEqual([]);
      rmSync(join(branch.root, ".changeset/before.md"));
      branch.commit("Lose it");
      expect(missingIn(branch)).toEqual(["core"]);
      branch.write({ ".changeset/again.md": changeset({ core: "patch" }) });
      branch.run("changeset", "version");
      branch.commit("Release");
      expect(missingIn(branch)).toEqual([]);
    },
  );
});
