import getReleasePlan from "@changesets/get-release-plan";
import { getDivergedCommit, isRepoShallow } from "@changesets/git";
import { commitOfVersion, isAcknowledged, manifestAt, newlyNamed } from "./changesets-in-history.ts";
import { git, gitLines } from "./git.ts";
import { type Package, packages, publicPackages } from "./packages.ts";
import { publishedChanges } from "./published-changes.ts";

/** A package whose published content has changed although no changeset names it. */
export interface MissingChangeset {
  name: string;
  changes: string[];
}

/**
 * The packages whose published content has changed since a branch or commit, although no changeset from that time names them. Without a branch or
 * commit, the check begins for each package at the commit that gave it its version, and every unreleased changeset counts.
 */
export async function missingChangesets(root: string, since?: string): Promise<MissingChangeset[]> {
  if (await isRepoShallow({ cwd: root })) {
    throw new Error(
      "This clone has only a part of the history, so the changes can't be found. Run `git fetch --unshallow`, or set `fetch-depth: 0` for actions/checkout.",
    );
  }
  const unreleased = (await getReleasePlan(root)).changesets;
  const start = since === undefined ? undefined : await commitBefore(root, since);
  const isNew = start === undefined ? () => true : newlyNamed(root, start);
  const all = packages(root);
  const published = publicPackages(root);
  for (const { id, releases } of unreleased) {
    if (releases.length > 0 && !releases.some(({ name }) => published.some((each) => each.name === name)))
      throw new Error(
        `.changeset/${id}.md names only private packages, so nobody would read it. Name the published package that changes, or remove the file.`,
      );
  }
  const named = new Set(
    unreleased.flatMap(({ id, releases }) =>
      releases.map(({ name }) => name).filter((name) => isNew(`.changeset/${id}.md`, name)),
    ),
  );
  const bases = published.map((each) => {
    const version = commitOfVersion(root, each, all);
    // The pull request that makes the versions has no changesets left.
    return { each, base: start && !(version && isAncestor(root, start, version)) ? start : version };
  });
  const byHand = bases.flatMap(({ each, base }) => versionByHand(root, each, base));
  if (byHand.length > 0)
    throw new Error(`${byHand.join("\n")}
Don't set a version by hand: restore the old one, and say in a changeset what changes. If \`npm run version-packages\` set it, commit all that it changed.`);
  return bases
    .filter(({ each }) => !named.has(each.name))
    .map(({ each, base }) => {
      const { name } = each;
      const changes = publishedChanges(root, each, all, base ?? emptyTree(root));
      return { name, changes: changes.length > 0 && !isAcknowledged(root, name, base) ? changes : [] };
    })
    .filter(({ changes }) => changes.length > 0);
}

/** The branch that the current one has left: `origin/main`, or `main` if that does not exist. Undefined on `main` itself, and without a branch. */
export function branchLeft(root: string): string | undefined {
  const current = git(root, "branch", "--show-current");
  if (current === "" || current === "main") return undefined;
  const refs = new Set(
    gitLines(root, "for-each-ref", "--format=%(refname)", "refs/remotes/origin/main", "refs/heads/main"),
  );
  if (refs.has("refs/remotes/origin/main")) return "origin/main";
  return refs.has("refs/heads/main") ? "main" : undefined;
}

/** The commit that a branch and this one have in common. */
async function commitBefore(root: string, since: string): Promise<string> {
  try {
    return await getDivergedCommit(root, since);
  } catch {
    throw new Error(
      `This clone has no branch or commit "${since}" that shares a commit with HEAD. Name one that exists, or fetch it: \`git fetch origin main\`.`,
    );
  }
}

/** A sentence for a version that is not the one at the base. */
function versionByHand(root: string, { folder, manifest }: Package, base: string | undefined): string[] {
  const file = `${folder}/package.json`;
  const before = base === undefined ? undefined : manifestAt(root, base, file)?.version;
  if (before === undefined || before === manifest.version) return [];
  return [`${file}: the version is ${manifest.version}, and no changeset has changed it from ${before}.`];
}

function isAncestor(root: string, older: string, newer: string): boolean {
  try {
    git(root, "merge-base", "--is-ancestor", older, newer);
    return true;
  } catch {
    return false;
  }
}

function emptyTree(root: string): string {
  return git(root, "hash-object", "-t", "tree", "/dev/null");
}
