import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { endingWithParent } from "../../packages/testing/src/end-with-parent.ts";
import { Lock } from "./lock.mjs";

/** In the repository, so that a private systemd sees it. */
const cache = fileURLToPath(new URL("../../.cache/nodes", import.meta.url));
const library = `node-linux-${process.arch}`;
const binaries = new Map<string, string>();

/** Prints an error, and ends the process. */
export function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

/** As {@link installNode}. If it can't be installed, prints why and ends the process. */
export function nodeBinary(version: string): string {
  try {
    return installNode(version);
  } catch (error) {
    return fail((error as Error).message);
  }
}

/**
 * The binary of a Node, from the npm package node-linux-<arch>. The version is a major version, such as 22,
 * or an exact one, such as 20.19.0. It is cached: for a newer one of the same major version, remove
 * .cache/nodes.
 *
 * @throws if it can't be installed
 */
export function installNode(version: string): string {
  const known = binaries.get(version);
  if (known !== undefined) return known;
  // If two processes need it, one of them installs it.
  using lock = new Lock(`${cache}/${version}.lock`);
  lock.take();
  const command = ["npm", "exec", "--yes", "--prefer-offline", `--package=${library}@${version}`];
  const print = ["--", "node", "--print", "process.execPath"];
  const [npm = "", ...args] = endingWithParent([...command, ...print]);
  const env = { ...process.env, npm_config_cache: cache };
  const { status, stdout, stderr } = spawnSync(npm, args, { cwd: "/", env, encoding: "utf8" });
  const binary = stdout?.trim() ?? "";
  if (status !== 0 || !binary.includes(library))
    throw new Error(
      `Node ${version} can't be installed from npm. If an earlier install was interrupted, remove .cache/nodes.\n${stderr}`,
    );
  binaries.set(version, binary);
  return binary;
}
