// npm run check:changesets: fails if the published content of a package has changed and no changeset names the package.
import process from "node:process";
import { parseArgs } from "node:util";
import { type MissingChangeset, missingChangesets } from "./lib/missing-changesets.ts";

const HELP = `npm run check:changesets [-- --since REF]

Fails if the published content of a package has changed, and no changeset names the package.

  --since REF   looks at what this branch has changed since it left REF, such as origin/main.
                The changeset must be from since then.

Without --since it looks at a pull request since its target branch (GITHUB_BASE_REF), and otherwise
at each package since its last version. Then any changeset counts that has not been released.`;

function textOf(missing: readonly MissingChangeset[]): string {
  const lists = missing.map(({ name, changes }) => `${name}\n${changes.map((it) => `  ${it}\n`).join("")}`);
  return `These packages have changed, and no changeset names them:

${lists.join("\n")}
Run \`npm run changeset\`, choose the packages, and commit the file that it writes.
If users do not notice the change, write \`none\` for the package: .changeset/README.md shows how.`;
}

try {
  const { values } = parseArgs({
    options: { since: { type: "string" }, help: { type: "boolean", short: "h" } },
  });
  const target = process.env["GITHUB_BASE_REF"];
  const since = values.since ?? (target ? `origin/${target}` : undefined);
  if (values.help) {
    console.log(HELP);
  } else {
    const missing = await missingChangesets(process.cwd(), since);
    if (missing.length > 0) throw new Error(textOf(missing));
    console.log(`Each changed package has a changeset (since ${since ?? "its last version"}).`);
  }
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  console.error(code?.startsWith("ERR_PARSE_ARGS") ? `${message}\n\n${HELP}` : message);
  process.exitCode = 1;
}
