import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { describeWith, type Requirements } from "../packages/testkit/src/requires.ts";
import { git } from "./lib/git.ts";
import { root, rootManifest } from "./lib/packages.ts";
import { environmentFor } from "./lib/release-check/registry.ts";
import { checkDestinations } from "./lib/release-check/release.ts";
import { copyRepository } from "./lib/release-check/repository-copy.ts";
import { runProgram } from "./lib/release-check/run-program.ts";
import { ScratchRepository } from "./lib/scratch-repository.ts";

interface FakeRegistry extends AsyncDisposable {
  url: string;
  /** Each request, such as "PUT /@sockact/core". */
  requests: string[];
  /** The names of the packages that the registry has in version 1.0.0. Publishing adds to them. */
  has: Set<string>;
}

async function startFakeRegistry(): Promise<FakeRegistry> {
  const requests: string[] = [];
  const has = new Set<string>();
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url?.split("?")[0] ?? "");
    const name = path.slice(1);
    requests.push(`${request.method} ${path}`);
    request.resume().once("end", () => {
      if (request.method === "PUT") has.add(name);
      const versions = { "1.0.0": { name, version: "1.0.0", dist: { tarball: "http://127.0.0.1:1/" } } };
      const found = { name, "dist-tags": { latest: "1.0.0" }, versions };
      response.statusCode = has.has(name) ? 200 : 404;
      response.end(JSON.stringify(has.has(name) ? found : { error: "not found" }));
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    has,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await once(server.close(), "close");
    },
  };
}

const campaign: Requirements = { commands: ["git"], tags: "campaign" };
const NAMES = ["@sockact/core", "sockact"];
const TAGS = NAMES.map((name) => `${name}@1.0.0`);
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sockact-release-test-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A repository with the release command of this one, and two packages whose `prepack` fails. */
function repositoryToRelease(): ScratchRepository {
  const packages = NAMES.map((name) => [
    `packages/${name.split("/").at(-1)}/package.json`,
    { name, version: "1.0.0", scripts: { prepack: "exit 1" }, publishConfig: { access: "public" } },
  ]);
  const { version, packageManager } = rootManifest;
  const { release } = rootManifest.scripts as { release: string };
  const scratch = new ScratchRepository({
    "package.json": {
      name: "scratch",
      private: true,
      version,
      packageManager,
      workspaces: ["packages/*"],
      scripts: { release },
    },
    "turbo.json": { tasks: { build: {}, "lint:package": {} } },
    ".changeset/config.json": { baseBranch: "main", access: "public" },
    ...Object.fromEntries(packages),
  });
  symlinkSync(join(root, "node_modules"), join(scratch.root, "node_modules"));
  return scratch;
}

/**
 * Makes the settings of this machine send the scope to a registry, and returns the variables that hide these
 * settings.
 */
function sendScopeTo(url: string): { PREFIX: string } {
  mkdirSync(join(folder, "prefix/etc"), { recursive: true });
  writeFileSync(join(folder, "prefix/etc/npmrc"), `@sockact:registry=${url}\n`);
  return { PREFIX: join(folder, "prefix") };
}

describeWith(campaign, "npm run release", () => {
  test("publishes without building again, and to the registry of the check, whatever npm's global settings say", async () => {
    await using local = await startFakeRegistry();
    await using world = await startFakeRegistry();
    const { root: cwd } = repositoryToRelease();
    const env = { ...environmentFor(local.url, { folder, published: NAMES }), ...sendScopeTo(world.url) };
    await checkDestinations(cwd, { url: local.url, env });
    await runProgram(["npm", "run", "release"], { cwd, env });
    expect(local.requests).toEqual(expect.arrayContaining(NAMES.map((name) => `PUT /${name}`)));
    expect(world.requests).toEqual([]);
    expect(git(cwd, "tag").split("\n")).toEqual(TAGS);
  });

  test("names the tags that are missing after one that was stopped between npm and git", async () => {
    await using local = await startFakeRegistry();
    for (const name of NAMES) local.has.add(name);
    const { root: cwd } = repositoryToRelease();
    git(cwd, "tag", "sockact@1.0.0");
    const env = environmentFor(local.url, { folder, published: NAMES });
    const output = await runProgram(["npm", "run", "release"], { cwd, env });
    // changesets/action searches the output with this expression.
    expect(output.match(/New tag:\s+(@[^/]+\/[^@]+|[^/]+)@([^\s]+)/g)).toEqual([
      "New tag:  @sockact/core@1.0.0",
    ]);
    expect(local.requests.filter((request) => request.startsWith("PUT"))).toEqual([]);
  });
});

describeWith(campaign, "release:check", () => {
  test("publishes nothing when npm would use another registry", async () => {
    await using world = await startFakeRegistry();
    const { root: cwd } = repositoryToRelease();
    const url = "http://127.0.0.1:1/";
    const env = {
      ...environmentFor(url, { folder, published: NAMES }),
      ...sendScopeTo(world.url),
      npm_config_globalconfig: undefined,
      "npm_config_@sockact:registry": undefined,
    };
    await expect(checkDestinations(cwd, { url, env })).rejects.toThrow(
      `npm would publish to ${world.url} and not to ${url}: its setting @sockact:registry says so.`,
    );
  });

  test("leaves the repository of a git hook as it is", async () => {
    const hooked = new ScratchRepository({ "a.txt": "a" });
    git(hooked.root, "remote", "add", "origin", "https://example.com/origin.git");
    const scratch = new ScratchRepository({
      "package.json": { name: "scratch", version: "1.0.0" },
      "package-lock.json": { name: "scratch", version: "1.0.0", lockfileVersion: 3, packages: {} },
    });
    const state = (): string =>
      ["config --list --local", "for-each-ref", "status --short", "log"]
        .map((command) => git(hooked.root, ...command.split(" ")))
        .join("\n");
    const before = state();
    const copy = join(folder, "copy");
    process.env["GIT_DIR"] = join(hooked.root, ".git");
    process.env["GIT_INDEX_FILE"] = join(hooked.root, ".git/index");
    try {
      await copyRepository(scratch.root, copy);
      scratch.commit("Another");
      scratch.run("git", "tag", "made-by-run");
    } finally {
      delete process.env["GIT_DIR"];
      delete process.env["GIT_INDEX_FILE"];
    }
    expect(state()).toBe(before);
    expect(existsSync(join(copy, "package.json"))).toBe(true);
    const tags = execFileSync("git", ["tag"], { cwd: scratch.root, encoding: "utf8" });
    expect(tags).toBe("made-by-run\n");
  });
});
