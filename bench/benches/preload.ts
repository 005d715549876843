// How much later an app starts with the preload: by --require, by --import, and next to the adapter of its framework.
//
// npm run bench -- preload [--runs N] [--node 20,26] [--only TEXT] [--json]
//
// --runs N     rounds in which everything is measured once, 30 by default
// --node LIST  the major versions of Node, by default the one in use and 26; others come from npm
// --only TEXT  only what has TEXT in its name, and the arms that these are compared with
// --json       the figures as JSON
//
// The apps are of Express, as ES modules and as CommonJS. Each is compared with the same app that calls `listen({ fd: 3 })`. "child" is a
// Node that the app starts and that does nothing. With NODE_OPTIONS, it loads the preload too. Without, it is bare Node. The bench measures the
// built packages.
import { execFile } from "node:child_process";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type ActivatedApp, socketActivator } from "../lib/activators.ts";
import { type Arm, armsNamed, compare, type Comparison } from "../lib/compare.ts";
import { readCompareOptions, report } from "../lib/options.ts";

const run = promisify(execFile);
const preload = fileURLToPath(
  new URL("dist/index.cjs", import.meta.resolve("@sockact/register/package.json")),
);
const byRequire = ["--require", preload];
const byImport = ["--import", "@sockact/register"];

/** Each arm: its name, its program in the folder apps, the arm that it is compared with, and the options of Node. */
const activated: [name: string, program: string, against: string, options?: string[]][] = [
  ["ESM", "express-node.mjs", "ESM"],
  ["ESM, adapter", "express.mjs", "ESM"],
  ["ESM, --require", "express-port.mjs", "ESM", byRequire],
  ["ESM, --import", "express-port.mjs", "ESM", byImport],
  ["CommonJS", "express-node.cjs", "CommonJS"],
  ["CommonJS, --require", "express-port.cjs", "CommonJS", byRequire],
  ["CommonJS, --import", "express-port.cjs", "CommonJS", byImport],
];

/** The first port. Each app listens on the next one. */
const FIRST_PORT = 18_200;

const { runs, nodes, only, isJson } = readCompareOptions();
const apps = activated.map(([name, program, against, options], index) => ({
  name,
  against,
  program: fileURLToPath(new URL(`../apps/${program}`, import.meta.url)),
  options,
  port: FIRST_PORT + index,
  isNotifying: false,
})) satisfies (ActivatedApp & { against: string })[];

/** How long a Node that does nothing takes from its start to its exit. It prints its CPU time itself. */
function child(node: string, name: string, NODE_OPTIONS?: string): Arm {
  const env = { ...process.env, NODE_OPTIONS };
  const say = "const { user, system } = process.cpuUsage(); process.stdout.write(String(user + system))";
  return {
    name,
    against: "child",
    async measure() {
      const before = performance.now();
      const { stdout } = await run(node, ["--eval", say], { env });
      return { "to exit": performance.now() - before, CPU: Number(stdout) / 1000 };
    },
  };
}

const comparisons: Comparison[] = [];
// Node looks for the bare name after --import in this folder.
process.chdir(fileURLToPath(new URL("..", import.meta.url)));
for (const { major, binary } of nodes) {
  await using activator = socketActivator(binary);
  const arms = [
    ...apps.map((app): Arm => ({ ...app, measure: () => activator.measure(app) })),
    child(binary, "child"),
    child(binary, "child, NODE_OPTIONS", `--require=${preload}`),
  ];
  comparisons.push(await compare(`Start with the preload on Node ${major}`, armsNamed(arms, only), runs));
}
report(comparisons, isJson);
