import { accessSync, constants, realpathSync } from "node:fs";
import { join, dirname } from "node:path";
import process from "node:process";
import { CliError } from "../shared/cli-error.ts";
import { readTextFile } from "../shared/read-file.ts";

/** The tool that installed a Node. */
type NodeOrigin = "system" | "nvm" | "fnm" | "volta" | "asdf" | "mise" | "snap" | "other";

/** The Node for a service. */
export interface FoundNode {
  /** Its absolute path. */
  path: string;
  /** For example `22.18.0`. `undefined` if no file shows it: Node is not run. */
  version: string | undefined;
  origin: NodeOrigin;
}

/** Paths that stay the same when a distribution upgrades Node. */
const STABLE = ["/usr/bin/node", "/usr/local/bin/node", "/opt/homebrew/bin/node"];

/**
 * Finds the Node that runs `sockact` (not the shim of a version manager), or the named one. Executes nothing.
 */
export function findNode(named?: string): FoundNode {
  const own = realpathSync(process.execPath);
  if (named === undefined) {
    const path = STABLE.find((stable) => realPath(stable) === own) ?? own;
    return { path, version: process.versions.node, origin: originOf(path) };
  }
  const real = realPath(named);
  if (real === undefined)
    throw new CliError(
      "SOCKACT_ERR_APP_ENTRY",
      `${named} can't be run`,
      "Write the path of Node: --node /usr/bin/node",
    );
  const path = STABLE.includes(named) ? named : real;
  return { path, version: real === own ? process.versions.node : versionOf(real), origin: originOf(path) };
}

function realPath(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function originOf(path: string): NodeOrigin {
  const [, manager] =
    /\/(?:\.?(nvm|fnm|volta|asdf|mise)|(snap))\//.exec(path)?.filter((part, index) => index === 0 || part) ??
    [];
  if (manager !== undefined) return manager as NodeOrigin;
  // fnm links the Node of each shell here.
  if (path.includes("/fnm_multishells/")) return "fnm";
  return /^\/(?:usr|opt|bin)\//.test(path) ? "system" : "other";
}

/**
 * Reads the version from Node's headers, which most installations have, or from the folder name of a version
 * manager.
 */
export function versionOf(path: string): string | undefined {
  const ofPath = /\/v?(\d+\.\d+\.\d+)\//.exec(path)?.[1];
  try {
    const header = readTextFile(join(dirname(path), "../include/node/node_version.h"));
    const parts = ["MAJOR", "MINOR", "PATCH"].map(
      (part) => new RegExp(`#define NODE_${part}_VERSION (\\d+)`).exec(header)?.[1],
    );
    return parts.includes(undefined) ? ofPath : parts.join(".");
  } catch {
    return ofPath;
  }
}

/** Whether a version is at least this one. False for an unknown version. */
export function isVersionAtLeast(version: string | undefined, major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = (version ?? "0").split(".").map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
