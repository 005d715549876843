// npm run check:changesets: fails if the sources of a published package have changed and no changeset names
// the package, or if a budget of its size was raised and no changeset of it gives a size.
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import getReleasePlan from "@changesets/get-release-plan";
import { getChangedPackagesSinceRef } from "@changesets/git";
import { git } from "./lib/git.ts";
import { bundledNames, packages } from "./lib/packages.ts";

/** The files of a package that npm publishes, and their sources. check:published compares the manifests. */
const PUBLISHED = ["src/**", "!**/*.test.ts", "adapter/**", "bin/**"];

/**
 * The target branch of a pull request, or `origin/main` on another branch. On main, the last commit that
 * changed the versions, or the first commit.
 */
function sinceWhen(cwd: string): { since: string; isMain: boolean } {
  const target = process.env["GITHUB_BASE_REF"];
  if (target) return { since: `origin/${target}`, isMain: false };
  const isMain = ["", "main"].includes(git(cwd, "branch", "--show-current"));
  if (!isMain) return { since: "origin/main", isMain };
  const versions = git(cwd, "log", "-1", "--format=%H", "--", "packages/*/CHANGELOG.md");
  return { since: versions || git(cwd, "rev-list", "--max-parents=0", "HEAD"), isMain };
}

/** Reads the size budgets of each package from the JSON of api/packages.json. */
function budgets(json: string): Record<string, { budget: Record<string, number> } | undefined> {
  return JSON.parse(json || "{}") as ReturnType<typeof budgets>;
}

/** Reads a file as it was in a commit. Returns an empty string if the commit does not have it. */
function contentAt(cwd: string, commit: string, file: string): string {
  return git(cwd, "ls-tree", "--name-only", commit, file) && git(cwd, "show", `${commit}:${file}`);
}

const cwd = process.cwd();
const { since, isMain } = sinceWhen(cwd);
// On main, every unreleased changeset counts. Elsewhere, those since the branch began.
const { changesets } = await getReleasePlan(cwd, isMain ? undefined : since);
const named = new Set(changesets.flatMap(({ releases }) => releases.map(({ name }) => name)));
const changed = new Set(
  (await getChangedPackagesSinceRef({ cwd, ref: since, changedFilePatterns: PUBLISHED })).map(
    ({ packageJson }) => packageJson.name,
  ),
);
const all = packages(cwd);
const SIZES = "api/packages.json";
const before = budgets(contentAt(cwd, since, SIZES));
const now = budgets(existsSync(SIZES) ? readFileSync(SIZES, "utf8") : "");
/** Changesets with the growth of a package. */
const withSizes = changesets.filter(({ summary }) => /\d (?:kB|bytes)\b/.test(summary));
const grown = Object.keys(before).filter(
  (name) =>
    Object.entries(now[name]?.budget ?? {}).some(
      ([size, most]) => most > (before[name]?.budget[size] ?? most),
    ) && !withSizes.some(({ releases }) => releases.some((release) => release.name === name)),
);
const missing = all
  .filter(({ manifest }) => manifest.private !== true)
  .filter((each) => [each.name, ...bundledNames(each, all)].some((name) => changed.has(name)))
  .filter(({ name }) => !named.has(name));
if (missing.length > 0) {
  console.error(`These packages have changed since ${since}, or contain one that has, and no changeset names them:
${missing.map(({ name }) => `  ${name}\n`).join("")}
Run \`npm run changeset\`, choose the packages, and commit the file that it writes.
If users do not notice the change, write \`none\` for the package: .changeset/README.md shows how.`);
  process.exitCode = 1;
}
if (grown.length > 0) {
  console.error(`The budgets of these packages were raised since ${since}, and no changeset says by how much and for what:
${grown.map((name) => `  ${name}\n`).join("")}
Add a sentence to a changeset of the package: "The package has 2 kB more for it."`);
  process.exitCode = 1;
}
if (process.exitCode === undefined)
  console.log(`Each package that has changed since ${since} has a changeset.`);
