import { readdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runProgram } from "./run-program.ts";

/** Clones the last commit of the repository, and installs its dependencies. */
export async function copyRepository(repository: string, copy: string): Promise<void> {
  await runProgram(["git", "clone", "--quiet", repository, copy], { cwd: repository });
  const repositoryOfCopy = (await git(copy, "rev-parse", "--absolute-git-dir")).trim();
  if (repositoryOfCopy !== join(realpathSync(copy), ".git"))
    throw new Error(
      `In ${copy}, git uses ${repositoryOfCopy}. Unset GIT_DIR and the other variables of git.`,
    );
  // Nothing in the copy can push to the original.
  await git(copy, "remote", "remove", "origin");
  await git(copy, "checkout", "--quiet", "-B", "main");
  await git(copy, "config", "user.name", "release:check");
  await git(copy, "config", "user.email", "release-check@localhost");
  await git(copy, "config", "commit.gpgSign", "false");
  await git(copy, "config", "tag.gpgSign", "false");
  await runProgram(["npm", "ci", "--prefer-offline"], { cwd: copy });
}

/** Whether the working tree has uncommitted changes, which the copy does not have. */
export async function isDirty(repository: string): Promise<boolean> {
  return (await git(repository, "status", "--porcelain")) !== "";
}

/**
 * Gives the packages of a copy their next versions, as the pull request of changesets does, and commits that.
 */
export async function versionPackages(copy: string): Promise<void> {
  // Right after a release there is nothing to version, so the check publishes that release's versions.
  if (!readdirSync(join(copy, ".changeset")).some((file) => file.endsWith(".md") && file !== "README.md"))
    return;
  await runProgram(["npm", "run", "version-packages"], { cwd: copy });
  await git(copy, "add", "--all");
  await git(copy, "commit", "--quiet", "--message=Version packages");
  // The release installs with the lockfile, which must fit the new versions.
  await runProgram(["npm", "ci", "--dry-run"], { cwd: copy });
}

/** Adds a changeset to a copy: the next release is a minor one of these packages. */
export async function addMinorChangeset(copy: string, ...names: string[]): Promise<void> {
  const bumps = names.map((name) => `"${name}": minor\n`).join("");
  writeFileSync(join(copy, ".changeset/minor-of-the-check.md"), `---\n${bumps}---\n\nA minor release.\n`);
  await git(copy, "add", ".changeset");
  await git(copy, "commit", "--quiet", "--message=A minor release");
}

function git(cwd: string, ...args: string[]): Promise<string> {
  return runProgram(["git", ...args], { cwd });
}
