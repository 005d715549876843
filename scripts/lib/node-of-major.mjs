// The other majors of Node, which are those of the npm package node-linux-<arch>. Plain JavaScript that imports only Node.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const cache = fileURLToPath(new URL("../../node_modules/.cache/test-node", import.meta.url));
const library = `node-linux-${process.arch}`;

/** Says what is wrong, and ends the process. */
export function fail(message) {
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

/** The `node` of this major version. It is installed once: remove the cache folder for a newer version. */
export function nodeOfMajor(major) {
  const home = join(cache, major);
  const bin = join("node_modules", library, "bin");
  if (existsSync(join(home, bin, "node"))) return join(home, bin, "node");

  const answer = npm("view", `${library}@${major}`, "version", "--json");
  if (answer.code === "E404") fail(`Node ${major} can't be run: npm has no ${library}@${major}.`);
  if (!answer.ok) fail(`npm could not be asked for Node ${major} (${answer.code}): is there a network?`);
  const versions = [JSON.parse(answer.stdout)].flat();
  const version = versions.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);

  console.error(`Installing Node ${version} …`);
  // Under another name until it is complete, so that an interrupted install is not used.
  const incomplete = `${home}.${process.pid}`;
  mkdirSync(incomplete, { recursive: true });
  const installed = npm("install", "--prefix", incomplete, "--no-package-lock", `${library}@${version}`);
  if (installed.ok && existsSync(join(incomplete, bin, "node"))) {
    rmSync(home, { recursive: true, force: true });
    renameSync(incomplete, home);
    return join(home, bin, "node");
  }
  rmSync(incomplete, { recursive: true, force: true });
  return fail(`Node ${version} could not be installed (${installed.code}): is there a network?`);
}
