import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { endingWithParent } from "../../packages/testkit/src/end-with-parent.ts";
import { Lock } from "./lock.mjs";

const cacheOfNodes = fileURLToPath(new URL("../../.cache/nodes", import.meta.url));
const library = `node-linux-${process.arch}`;

/** Prints an error, and ends the process. */
export function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

/** Runs npm, which ends with this process. `code` is that of npm's error. */
function npm(...args: string[]): { ok: boolean; answer: unknown; code: string } {
  const [program = "", ...rest] = endingWithParent(["npm", ...args, "--json"]);
  const { status, stdout, error } = spawnSync(program, rest, {
    stdio: ["ignore", "pipe", "ignore"],
    encoding: "utf8",
  });
  const failure: NodeJS.ErrnoException | undefined = error;
  const answer = parsed(stdout) as { error?: { code?: string } } | undefined;
  const code = failure?.code ?? answer?.error?.code ?? `status ${status}`;
  return { ok: status === 0, answer, code };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** As {@link installNode}. If it can't be installed, prints why and ends the process. */
export function nodeBinary(version: string, cache = cacheOfNodes): string {
  try {
    return installNode(version, cache);
  } catch (error) {
    return fail((error as Error).message);
  }
}

/**
 * The binary of a Node, from the npm package node-linux-<arch>. The version is a major version, such as 22, or an exact one, such as 20.19.0. It
 * is installed once: for a newer one of the same major version, remove the cache folder.
 *
 * @throws if it can't be installed
 */
export function installNode(version: string, cache = cacheOfNodes): string {
  const home = join(cache, version);
  const binary = join(home, "node_modules", library, "bin/node");
  if (existsSync(binary)) return binary;
  // If two processes need it, one of them installs it.
  using lock = new Lock(`${home}.lock`);
  lock.take("exclusive");
  if (!existsSync(binary)) install(version, home);
  return binary;
}

function install(version: string, home: string): void {
  const { ok, answer, code } = npm("view", `${library}@${version}`, "version");
  if (code === "E404") throw new Error(`Node ${version} can't be run: npm has no ${library}@${version}.`);
  if (!ok) throw new Error(`npm could not be asked for Node ${version} (${code}): is there a network?`);
  const versions = [answer as string | string[]].flat();
  const newest = versions.sort((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);

  console.error(`Installing Node ${newest} …`);
  // It has another name until it is complete, so that an interrupted install is not used. The next install removes it.
  const incomplete = `${home}.incomplete`;
  rmSync(incomplete, { recursive: true, force: true });
  mkdirSync(incomplete, { recursive: true });
  const options = ["--prefix", incomplete, "--no-package-lock", "--no-audit", "--no-fund"];
  const installed = npm("install", ...options, `${library}@${newest}`);
  if (installed.ok && existsSync(join(incomplete, "node_modules", library, "bin/node"))) {
    rmSync(home, { recursive: true, force: true });
    renameSync(incomplete, home);
    return;
  }
  rmSync(incomplete, { recursive: true, force: true });
  throw new Error(`Node ${newest} could not be installed (${installed.code}): is there a network?`);
}
