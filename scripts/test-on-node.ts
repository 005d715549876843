import process from "node:process";
import { fail, nodeBinary } from "./lib/node-binary.ts";
import { isTooOld, NODE_MAJORS, OLDEST_NODE } from "./lib/node-versions.ts";
import { writeRows } from "./lib/tested-table.ts";
import { countOfSkipped, skippedText } from "./lib/test-counts.ts";
import { nodeTable, type NodeRun, runVitest } from "./lib/vitest-on-node.ts";

const all = [OLDEST_NODE, ...NODE_MAJORS];
const HELP = `npm run test:on-node -- [versions of Node] [arguments of vitest]

Runs the tests on other versions of Node, which come from npm. The whole suite writes a row for each Node into docs/tested.md.

  npm run test:on-node                        the whole suite on Node ${all.join(", ")}
  npm run test:on-node -- packages/koa        a part of it on each of them
  npm run test:on-node -- 22 24               the whole suite on the newest Node 22 and the newest Node 24
  npm run test:on-node -- ${OLDEST_NODE} packages/koa`;

const args = process.argv.slice(2);
if (args[0] === "--help" || args[0] === "-h") {
  console.log(HELP);
  process.exit(0);
}
const other = args.findIndex((argument) => !/^v?\d+(\.\d+\.\d+)?$/.test(argument));
const named = args.slice(0, other === -1 ? args.length : other).map((version) => version.replace("v", ""));
const rest = other === -1 ? [] : args.slice(other);
if (/^v?\d/.test(rest[0] ?? "")) {
  fail(
    `"${rest[0]}" is not a version of Node. Write major versions, such as 22, or exact ones, such as ${OLDEST_NODE}, with a space between them.`,
  );
}
const tooOld = named.find(isTooOld);
if (tooOld) fail(`Node ${tooOld} is too old: sockact supports Node ${OLDEST_NODE} and later.`);
if (process.platform !== "linux") fail(`The tests need Linux, and this is ${process.platform}.`);

const runs: NodeRun[] = [];
for (const node of (named.length > 0 ? named : all).map((version) => nodeBinary(version))) {
  const run = await runVitest(node, rest);
  if (run === "interrupted") process.exit(1);
  if (run === "no report") {
    // The other Nodes would fail in the same way.
    console.error("Vitest has ended without a report. What it says above is why.");
    process.exitCode = 1;
    break;
  }
  runs.push(run);
}
for (const run of runs) {
  const skipped = countOfSkipped(run);
  console.log(
    `Node ${run.version}: ${run.isPassed ? "passed" : "FAILED"}; ${run.passed} passed, ${run.failed} failed, ${skipped} skipped${skipped > 0 ? ` (${skippedText(run)})` : ""}`,
  );
  // CI keeps the last lines of a log.
  for (const name of run.failures) console.log(`  failed: ${name}`);
}
if (rest.length === 0 && runs.length > 0) {
  writeRows("node", nodeTable(runs, new Date()), (version) =>
    version === OLDEST_NODE ? version : (version.split(".")[0] ?? ""),
  );
}
if (runs.some(({ isPassed }) => !isPassed)) process.exitCode = 1;
