import getReleasePlan from "@changesets/get-release-plan";
import { getDivergedCommit, isRepoShallow } from "@changesets/git";
import parseChangeset from "@changesets/parse";
import { changedFiles, git, gitLines, textAt } from "./git.ts";
import { packages, publicPackages } from "./packages.ts";
import { commitOfVersion, publishedChanges } from "./published-changes.ts";

/** A package whose published content has changed, without a changeset that names it. */
export interface MissingChangeset {
  name: string;
  changes: string[];
}

/**
 * The packages whose published content has changed since a branch or commit, without a changeset from since then that names them. Without one, each package
 * is looked at since the commit that gave it its version, and any changeset counts that has not been released.
 */
export async function missingChangesets(root: string, since?: string): Promise<MissingChangeset[]> {
  if (await isRepoShallow({ cwd: root })) {
    throw new Error(
      "This clone has only a part of the history, so the changes can't be found. Run `git fetch --unshallow`, or set `fetch-depth: 0` for actions/checkout.",
    );
  }
  const unreleased = (await getReleasePlan(root)).changesets;
  const start = since === undefined ? undefined : await commitBefore(root, since);
  const recent = start && new Set(changedFiles(root, start));
  const named = new Set(
    unreleased
      .filter(({ id }) => !recent || recent.has(`.changeset/${id}.md`))
      .flatMap(({ releases }) => releases.map(({ name }) => name)),
  );
  const all = packages(root);
  return publicPackages(root)
    .filter(({ name }) => !named.has(name))
    .map((each) => {
      const { name } = each;
      const version = commitOfVersion(root, each);
      // The pull request that makes the versions has no changesets left.
      const base = start && !(version && isAncestor(root, start, version)) ? start : version;
      const changes = publishedChanges(root, each, all, base ?? emptyTree(root));
      return { name, changes: changes.length > 0 && !isAcknowledged(root, name, base) ? changes : [] };
    })
    .filter(({ changes }) => changes.length > 0);
}

/** The branch that the current one has left: `origin/main`, or `main` where that does not exist. Undefined on `main` itself, and without a branch. */
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

/** Whether a changeset has named the package with `none` since a commit. The next version, of whichever package, deletes such a changeset. */
function isAcknowledged(root: string, name: string, base: string | undefined): boolean {
  const range = base === undefined ? "HEAD" : `${base}..HEAD`;
  const added = gitLines(
    root,
    "log",
    "--diff-filter=AM",
    "--format=commit %H",
    "--name-only",
    range,
    "--",
    ".changeset/*.md",
  );
  let commit = "";
  return added.some((line) => {
    if (line.startsWith("commit ")) {
      commit = line.slice("commit ".length);
      return false;
    }
    if (line.endsWith("/README.md")) return false;
    const { releases } = parseChangeset(textAt(root, commit, line) ?? "");
    return releases.some((release) => release.name === name && release.type === "none");
  });
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
