// How long the command line takes until it has printed its help, next to a Node that does nothing.
//
// npm run bench -- cli [--runs N] [--node 20,26] [--only TEXT] [--json]
//
// --runs N     rounds in which everything is measured once, 30 by default
// --node LIST  the major versions of Node, by default the one in use and 26; others come from npm
// --only TEXT  only what has TEXT in its name, and the arms that these are compared with
// --json       the figures as JSON
import { execFile } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Arm, armsNamed, compare, type Comparison } from "../lib/compare.ts";
import { readCompareOptions, report } from "../lib/options.ts";

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

const { runs, nodes, only, isJson } = readCompareOptions();
const comparisons: Comparison[] = [];
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
  comparisons.push(await compare(`The command line on Node ${major}`, armsNamed(arms, only), runs));
}
report(comparisons, isJson);
