import { execFileSync } from "node:child_process";
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { describeWith } from "../packages/testkit/src/requires.ts";
import { git } from "./lib/git.ts";
import { branchLeft, missingChangesets } from "./lib/missing-changesets.ts";
import { changeset, ScratchRepository } from "./lib/scratch-repository.ts";

const core = { name: "@sockact/core", version: "0.1.0", files: ["adapter", "dist"] };
const koa = { name: "@sockact/koa", version: "0.1.0", dependencies: { "@sockact/core": "^0.1.0" } };
const coreFile = "packages/core/src/lib/listen.ts";
const notifyFile = "packages/notify/src/internal.ts";

/** Each of these starts dozens of processes. The gate runs the command on this repository. */
const campaign = { tags: "campaign" };

describeWith({ commands: ["git"] }, "npm run check:changesets", () => {
  /** A repository that has released 0.1.0. */
  let released: ScratchRepository;
  /** A copy of it. */
  let repository: ScratchRepository;

  beforeAll(() => {
    const manifests = (version: string): Record<string, object> => ({
      "packages/core/package.json": { ...core, version },
      "packages/koa/package.json": { ...koa, version, dependencies: { "@sockact/core": `^${version}` } },
      "packages/notify/package.json": { name: "@sockact/notify", version },
    });
    released = new ScratchRepository({
      "package.json": { name: "root", private: true, workspaces: ["packages/*"] },
      ".changeset/config.json": { changelog: false, privatePackages: { version: false, tag: false } },
      ...manifests("0.0.0"),
      "packages/core/adapter/package.json": {},
      [coreFile]: 'import { notify } from "@sockact/notify/internal";\nexport const listen = notify;\n',
      "packages/koa/src/index.ts": 'export { listen } from "@sockact/core";\n',
      [notifyFile]: "export const notify = 1;\n",
      "packages/testkit/package.json": { name: "@sockact/testkit", version: "0.0.0", private: true },
      "packages/testkit/src/index.ts": "export {};\n",
    });
    released.commit("Say it", {
      ".changeset/first.md": changeset({
        "@sockact/core": "minor",
        "@sockact/koa": "minor",
        "@sockact/notify": "minor",
      }),
    });
    rmSync(join(released.root, ".changeset/first.md"));
    released.commit("Release 0.1.0", manifests("0.1.0"));
    git(released.root, "branch", "released");
  });
  afterAll(() => released.remove());
  beforeEach(() => {
    repository = new ScratchRepository(released);
  });

  async function namesOf(since?: string): Promise<string[]> {
    return (await missingChangesets(repository.root, since)).map(({ name }) => name);
  }

  /** What is missing since the branch `released`, which must be the same since the last versions. */
  async function missing(): Promise<Record<string, string[]>> {
    const [branch, version] = [
      await missingChangesets(repository.root, "released"),
      await missingChangesets(repository.root),
    ];
    expect(version).toEqual(branch);
    return Object.fromEntries(branch.map(({ name, changes }) => [name, changes]));
  }

  describe("since a branch and since the last version", () => {
    it("changed, new and deleted sources need a changeset that names their package, and so do other published files", async () => {
      expect(await missing()).toEqual({});

      const adapter = "packages/core/adapter/package.json";
      repository.commit("Change", { [coreFile]: "export const listen = 2;\n", [adapter]: "[]" });
      rmSync(join(repository.root, "packages/koa/src/index.ts"));
      repository.write({ "packages/koa/src/größe.ts": "" });
      const needed = {
        "@sockact/core": [adapter, coreFile],
        "@sockact/koa": ["packages/koa/src/index.ts", "packages/koa/src/größe.ts"],
      };
      expect(await missing()).toEqual(needed);

      repository.write({ ".changeset/other.md": changeset({ "@sockact/notify": "minor" }) });
      expect(await missing()).toEqual(needed);
      repository.write({ ".changeset/core.md": changeset({ "@sockact/core": "patch" }) });
      expect(Object.keys(await missing())).toEqual(["@sockact/koa"]);
      repository.commit("Say it", { ".changeset/koa.md": changeset({ "@sockact/koa": "patch" }) });
      expect(await missing()).toEqual({});
    });

    it("published fields of a manifest need a changeset", campaign, async () => {
      const change = {
        ...koa,
        exports: { ".": "./dist/index.js" },
        engines: { node: ">=22" },
        dependencies: { ...koa.dependencies, ms: "^2.0.0" },
        peerDependencies: { koa: "^3.0.0" },
        scripts: { build: "b", postinstall: "p" },
        keywords: ["k"],
      };
      repository.commit("Change", { "packages/koa/package.json": change });
      expect(await missing()).toEqual({
        "@sockact/koa": [
          "packages/koa/package.json (dependencies, scripts, exports, engines, peerDependencies)",
        ],
      });
    });

    it("tests, READMEs, private packages, modes and what only people read in a manifest need no changeset", async () => {
      chmodSync(join(repository.root, coreFile), 0o755);
      repository.commit("Change", {
        "packages/core/src/lib/listen.test.ts": "",
        "packages/core/test/listen.test.ts": "",
        "packages/core/README.md": "# core",
        "packages/core/LICENSE": "MIT",
        "packages/core/package.json": {
          ...core,
          description: "d",
          keywords: ["k"],
          homepage: "h",
          repository: "r",
          license: "MIT",
          scripts: { build: "b" },
          devDependencies: { koa: "*" },
        },
        "packages/testkit/src/index.ts": "export const a = 1;\n",
      });
      expect(await missing()).toEqual({});
    });

    it("a source that the build puts into another package needs a changeset for both", campaign, async () => {
      repository.commit("Change", {
        [notifyFile]: "export const notify = 2;\n",
        ".changeset/change.md": changeset({ "@sockact/notify": "patch" }),
      });
      expect(await missing()).toEqual({
        "@sockact/core": [`${notifyFile} (the build puts it into @sockact/core)`],
      });
    });

    it("a new package needs a changeset", campaign, async () => {
      const manifest = "packages/hono/package.json";
      repository.commit("Change", {
        [manifest]: { name: "@sockact/hono" },
        "packages/hono/src/index.ts": "",
      });
      expect(await missing()).toEqual({
        "@sockact/hono": ["packages/hono/src/index.ts", `${manifest} (new)`],
      });
    });

    it("a changeset with `none` acknowledges a change, an empty changeset does not", campaign, async () => {
      repository.commit("Change", { [coreFile]: "// A comment\n", ".changeset/empty.md": changeset({}) });
      expect(Object.keys(await missing())).toEqual(["@sockact/core"]);
      repository.commit("Say it", { ".changeset/none.md": changeset({ "@sockact/core": "none" }) });
      expect(await missing()).toEqual({});
    });

    it("a changeset that names an unknown package is an error", campaign, async () => {
      repository.commit("Change", { ".changeset/typo.md": changeset({ "@sockact/cor": "patch" }) });
      await expect(missing()).rejects.toThrow(/typo.*@sockact\/cor/);
    });

    it("the commit that makes the versions needs no changeset", campaign, async () => {
      repository.commit("Change", {
        [coreFile]: "export const listen = 2;\n",
        ".changeset/change.md": changeset({ "@sockact/core": "minor" }),
      });
      repository.run("changeset", "version");
      repository.commit("Release");
      expect(git(repository.root, "show", "HEAD:packages/koa/package.json")).toContain('"^0.2.0"');
      expect(await missing()).toEqual({});
    });

    it("a version that was set by hand is refused, and hides no change", campaign, async () => {
      repository.commit("Change", {
        [coreFile]: "export const listen = 2;\n",
        "packages/core/package.json": { ...core, version: "0.2.0" },
        ".changeset/change.md": changeset({ "@sockact/core": "patch" }),
      });
      await expect(missing()).rejects.toThrow(/core\/package\.json: the version is 0\.2\.0.* from 0\.1\.0/);
      await expect(missingChangesets(repository.root)).rejects.toThrow("Don't set a version by hand");
      repository.commit("Undo it", { "packages/core/package.json": core });
      rmSync(join(repository.root, ".changeset/change.md"));
      expect(Object.keys(await missing())).toEqual(["@sockact/core"]);
    });

    it("a changeset that could not be parsed, and was repaired, names no package", campaign, async () => {
      repository.commit("Change", { ".changeset/change.md": "---\n@sockact/core: patch\n---\n" });
      repository.commit("Change", { [coreFile]: "// A comment\n", ".changeset/change.md": "--\n" });
      rmSync(join(repository.root, ".changeset/change.md"));
      repository.commit("Repair it");
      expect(Object.keys(await missing())).toEqual(["@sockact/core"]);
      repository.commit("Say it", { ".changeset/change.md": changeset({ "@sockact/core": "none" }) });
      expect(await missing()).toEqual({});
    });

    it("another build, or another bundler, needs a changeset for every package", campaign, async () => {
      const lockfile = (version: string): object => ({ packages: { "node_modules/rolldown": { version } } });
      repository.commit("Change", { "scripts/build.mjs": "", "package-lock.json": lockfile("1.2.0") });
      const changes = [
        "scripts/build.mjs (it makes the published files)",
        "package-lock.json (rolldown) (it makes the published files)",
      ];
      expect(await missing()).toEqual({
        "@sockact/core": changes,
        "@sockact/koa": changes,
        "@sockact/notify": changes,
      });
      const all = { "@sockact/core": "none", "@sockact/koa": "none", "@sockact/notify": "none" };
      repository.write({ ".changeset/none.md": changeset(all) });
      expect(await missing()).toEqual({});
    });

    it("a changeset that names only private packages is an error", campaign, async () => {
      repository.write({ ".changeset/private.md": changeset({ "@sockact/testkit": "patch" }) });
      await expect(missing()).rejects.toThrow(".changeset/private.md names only private packages");
    });

    it("a clone without its history is refused", campaign, async () => {
      const whole = repository;
      repository = new ScratchRepository({});
      git(repository.root, "fetch", "--quiet", "--depth=1", `file://${whole.root}`, "main");
      git(repository.root, "reset", "--quiet", "--hard", "FETCH_HEAD");
      await expect(missingChangesets(repository.root)).rejects.toThrow("fetch-depth: 0");
    });
  });

  describe("since a branch", () => {
    beforeEach(() => {
      repository.commit("Change", { ".changeset/before.md": changeset({ "@sockact/core": "patch" }) });
      git(repository.root, "checkout", "--quiet", "-b", "topic");
      repository.commit("Change", { [coreFile]: "export const listen = 2;\n" });
    });

    it("a changeset from before does not count, even if it is edited or renamed", campaign, async () => {
      expect(await namesOf("main")).toEqual(["@sockact/core"]);
      expect(await namesOf()).toEqual([]);
      repository.commit("Say more", {
        ".changeset/before.md": changeset({ "@sockact/core": "minor" }, "Something changes.\n\nBoth do."),
      });
      expect(await namesOf("main")).toEqual(["@sockact/core"]);
      git(repository.root, "mv", ".changeset/before.md", ".changeset/renamed.md");
      repository.commit("Rename it");
      expect(await namesOf("main")).toEqual(["@sockact/core"]);
      repository.write({ ".changeset/new.md": changeset({ "@sockact/core": "patch" }) });
      expect(await namesOf("main")).toEqual([]);
    });

    it("a changeset from before counts for a package that it did not name before", campaign, async () => {
      repository.commit("Change koa", {
        "packages/koa/src/index.ts": "export {};\n",
        ".changeset/before.md": changeset({ "@sockact/core": "patch", "@sockact/koa": "patch" }),
      });
      expect(await namesOf("main")).toEqual(["@sockact/core"]);
    });

    it("what the branch has changed since counts, and no change of the other branch", campaign, async () => {
      git(repository.root, "checkout", "--quiet", "main");
      repository.commit("Change", { "packages/koa/src/index.ts": "export {};\n" });
      git(repository.root, "checkout", "--quiet", "topic");
      expect(await namesOf("main")).toEqual(["@sockact/core"]);
    });
  });

  describe("the branch that a branch has left", () => {
    it("is origin/main, or main where that does not exist", () => {
      git(repository.root, "checkout", "--quiet", "-b", "topic");
      expect(branchLeft(repository.root)).toBe("main");
      git(repository.root, "update-ref", "refs/remotes/origin/main", "HEAD");
      expect(branchLeft(repository.root)).toBe("origin/main");
    });

    it("is unknown on main, without a branch, and in a clone that has no main", campaign, () => {
      git(repository.root, "update-ref", "refs/remotes/origin/main", "HEAD");
      expect(branchLeft(repository.root)).toBeUndefined();
      git(repository.root, "checkout", "--quiet", "--detach");
      expect(branchLeft(repository.root)).toBeUndefined();
      git(repository.root, "update-ref", "-d", "refs/remotes/origin/main");
      git(repository.root, "branch", "--quiet", "--move", "main", "topic");
      git(repository.root, "checkout", "--quiet", "topic");
      expect(branchLeft(repository.root)).toBeUndefined();
    });
  });

  describe("since the last version", () => {
    it("each package counts from its own version", campaign, async () => {
      repository.commit("Change core", { [coreFile]: "export const listen = 2;\n" });
      repository.commit("Say it", { ".changeset/koa.md": changeset({ "@sockact/koa": "patch" }) });
      rmSync(join(repository.root, ".changeset/koa.md"));
      repository.commit("Release koa", { "packages/koa/package.json": { ...koa, version: "0.1.1" } });
      expect(await namesOf()).toEqual(["@sockact/core"]);
    });

    it("a package without a release counts from the beginning", campaign, async () => {
      git(repository.root, "checkout", "--quiet", "HEAD~2");
      expect(await namesOf()).toEqual(["@sockact/core", "@sockact/koa", "@sockact/notify"]);
    });

    it("a change that was acknowledged stays so when another package is released", campaign, async () => {
      repository.commit("Change", {
        [coreFile]: "// A comment\n",
        ".changeset/none.md": changeset({ "@sockact/core": "none" }),
        ".changeset/koa.md": changeset({ "@sockact/koa": "patch" }),
      });
      repository.run("changeset", "version");
      repository.commit("Release koa");
      expect(git(repository.root, "ls-files", ".changeset")).toBe(".changeset/config.json");
      expect(await namesOf()).toEqual([]);
    });

    it("a changeset that is in a prerelease already does not count", campaign, async () => {
      repository.run("changeset", "pre", "enter", "next");
      repository.write({ ".changeset/change.md": changeset({ "@sockact/core": "minor" }) });
      repository.run("changeset", "version");
      repository.commit("Release a prerelease");
      expect(await namesOf()).toEqual([]);
      repository.commit("Change", { [coreFile]: "export const listen = 2;\n" });
      expect(await namesOf()).toEqual(["@sockact/core"]);
    });
  });

  describe("the command", () => {
    const script = fileURLToPath(new URL("./check-changesets.ts", import.meta.url));
    const check = (env: Record<string, string>, ...args: string[]): { status: number; text: string } => {
      const { GITHUB_BASE_REF: _, ...rest } = process.env;
      const tsx = fileURLToPath(new URL("../node_modules/.bin/tsx", import.meta.url));
      const options = { cwd: repository.root, encoding: "utf8", stdio: "pipe" } as const;
      try {
        return {
          status: 0,
          text: execFileSync(tsx, [script, ...args], { ...options, env: { ...rest, ...env } }),
        };
      } catch (error) {
        const { status, stderr } = error as { status: number; stderr: string };
        return { status, text: stderr };
      }
    };

    it("in a pull request looks at what has changed since the target branch, and says what to do", () => {
      git(repository.root, "update-ref", "refs/remotes/origin/main", "HEAD");
      repository.commit("Change", { [coreFile]: "export const listen = 2;\n" });
      const { status, text } = check({ GITHUB_BASE_REF: "main" });
      expect(status).toBe(1);
      expect(text).toContain(`@sockact/core\n  ${coreFile}\n`);
      expect(text).toContain("npm run changeset");
    });

    it("on main passes if each package has a changeset since its last version", campaign, () => {
      repository.commit("Change", {
        [coreFile]: "export const listen = 2;\n",
        ".changeset/change.md": changeset({ "@sockact/core": "patch" }),
      });
      expect(check({})).toEqual({
        status: 0,
        text: "Each changed package has a changeset (since the last version of each).\n",
      });
    });

    it("says that there is no such branch", campaign, () => {
      expect(check({}, "--since", "nowhere")).toEqual({
        status: 1,
        text: expect.stringContaining('no branch or commit "nowhere"') as string,
      });
    });

    it("says what is wrong with its options", campaign, () => {
      expect(check({}, "--sinse")).toEqual({
        status: 1,
        text: expect.stringMatching(/--sinse[^]*--since REF/) as string,
      });
    });
  });
});
