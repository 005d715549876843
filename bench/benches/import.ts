// How long the import of each package takes, next to its peers.
//
// npm run bench -- import [--runs N] [--node 20,26] [--only TEXT] [--out FILE]
//
// Each import runs in a separate process, which has imported node:http and the framework before, as every app
// has.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Bench } from "../lib/bench.ts";
import { type Arm, armsNamed, compare } from "../lib/compare.ts";
import type { Figure, MeasuredTable } from "../lib/measured.ts";
import { fileOf, withPeers } from "../lib/peers.ts";

const run = promisify(execFile);
const program = fileOf("activation", "import.mjs");

/** The import that is measured, and the modules that the process has imported before. */
const imports: Record<string, [module: string, before: string[]]> = {
  "an empty module": ["./nothing.mjs", []],
  systemd: ["systemd", []],
  "systemd-socket": ["systemd-socket", []],
  "socket-activation": ["socket-activation", []],
  "sd-daemon": ["sd-daemon", []],
  "@sockact/core": ["@sockact/core", []],
  "@sockact/express": ["@sockact/express", ["express"]],
  "@sockact/koa": ["@sockact/koa", ["koa"]],
  "@sockact/fastify": ["@sockact/fastify", ["fastify"]],
  "@sockact/register": ["@sockact/register", []],
};

/** The peer with the shortest import. It has about 25 lines, and only reads a variable. */
const AGAINST = "systemd-socket";

const all = Object.entries(imports).map(([name, [module, before]]) => ({
  name,
  against: AGAINST,
  args: [program, module, "node:http", ...before],
}));

const figures: Figure[] = [
  { name: "import", unit: "ms", better: "lower" },
  { name: "CPU", unit: "ms", better: "lower" },
];

export const bench: Bench = {
  runs: 12,
  nodes: ["20", "26"],
  async measure({ runs, nodes, only }) {
    const chosen = await withPeers(armsNamed(all, only));
    const tables: MeasuredTable[] = [];
    for (const { major, binary } of nodes) {
      const arms = chosen.map(({ args, ...arm }): Arm => ({
        ...arm,
        measure: async () => JSON.parse((await run(binary, args)).stdout) as Record<string, number>,
      }));
      tables.push(await compare({ title: `Import on Node ${major}`, figures }, arms, runs));
    }
    return tables;
  },
};
