// npm run test:node -- 22 24 [vitest arguments]: the whole test suite on other majors of Node, which are those of the npm package
// node-linux-<arch>. Plain JavaScript that imports only Node: the Node in use starts it.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const cache = join(process.cwd(), "node_modules/.cache/test-node");
const library = `node-linux-${process.arch}`;

function fail(message) {
  console.error(message);
  process.exit(1);
}

function npm(...args) {
  const { status, stdout, stderr, error } = spawnSync("npm", args, {
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
  });
  const code = error?.code ?? /npm error code (\S+)/.exec(stderr)?.[1] ?? `status ${status}`;
  return { ok: status === 0, stdout, code };
}

/** The folder with the `node` of this major, which is installed once: remove the cache folder for a newer version. */
function nodeFolder(major) {
  const home = join(cache, major);
  const bin = join("node_modules", library, "bin");
  if (existsSync(join(home, bin, "node"))) return join(home, bin);

  const answer = npm("view", `${library}@${major}`, "version", "--json");
  if (answer.code === "E404") fail(`There is no Node ${major} to run: npm has no ${library}@${major}.`);
  if (!answer.ok) fail(`npm could not be asked for Node ${major} (${answer.code}): is there a network?`);
  const versions = [JSON.parse(answer.stdout)].flat();
  const version = versions.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);

  console.error(`Installing Node ${version} …`);
  // Under another name until it is complete, so that an interrupted install is none.
  const incomplete = `${home}.${process.pid}`;
  mkdirSync(incomplete, { recursive: true });
  const installed = npm("install", "--prefix", incomplete, "--no-package-lock", `${library}@${version}`);
  if (installed.ok && existsSync(join(incomplete, bin, "node"))) {
    rmSync(home, { recursive: true, force: true });
    renameSync(incomplete, home);
    return join(home, bin);
  }
  rmSync(incomplete, { recursive: true, force: true });
  return fail(`Node ${version} could not be installed (${installed.code}): is there a network?`);
}

/** Runs the tests: this Node is what runs vitest, and the first `node` on the PATH of whatever the tests start. */
function runTests(folder, args) {
  const node = join(folder, "node");
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

const runs = majors.map(nodeFolder).map((folder) => runTests(folder, rest));
for (const { version, status } of runs) {
  console.error(`Node ${version}: ${status === 0 ? "passed" : `failed with status ${status}`}`);
}
process.exitCode = runs.find(({ status }) => status !== 0)?.status ?? 0;
