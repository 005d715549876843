// npm run test:node -- 22 24 [vitest arguments]: the whole test suite on other majors of Node, which are those of the npm package
// node-linux-<arch>. Plain JavaScript that imports only Node: the Node in use starts it.
import { spawnSync } from "node:child_process";
import { delimiter, dirname } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { fail, nodeOfMajor } from "./lib/node-of-major.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

/** Runs the tests: this Node is what runs vitest, and the first `node` on the PATH of whatever the tests start. */
function runTests(node, args) {
  const { stdout, error } = spawnSync(node, ["--version"], { encoding: "utf8" });
  if (error) fail(`${node}: ${error.message}`);
  console.error(`The tests on Node ${stdout.trim()} (${node}):`);
  const vitest = spawnSync(node, ["node_modules/vitest/vitest.mjs", "run", ...args], {
    stdio: "inherit",
    env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ""}` },
  });
  return { version: stdout.trim(), status: vitest.status ?? 1 };
}

const args = process.argv.slice(2);
const other = args.findIndex((argument) => !/^v?\d+$/.test(argument));
const majors = (other === -1 ? args : args.slice(0, other)).map((major) => major.replace("v", ""));
const rest = other === -1 ? [] : args.slice(other);
if (majors.length === 0) {
  fail("Which Node? Name one major version or more, as in: npm run test:node -- 22 24 [vitest arguments]");
}
if (process.platform !== "linux") fail(`The tests need Linux, and this is ${process.platform}.`);

const runs = majors.map(nodeOfMajor).map((node) => runTests(node, rest));
for (const { version, status } of runs) {
  console.error(`Node ${version}: ${status === 0 ? "passed" : `failed with status ${status}`}`);
}
process.exitCode = runs.find(({ status }) => status !== 0)?.status ?? 0;
