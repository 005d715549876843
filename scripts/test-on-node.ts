import { spawn } from "node:child_process";
import { delimiter, dirname } from "node:path";
import process from "node:process";
import { endingWithParent } from "../packages/testing/src/end-with-parent.ts";
import { finished } from "./lib/finished.ts";
import { fail, nodeBinary } from "./lib/node-binary.ts";
import { isTooOld, NODE_MAJORS, OLDEST_NODE } from "./lib/node-versions.ts";
import { root } from "./lib/packages.ts";
import { type Place, runInPlaces } from "./lib/test-runs.ts";

const all = [OLDEST_NODE, ...NODE_MAJORS];
const HELP = `npm run test:on-node -- [versions of Node] [arguments of vitest]

Runs the tests of npm test on other versions of Node, which come from npm. Without arguments of vitest, it writes a row for each Node into docs/tested.md.

  npm run test:on-node                        on Node ${all.join(", ")}
  npm run test:on-node -- packages/koa        a part of them on each of these
  npm run test:on-node -- 22 24               on the newest Node 22 and the newest Node 24
  npm run test:on-node -- ${OLDEST_NODE} packages/koa`;

/** A Node, which is also first on the PATH of the programs that the tests start. */
function placeOf(version: string, binary: string): Place {
  const env = { ...process.env, PATH: `${dirname(binary)}${delimiter}${process.env["PATH"] ?? ""}` };
  return {
    cells: [version],
    async run(command) {
      const [program = "", ...args] = endingWithParent(command);
      return (await finished(spawn(program, args, { cwd: root, stdio: "inherit", env }))).status;
    },
  };
}

const args = process.argv.slice(2);
if (args[0] === "--help" || args[0] === "-h") {
  console.log(HELP);
  process.exit(0);
}
const other = args.findIndex((argument) => !/^v?\d+(\.\d+\.\d+)?$/.test(argument));
const named = args.slice(0, other === -1 ? args.length : other).map((version) => version.replace("v", ""));
const rest = args.slice(named.length);
if (/^v?\d/.test(rest[0] ?? "")) {
  fail(
    `"${rest[0]}" is not a version of Node. Write major versions, such as 22, or exact ones, such as ${OLDEST_NODE}, with a space between them.`,
  );
}
const tooOld = named.find(isTooOld);
if (tooOld) fail(`Node ${tooOld} is too old: sockact supports Node ${OLDEST_NODE} and later.`);
if (process.platform !== "linux") fail(`The tests need Linux, and this is ${process.platform}.`);

const binaries = (named.length > 0 ? named : all).map((version) => nodeBinary(version));
async function* places(): AsyncGenerator<Place> {
  for (const binary of binaries) {
    const asked = await finished(spawn(binary, ["--version"]));
    yield placeOf(asked.stdout.trim().replace("v", ""), binary);
  }
}
await runInPlaces(places(), rest, {
  heading: ["Node"],
  key: (version) => (version === OLDEST_NODE ? version : (version.split(".")[0] ?? "")),
});
