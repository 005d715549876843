import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWith } from "../packages/testkit/src/requires.ts";
import { git, gitLines } from "./lib/git.ts";
import { type Package, packages, publicPackages, root } from "./lib/packages.ts";
import { changeset, ScratchRepository } from "./lib/scratch-repository.ts";

const adapters = ["@sockact/express", "@sockact/fastify", "@sockact/koa", "@sockact/websocket"];

/** The files that `changeset version` and npm read in a repository. */
const read = [
  "package.json",
  "*/package.json",
  "package-lock.json",
  ".changeset",
  ".oxfmtrc*",
  ".npmrc",
  ".gitignore",
];

/**
 * A copy of the manifests of this repository, as they are in the working tree, and of its changesets'
 * configuration.
 */
let copy: ScratchRepository;

/** Gives all public packages one version, and begins anew from there. */
function beginWith(version: string): void {
  git(copy.root, "reset", "--quiet", "--hard", "copy");
  git(copy.root, "clean", "--quiet", "-d", "--force");
  const names = new Set(publicPackages(copy.root).map(({ name }) => name));
  for (const { name: own, folder, manifest } of packages(copy.root)) {
    if (names.has(own)) manifest.version = version;
    for (const ranges of [manifest.dependencies, manifest.devDependencies]) {
      for (const [name, range] of Object.entries(ranges ?? {})) {
        if (ranges && names.has(name) && range !== "*") ranges[name] = `^${version}`;
      }
    }
    copy.write({ [join(folder, "package.json")]: manifest });
  }
  copy.commit(`Release ${version}`);
}

/**
 * Makes the versions of a changeset, and returns what has changed: the version of each package, and the range
 * of core in the adapters.
 */
function release(releases: Record<string, string>): Record<string, string | undefined> {
  const before = versionsOf(packages(copy.root));
  copy.write({ ".changeset/change.md": changeset(releases) });
  copy.run("changeset", "version");
  const after = versionsOf(packages(copy.root));
  return Object.fromEntries(Object.entries(after).filter(([name, version]) => before[name] !== version));
}

function versionsOf(all: readonly Package[]): Record<string, string | undefined> {
  return Object.fromEntries(
    all.map(({ name, manifest: { version, dependencies } }) => [
      name,
      adapters.includes(name) ? `${version}, core ${dependencies?.["@sockact/core"]}` : version,
    ]),
  );
}

const everyAdapter = (version: string): Record<string, string> =>
  Object.fromEntries(adapters.map((name) => [name, version]));

type Case = [what: string, from: string, releases: Record<string, string>, expected: Record<string, string>];

const usual: Case[] = [
  [
    "a minor of core gives the adapters a patch, which requires the new core",
    "0.1.0",
    { "@sockact/core": "minor" },
    { "@sockact/core": "0.2.0", ...everyAdapter("0.1.1, core ^0.2.0") },
  ],
  [
    "from 1.0.0, a minor of core does not release the adapters, which accept it",
    "1.0.0",
    { "@sockact/core": "minor" },
    { "@sockact/core": "1.1.0" },
  ],
];

const others: Case[] = [
  [
    "a major of core gives the adapters a patch, unless they have their own changeset",
    "1.0.0",
    { "@sockact/core": "major", "@sockact/koa": "major" },
    {
      "@sockact/core": "2.0.0",
      ...everyAdapter("1.0.1, core ^2.0.0"),
      "@sockact/koa": "2.0.0, core ^2.0.0",
    },
  ],
  [
    "a patch of core does not release the adapters",
    "0.1.0",
    { "@sockact/core": "patch" },
    { "@sockact/core": "0.1.1" },
  ],
];

describeWith({ commands: ["git"] }, "the versions that a changeset makes", () => {
  beforeAll(() => {
    copy = new ScratchRepository({});
    for (const file of gitLines(root, "ls-files", "--", ...read)) {
      const isPending = /^\.changeset\/(?!README).*\.md$|^\.changeset\/pre\.json$/.test(file);
      if (isPending || !existsSync(join(root, file))) continue;
      mkdirSync(dirname(join(copy.root, file)), { recursive: true });
      copyFileSync(join(root, file), join(copy.root, file));
    }
    copy.commit("Copy");
    git(copy.root, "tag", "copy");
  });
  afterAll(() => copy.remove());

  test.each(usual)("%s", (_what, from, releases, expected) => {
    beginWith(from);
    expect(release(releases)).toEqual(expected);
  });

  test.each(others)("%s", { tags: "campaign" }, (_what, from, releases, expected) => {
    beginWith(from);
    expect(release(releases)).toEqual(expected);
  });
});
