// npm run check:changesets: fails if the sources of a published package have changed and no changeset names
// the package.
import process from "node:process";
import getReleasePlan from "@changesets/get-release-plan";
import { getChangedPackagesSinceRef } from "@changesets/git";
import { git } from "./lib/git.ts";
import { bundledNames, packages } from "./lib/packages.ts";

/**
 * The files of a package that npm publishes, or that the build makes them from. check:published compares the
 * manifests.
 */
const PUBLISHED = ["src/**", "!**/*.test.ts", "adapter/**", "bin/**"];

/**
 * The target branch of a pull request, or `origin/main` on another branch. On main, the last commit that has
 * made versions, or the first commit.
 */
function sinceWhen(cwd: string): { since: string; isMain: boolean } {
  const target = process.env["GITHUB_BASE_REF"];
  if (target) return { since: `origin/${target}`, isMain: false };
  const isMain = ["", "main"].includes(git(cwd, "branch", "--show-current"));
  if (!isMain) return { since: "origin/main", isMain };
  const versions = git(cwd, "log", "-1", "--format=%H", "--", "packages/*/CHANGELOG.md");
  return { since: versions || git(cwd, "rev-list", "--max-parents=0", "HEAD"), isMain };
}

const cwd = process.cwd();
const { since, isMain } = sinceWhen(cwd);
// On main, every changeset counts that is not released. Elsewhere, those since the branch began.
const { changesets } = await getReleasePlan(cwd, isMain ? undefined : since);
const named = new Set(changesets.flatMap(({ releases }) => releases.map(({ name }) => name)));
const changed = new Set(
  (await getChangedPackagesSinceRef({ cwd, ref: since, changedFilePatterns: PUBLISHED })).map(
    ({ packageJson }) => packageJson.name,
  ),
);
const all = packages(cwd);
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
} else console.log(`Each package that has changed since ${since} has a changeset.`);
