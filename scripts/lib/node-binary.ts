import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const cache = fileURLToPath(new URL("../../node_modules/.cache/test-node", import.meta.url));
const library = `node-linux-${process.arch}`;

/** Says what is wrong, and ends the process. */
export function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

function npm(...args: string[]): { ok: boolean; stdout: string; code: string } {
  const { status, stdout, stderr, error } = spawnSync("npm", args, {
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
  });
  const { code = /npm error code (\S+)/.exec(stderr)?.[1] ?? `status ${status}` } = (error ??
    {}) as NodeJS.ErrnoException;
  return { ok: status === 0, stdout, code };
}

/**
 * The binary of a Node, from the npm package node-linux-<arch>. The version is a major version, such as 22, or an exact one, such as 20.19.0. It
 * is installed once: for a newer one of the same major version, remove the cache folder.
 */
export function nodeBinary(version: string): string {
  const home = join(cache, version);
  const bin = join("node_modules", library, "bin");
  if (existsSync(join(home, bin, "node"))) return join(home, bin, "node");

  const answer = npm("view", `${library}@${version}`, "version", "--json");
  if (answer.code === "E404") fail(`Node ${version} can't be run: npm has no ${library}@${version}.`);
  if (!answer.ok) fail(`npm could not be asked for Node ${version} (${answer.code}): is there a network?`);
  const versions = [JSON.parse(answer.stdout) as string | string[]].flat();
  const newest = versions.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);

  console.error(`Installing Node ${newest} …`);
  // Under another name until it is complete, so that an interrupted install is not used.
  const incomplete = `${home}.${process.pid}`;
  mkdirSync(incomplete, { recursive: true });
  const installed = npm("install", "--prefix", incomplete, "--no-package-lock", `${library}@${newest}`);
  if (installed.ok && existsSync(join(incomplete, bin, "node"))) {
    rmSync(home, { recursive: true, force: true });
    renameSync(incomplete, home);
    return join(home, bin, "node");
  }
  rmSync(incomplete, { recursive: true, force: true });
  return fail(`Node ${newest} could not be installed (${installed.code}): is there a network?`);
}
