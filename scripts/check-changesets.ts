// npm run check:changesets: fails if the published content of a package has changed and no changeset names the package.
import process from "node:process";
import { parseArgs } from "node:util";
import { branchLeft, type MissingChangeset, missingChangesets } from "./lib/missing-changesets.ts";

const HELP = `npm run check:changesets [-- --since REF]

Fails if the published content of a package has changed, and no changeset names the package.

  --since REF   looks at what this branch has changed since it left REF, such as origin/main.
                The changeset must be from since then.

Without --since, it looks at a pull request since it left its target branch (GITHUB_BASE_REF), and at
another branch since it left origin/main, or main where there is no origin/main.
On main, without a branch, and where neither exists, it looks at each package since its last version.
Then any changeset counts that has not been released.`;

function textOf(missing: readonly MissingChangeset[], compared: string): string {
  const lists = missing.map(({ name, changes }) => `${name}\n${changes.map((it) => `  ${it}\n`).join("")}`);
  return `These packages have changed, and no changeset names them (${compared}):

${lists.join("\n")}
Run \`npm run changeset\`, choose the packages, and commit the file that it writes.
If users do not notice the change, write \`none\` for the package: .changeset/README.md shows how.`;
}

try {
  const { values } = parseArgs({
    options: { since: { type: "string" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) {
    console.log(HELP);
  } else {
    const target = process.env["GITHUB_BASE_REF"];
    const since = values.since ?? (target ? `origin/${target}` : branchLeft(process.cwd()));
    const compared =
      since === undefined ? "since the last version of each" : `since this branch left ${since}`;
    const missing = await missingChangesets(process.cwd(), since);
    if (missing.length > 0) throw new Error(textOf(missing, compared));
    console.log(`Each changed package has a changeset (${compared}).`);
  }
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  console.error(code?.startsWith("ERR_PARSE_ARGS") ? `${message}\n\n${HELP}` : message);
  process.exitCode = 1;
}
