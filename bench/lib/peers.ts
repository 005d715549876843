import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { buildWhenChanged } from "../../packages/testkit/src/build-when-changed.ts";
import { endingWithParent } from "../../packages/testing/src/end-with-parent.ts";
import { installWhenChanged } from "../../packages/testkit/src/install-when-changed.ts";
import { Lock } from "../../scripts/lib/lock.mjs";

/**
 * Each folder of `bench/peers` contains exact versions of packages for comparison, or of apps. They are
 * outside of the workspaces, so only a bench or a test that needs them installs them. The programs that
 * import them are in the same folders, because Node resolves a package only from the folders above a program.
 */
type Peers = "activation" | "npm-apps" | "pm2" | "shutdown" | "sveltekit";

/** The path of a file of these peers. */
export function fileOf(peers: Peers, file: string): string {
  return fileURLToPath(new URL(`../peers/${peers}/${file}`, import.meta.url));
}

/** The exact version of each package that these peers name. */
export function versionsOf(peers: Peers): Readonly<Record<string, string>> {
  const manifest = JSON.parse(readFileSync(fileOf(peers, "package.json"), "utf8"));
  return (manifest as { dependencies: Record<string, string> }).dependencies;
}

/** Installs these peers from npm without install scripts, and builds SvelteKit's app, unless that is done. */
export async function installPeers(peers: Peers): Promise<void> {
  const folder = fileOf(peers, "");
  using lock = new Lock(fileURLToPath(new URL(`../../.cache/peers-${peers}.lock`, import.meta.url)));
  lock.take();
  await installWhenChanged(folder);
  if (peers !== "sveltekit") return;
  const commands = [{ script: "vite/bin/vite.js", args: ["build"] }];
  await buildWhenChanged(folder, { commands, makes: "dist/index.js" });
}

/** The build dependencies of sd-daemon. */
export const buildTools = ["/usr/include/systemd/sd-daemon.h", "pkg-config", "python3", "make", "g++"];

/**
 * Builds the native code of sd-daemon, after its install.
 *
 * @returns why it can't be built, or `undefined` if it is built
 */
export async function buildSdDaemon(): Promise<string | undefined> {
  if (existsSync(fileOf("activation", "node_modules/sd-daemon/daemon.node"))) return undefined;
  // node-gyp would download the headers of Node, even if they are installed with Node.
  const prefix = dirname(dirname(process.execPath));
  const headers = existsSync(join(prefix, "include/node/node_api.h")) ? [`--nodedir=${prefix}`] : [];
  const [npm = "", ...args] = endingWithParent(["npm", "rebuild", "sd-daemon", ...headers]);
  try {
    await promisify(execFile)(npm, args, { cwd: fileOf("activation", "") });
    return undefined;
  } catch {
    return "sd-daemon can't be built. It needs libsystemd-dev, pkg-config, python3, make and g++.";
  }
}

/**
 * Installs the peers whose names are those of arms, and leaves out what can't be installed. Says so on
 * standard error.
 *
 * @param arms an arm for sd-daemon has that name, and the name of an arm for SvelteKit begins with
 * `sveltekit`
 */
export async function withPeers<T extends { name: string }>(arms: readonly T[]): Promise<T[]> {
  if (arms.some(({ name }) => name in versionsOf("activation"))) await installPeers("activation");
  if (arms.some(({ name }) => name.startsWith("sveltekit"))) await installPeers("sveltekit");
  if (!arms.some(({ name }) => name === "sd-daemon")) return [...arms];
  const reason = await buildSdDaemon();
  if (reason === undefined) return [...arms];
  console.error(`Left out: ${reason}`);
  return arms.filter(({ name }) => name !== "sd-daemon");
}
