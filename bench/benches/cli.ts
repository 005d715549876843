// How long the command line takes until it has printed its help, next to a Node that does nothing.
//
// npm run bench -- cli [--runs N] [--node 20,26] [--only TEXT] [--out FILE]
import { execFile } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Bench } from "../lib/bench.ts";
import { type Arm, armsNamed, compare } from "../lib/compare.ts";
import type { Figure, MeasuredTable } from "../lib/measured.ts";

const run = promisify(execFile);
const sockact = fileURLToPath(new URL("../../packages/cli/bin/sockact.cjs", import.meta.url));

const NOTHING = "node -e 0";
const arguments_: Record<string, string[]> = {
  [NOTHING]: ["-e", "0"],
  "sockact --help": [sockact, "--help"],
  "sockact run --help": [sockact, "run", "--help"],
};

// A file of certificates takes longer to read than everything that is measured here.
const env = { ...process.env, NODE_EXTRA_CA_CERTS: undefined, NODE_OPTIONS: undefined };

const figures: Figure[] = [{ name: "whole process", unit: "ms", better: "lower" }];

export const bench: Bench = {
  runs: 10,
  nodes: ["20", "26"],
  isExtra: true,
  async measure({ runs, nodes, only }) {
    const tables: MeasuredTable[] = [];
    for (const { major, binary } of nodes) {
      const arms = Object.entries(arguments_).map(([name, args]): Arm => ({
        name,
        against: NOTHING,
        async measure() {
          const started = performance.now();
          await run(binary, args, { env });
          return { "whole process": performance.now() - started };
        },
      }));
      const title = `The command line on Node ${major}`;
      tables.push(await compare({ title, figures }, armsNamed(arms, only), runs));
    }
    return tables;
  },
};
