// How much later an app starts with the preload: by --require, by --import, and next to the adapter of its
// framework.
//
// npm run bench -- preload [--runs N] [--node 20,26] [--only TEXT] [--out FILE]
//
// The apps are of Express, as ES modules and as CommonJS. Each is compared with the same app that calls
// `listen({ fd: 3 })`. "child" is a Node that the app starts and that does nothing. With NODE_OPTIONS, it
// loads the preload too. Without, it is bare Node. The bench measures the built packages.
import { execFile } from "node:child_process";
import { performance } from "node:perf_hooks";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type ActivatedApp, socketActivator } from "../lib/activators.ts";
import type { Bench } from "../lib/bench.ts";
import { type Arm, armsNamed, compare } from "../lib/compare.ts";
import { START_FIGURES } from "../lib/figures.ts";
import type { Figure, MeasuredTable } from "../lib/measured.ts";

const run = promisify(execFile);
const preload = fileURLToPath(
  new URL("dist/index.cjs", import.meta.resolve("@sockact/register/package.json")),
);
const byRequire = ["--require", preload];
const byImport = ["--import", "@sockact/register"];

/**
 * Each arm: its name, its program in the folder apps, the arm that it is compared with, and the options of
 * Node.
 */
const activated: [name: string, program: string, against: string, options?: string[]][] = [
  ["ESM", "express-node.mjs", "ESM"],
  ["ESM, adapter", "express.mjs", "ESM"],
  ["ESM, --require", "express-port.mjs", "ESM", byRequire],
  ["ESM, --import", "express-port.mjs", "ESM", byImport],
  ["CommonJS", "express-node.cjs", "CommonJS"],
  ["CommonJS, --require", "express-port.cjs", "CommonJS", byRequire],
  ["CommonJS, --import", "express-port.cjs", "CommonJS", byImport],
];

const figures: Figure[] = [...START_FIGURES, { name: "to exit", unit: "ms", better: "lower" }];

const apps = activated.map(([name, program, against, options]) => ({
  name,
  against,
  program: fileURLToPath(new URL(`../apps/${program}`, import.meta.url)),
  options,
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

export const bench: Bench = {
  runs: 10,
  needs: ["systemd-socket-activate"],
  nodes: ["20", "26"],
  isExtra: true,
  async measure({ runs, nodes, only }) {
    // Node looks for the bare name after --import in this folder.
    process.chdir(fileURLToPath(new URL("..", import.meta.url)));
    const tables: MeasuredTable[] = [];
    for (const { major, binary } of nodes) {
      await using activator = socketActivator(binary);
      const arms = [
        ...apps.map((app): Arm => ({ ...app, measure: () => activator.measure(app) })),
        child(binary, "child"),
        child(binary, "child, NODE_OPTIONS", `--require=${preload}`),
      ];
      const title = `Start with the preload on Node ${major}`;
      tables.push(await compare({ title, figures }, armsNamed(arms, only), runs));
    }
    return tables;
  },
};
