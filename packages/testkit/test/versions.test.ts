import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { getPackages, type Package } from "@manypkg/get-packages";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { git, gitLines } from "../../../scripts/lib/git.ts";
import { changeset, ScratchRepository } from "../src/scratch-repository.ts";

const original = fileURLToPath(new URL("../../..", import.meta.url));
const adapters = ["@sockact/express", "@sockact/fastify", "@sockact/koa"];

/** A copy of this repository, as it is in the working tree, without its changesets. */
let copy: ScratchRepository;

beforeAll(() => {
  copy = new ScratchRepository({});
  for (const file of gitLines(original, "ls-files")) {
    const isPending = /^\.changeset\/(?!README).*\.md$|^\.changeset\/pre\.json$/.test(file);
    if (isPending || !existsSync(join(original, file))) continue;
    mkdirSync(dirname(join(copy.root, file)), { recursive: true });
    copyFileSync(join(original, file), join(copy.root, file));
  }
  copy.commit("Copy");
  git(copy.root, "tag", "copy");
});
afterAll(() => copy.remove());

const isPublic = ({ packageJson }: Package) => packageJson.private !== true;

/** Gives all public packages one version, and begins anew from there. */
async function beginWith(version: string): Promise<void> {
  git(copy.root, "reset", "--quiet", "--hard", "copy");
  git(copy.root, "clean", "--quiet", "-d", "--force");
  const { packages } = await getPackages(copy.root);
  const names = new Set(packages.filter(isPublic).map(({ packageJson }) => packageJson.name));
  for (const { dir, packageJson } of packages) {
    if (names.has(packageJson.name)) packageJson.version = version;
    for (const ranges of [packageJson.dependencies, packageJson.devDependencies]) {
      for (const [name, range] of Object.entries(ranges ?? {})) {
        if (ranges && names.has(name) && range !== "*") ranges[name] = `^${version}`;
      }
    }
    copy.write({ [join(dir.slice(copy.root.length), "package.json")]: packageJson });
  }
  copy.commit(`Release ${version}`);
}

/** Makes the versions of a changeset, and returns what has changed: the version of each package, and the range of core in the adapters. */
async function release(releases: Record<string, string>): Promise<Record<string, string>> {
  const before = versionsOf((await getPackages(copy.root)).packages);
  copy.write({ ".changeset/change.md": changeset(releases) });
  copy.run("changeset", "version");
  const after = versionsOf((await getPackages(copy.root)).packages);
  return Object.fromEntries(Object.entries(after).filter(([name, version]) => before[name] !== version));
}

function versionsOf(packages: readonly Package[]): Record<string, string> {
  return Object.fromEntries(
    packages.map(({ packageJson: { name, version, dependencies } }) => [
      name,
      adapters.includes(name) ? `${version}, core ${dependencies?.["@sockact/core"]}` : version,
    ]),
  );
}

const everyAdapter = (version: string): Record<string, string> =>
  Object.fromEntries(adapters.map((name) => [name, version]));

describe("the versions that a changeset makes", () => {
  it.each([
    [
      "a minor of core is a patch of the adapters, which then need the new core",
      "0.1.0",
      { "@sockact/core": "minor" },
      { "@sockact/core": "0.2.0", ...everyAdapter("0.1.1, core ^0.2.0") },
    ],
    [
      "from 1.0.0, a minor of core is no release of the adapters, which accept it",
      "1.0.0",
      { "@sockact/core": "minor" },
      { "@sockact/core": "1.1.0" },
    ],
    [
      "a patch of core is no release of the adapters",
      "0.1.0",
      { "@sockact/core": "patch" },
      { "@sockact/core": "0.1.1" },
    ],
    [
      "a major of core is a patch of the adapters, unless they have a changeset of their own",
      "1.0.0",
      { "@sockact/core": "major", "@sockact/koa": "major" },
      {
        "@sockact/core": "2.0.0",
        ...everyAdapter("1.0.1, core ^2.0.0"),
        "@sockact/koa": "2.0.0, core ^2.0.0",
      },
    ],
    [
      "notify and units are released alone",
      "0.1.0",
      { "@sockact/notify": "patch", "@sockact/units": "minor" },
      { "@sockact/notify": "0.1.1", "@sockact/units": "0.2.0" },
    ],
    ["`none` is no release", "0.1.0", { "@sockact/core": "none" }, {}],
    ["a private package has no release", "0.1.0", { "@sockact/testkit": "minor" }, {}],
  ])("%s", async (_what, from, releases, expected) => {
    await beginWith(from);
    expect(await release(releases)).toEqual(expected);
  });
});

it("version-packages needs no network, keeps the lockfile in step, and formats what it writes", async () => {
  await beginWith("0.1.0");
  copy.run("npm", "install", "--package-lock-only", "--ignore-scripts", "--offline");
  copy.commit("The lockfile");
  copy.write({ ".changeset/change.md": changeset({ "@sockact/core": "minor" }, "A change:\n* one\n* two") });
  copy.commit("Change (#12)");

  copy.run("env", "npm_config_offline=true", "npm", "run", "version-packages");

  const changelog = readFileSync(join(copy.root, "packages/core/CHANGELOG.md"), "utf8");
  expect(changelog).toContain("https://github.com/sockact/sockact/pull/12");
  copy.run("oxfmt", "--check");
  const lockfile = JSON.parse(readFileSync(join(copy.root, "package-lock.json"), "utf8")) as {
    packages: Record<string, { version: string; dependencies?: Record<string, string> }>;
  };
  expect(lockfile.packages["packages/core"]?.version).toBe("0.2.0");
  expect(lockfile.packages["packages/koa"]?.dependencies).toEqual({ "@sockact/core": "^0.2.0" });

  copy.commit("Release");
  copy.run("changeset", "tag");
  const { packages } = await getPackages(copy.root);
  const released = packages
    .filter(isPublic)
    .map(({ packageJson: { name, version } }) => `${name}@${version}`);
  expect(git(copy.root, "tag", "--list", "*@*").split("\n")).toEqual(released.toSorted());
}, 120_000);
