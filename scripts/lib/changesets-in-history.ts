import parseChangeset from "@changesets/parse";
import { gitLines, textAt } from "./git.ts";
import type { Manifest, Package } from "./packages.ts";

type Release = ReturnType<typeof parseChangeset>["releases"][number];

/** A changeset that a commit has added or edited. */
interface Edit {
  readonly path: string;
  /** Its earlier path, which differs if it was renamed. Undefined for a new one. */
  readonly before: string | undefined;
}

const CHANGESETS = [":(glob).changeset/*.md", ":(exclude).changeset/README.md"];

/** A changeset is short, so a renamed and edited one may have little in common with the old one. */
const RENAMES = "--find-renames=30%";

/** The packages that a changeset names, each with the kind of its change. An old commit may have a changeset that can't be parsed: it was repaired later, and counts as naming none. */
function releasesIn(text: string | undefined): Release[] {
  try {
    return text === undefined ? [] : parseChangeset(text).releases;
  } catch {
    return [];
  }
}

/** A line of `git diff --name-status`. Undefined for a file that was deleted. */
function editOf(line: string): Edit | undefined {
  const [status = "", path = "", renamed] = line.split("\t");
  if (status === "D") return undefined;
  return { path: renamed ?? path, before: status === "A" ? undefined : path };
}

/** Whether a changeset names a package now, but did not at a commit or tree. That is so for a new file, but not for an old one that was renamed or got more text. */
export function newlyNamed(root: string, since: string): (path: string, name: string) => boolean {
  const lines = gitLines(root, "diff", "--name-status", RENAMES, since, "--", ...CHANGESETS);
  const added = gitLines(root, "ls-files", "--others", "--exclude-standard", "--", ...CHANGESETS);
  const edits = new Map(
    [...lines, ...added.map((path) => `A\t${path}`)].map(editOf).map((it) => [it?.path, it]),
  );
  return (path, name) => {
    const edit = edits.get(path);
    if (edit === undefined) return false;
    const old = edit.before === undefined ? [] : releasesIn(textAt(root, since, edit.before));
    return !old.some((release) => release.name === name);
  };
}

/**
 * Whether a changeset has begun to name the package with `none` since a commit, or ever. The next version of any package deletes such a changeset.
 */
export function isAcknowledged(root: string, name: string, since: string | undefined): boolean {
  const range = since === undefined ? "HEAD" : `${since}..HEAD`;
  const format = ["--format=commit %H", "--name-status", RENAMES];
  const acknowledges = (text: string | undefined): boolean =>
    releasesIn(text).some((release) => release.name === name && release.type === "none");
  let commit = "";
  return gitLines(root, "log", ...format, range, "--", ...CHANGESETS).some((line) => {
    if (line.startsWith("commit ")) {
      commit = line.slice("commit ".length);
      return false;
    }
    const edit = editOf(line);
    if (edit === undefined || !acknowledges(textAt(root, commit, edit.path))) return false;
    return edit.before === undefined || !acknowledges(textAt(root, `${commit}^`, edit.before));
  });
}

/** The last commit in which `changeset version` gave a package a version. Undefined if it never has. */
export function commitOfVersion(
  root: string,
  { name, folder }: Package,
  packages: readonly Package[],
): string | undefined {
  const file = `${folder}/package.json`;
  return gitLines(root, "log", "--format=%H", '-G"version":', "--", file).find((commit) => {
    const before = manifestAt(root, `${commit}^`, file)?.version;
    if (before === undefined || before === manifestAt(root, commit, file)?.version) return false;
    return isReleasedBy(root, commit, namesUsedUp(root, commit), name, packages);
  });
}

/** The packages that got a version from the changesets that a commit has removed. */
function namesUsedUp(root: string, commit: string): string[] {
  const parent = `${commit}^`;
  const deleted = gitLines(root, "diff", "--name-status", RENAMES, parent, commit, "--", ...CHANGESETS)
    .filter((line) => line.startsWith("D\t"))
    .map((line) => line.slice(2));
  // A prerelease keeps the files, and lists them in pre.json.
  const listed = usedInPrerelease(root, commit);
  const earlier = listed.length > 0 ? usedInPrerelease(root, parent) : [];
  const texts = [
    ...deleted.map((path) => textAt(root, parent, path)),
    ...listed.filter((path) => !earlier.includes(path)).map((path) => textAt(root, commit, path)),
  ];
  return texts
    .flatMap(releasesIn)
    .filter(({ type }) => type !== "none")
    .map(({ name }) => name);
}

/** Whether changesets that name these packages also give this one a version: it is one of them, or depends on one. */
function isReleasedBy(
  root: string,
  commit: string,
  names: readonly string[],
  name: string,
  packages: readonly Package[],
): boolean {
  if (names.length === 0 || names.includes(name)) return names.length > 0;
  const folder = packages.find((each) => each.name === name)?.folder;
  if (folder === undefined) return false;
  const { dependencies, peerDependencies } = manifestAt(root, commit, `${folder}/package.json`) ?? {};
  return Object.keys({ ...dependencies, ...peerDependencies }).some((dependency) =>
    isReleasedBy(root, commit, names, dependency, packages),
  );
}

function usedInPrerelease(root: string, commit: string): string[] {
  const { changesets = [] } = JSON.parse(textAt(root, commit, ".changeset/pre.json") ?? "{}") as {
    changesets?: string[];
  };
  return changesets.map((id) => `.changeset/${id}.md`);
}

/** The package.json in a commit or tree. */
export function manifestAt(root: string, commit: string, file: string): Manifest | undefined {
  const text = textAt(root, commit, file);
  return text === undefined ? undefined : (JSON.parse(text) as Manifest);
}
