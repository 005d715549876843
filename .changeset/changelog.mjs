// Writes the entries of the changelogs, with links to the commit and the pull request of each change. It asks no server, so versions can be
// made without a network and without a token. Plain JavaScript: `changeset version` loads it.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { relative } from "node:path";

const manifest = JSON.parse(readFileSync("package.json", "utf8"));
const repository = manifest.repository.url.replaceAll(/^git\+|\.git$/g, "");

/** The links to the pull request and the commit, or nothing while the changeset is not committed. */
function linksTo(commit) {
  if (!commit) return "";
  const subject = execFileSync("git", ["log", "-1", "--format=%s", commit], { encoding: "utf8" });
  // GitHub puts the number at the end. A revert quotes the subject of the reverted commit, with a number too.
  const number = /.*\(#(\d+)\)/.exec(subject)?.[1];
  const pull = number ? `[#${number}](${repository}/pull/${number}) ` : "";
  return `${pull}[\`${commit.slice(0, 7)}\`](${repository}/commit/${commit}): `;
}

/** One change, as an item of a list. */
async function getReleaseLine({ commit, summary }) {
  return `- ${linksTo(commit)}${summary.trim().replaceAll("\n", "\n  ")}`;
}

/** The packages of this repository whose new versions a package depends on, as an item of a list. */
async function getDependencyReleaseLine(_changesets, dependencies) {
  if (dependencies.length === 0) return "";
  const links = dependencies.map(({ name, newVersion, dir }) => {
    const changelog = `${repository}/blob/main/${relative(process.cwd(), dir)}/CHANGELOG.md`;
    return `[${name} ${newVersion}](${changelog}#${newVersion.replaceAll(".", "")})`;
  });
  return `- Depends on ${links.join(", ")}`;
}

export default { getReleaseLine, getDependencyReleaseLine };
