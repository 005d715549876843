import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = `${root}docs/tested.md`;

/** Replaces a table of docs/tested.md: `name` is what its two comments say. The first row is the heading. */
export function writeTestedTable(name: "node" | "systemd", rows: readonly (readonly string[])[]): void {
  const [heading = [], ...rest] = rows;
  const lines = [heading, heading.map(() => "---"), ...rest].map((cells) => `| ${cells.join(" | ")} |`);
  const text = readFileSync(page, "utf8");
  const between = new RegExp(`(?<=<!-- ${name} -->\n)[^]*(?=<!-- /${name} -->)`);
  if (!between.test(text)) throw new Error(`docs/tested.md has no <!-- ${name} --> and <!-- /${name} -->`);
  writeFileSync(
    page,
    text.replace(between, () => `\n${lines.join("\n")}\n\n`),
  );
  execFileSync("npx", ["oxfmt", page], { cwd: root });
}
