// How long the import of each package takes, next to its peers.
//
// npm run bench -- import [--runs N] [--node 20,26] [--only TEXT] [--json]
//
// --runs N     rounds in which everything is measured once, 30 by default
// --node LIST  the major versions of Node, by default the one in use and 26; others come from npm
// --only TEXT  only what has TEXT in its name, and the arms that these are compared with
// --json       the figures as JSON
//
// Each import runs in a separate process, which has imported node:http and the framework before, as every app has.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Arm, armsNamed, compare, type Comparison } from "../lib/compare.ts";
import { readCompareOptions, report } from "../lib/options.ts";

const run = promisify(execFile);
const program = fileURLToPath(new URL("../programs/import.mjs", import.meta.url));

/** The import that is measured, and the modules that the process has imported before. */
const imports: Record<string, [module: string, before: string[]]> = {
  "an empty module": ["./nothing.mjs", []],
  systemd: ["systemd", []],
  "systemd-socket": ["systemd-socket", []],
  "socket-activation": ["socket-activation", []],
  "@sockact/core": ["@sockact/core", []],
  "@sockact/express": ["@sockact/express", ["express"]],
  "@sockact/koa": ["@sockact/koa", ["koa"]],
  "@sockact/fastify": ["@sockact/fastify", ["fastify"]],
  "@sockact/register": ["@sockact/register", []],
};

/** The peer with the shortest import. It has about 25 lines, and only reads a variable. */
const AGAINST = "systemd-socket";

const { runs, nodes, only, isJson } = readCompareOptions();
const comparisons: Comparison[] = [];
for (const { major, binary } of nodes) {
  const arms = Object.entries(imports).map(([name, [module, before]]): Arm => {
    const args = [program, module, "node:http", ...before];
    return {
      name,
      against: AGAINST,
      measure: async () => JSON.parse((await run(binary, args)).stdout) as Record<string, number>,
    };
  });
  comparisons.push(await compare(`Import on Node ${major}`, armsNamed(arms, only), runs));
}
report(comparisons, isJson);
