import { readFileSync } from "node:fs";
import type { UnitFile } from "@sockact/units";
import type { ServiceManager } from "../../systemd/service-manager.ts";

/**
 * The directives of systemd.exec(5) that say which files a service can read and run. systemd-run takes each
 * of them.
 */
const deciding = new Set(
  `User Group DynamicUser SupplementaryGroups ProtectHome ProtectSystem PrivateTmp PrivateUsers PrivateDevices
  TemporaryFileSystem BindPaths BindReadOnlyPaths InaccessiblePaths ReadOnlyPaths ReadWritePaths NoExecPaths ExecPaths
  RootDirectory CapabilityBoundingSet NoNewPrivileges SELinuxContext AppArmorProfile`.split(/\s+/),
);

/** The exit status of a Node that is too old for sockact. It prints its version. */
const OLD_NODE = 99;
const CHECK = `if (!process.getBuiltinModule) { console.log(process.version); process.exit(${OLD_NODE}); }\n`;

/** What the service has to be able to read, and where to look for more. */
export interface Wanted {
  /** Files and folders without which it does not start. */
  paths: readonly string[];
  /** The app's own folder, whose files are looked at one by one. */
  folder: string | undefined;
  /** Further files without which it starts, and works worse. */
  useful: readonly string[];
  /** Folders with packages. */
  packages: readonly string[];
}

/** A file or folder that can't be read. */
export interface Closed {
  path: string;
  /** `EACCES`, `ENOENT` and the like. */
  code: string;
}

/** What a process of the service's user has seen. */
export interface Seen {
  /** The files that the service needs. */
  closed: readonly Closed[];
  /** Files of the app that it may or may not need. */
  closedFiles: readonly Closed[];
}

/** How looking around as the service ended. */
export type Probe =
  | { outcome: "seen"; seen: Seen }
  /** Node can't be run: systemd's exit status 203. */
  | { outcome: "no-node" }
  | { outcome: "old-node"; reason: string }
  /**
   * The sandbox or the user can't be set up, and the service would not start either. `reason` is what
   * systemd-run or Node has said.
   */
  | { outcome: "refused"; status: number; reason: string }
  /** systemd can't be asked. */
  | { outcome: "unknown"; reason: string };

/**
 * Looks around as the service would see the machine: systemd starts Node for a moment as the service's user,
 * with the directives of the unit that decide what can be read. No code of the app runs.
 */
export async function probe(
  manager: ServiceManager,
  service: UnitFile,
  node: string,
  wanted: Wanted,
): Promise<Probe> {
  const properties = service.entries
    .filter((entry) => entry.kind === "assignment")
    .filter(({ section, key }) => section === "Service" && deciding.has(key))
    .map(({ key, value }) => `--property=${key}=${value.replaceAll("%%", "%")}`);
  // This file is in dist when it runs, beside the program.
  const code = CHECK + readFileSync(new URL("look-around.cjs", import.meta.url), "utf8");
  const options = ["--wait", "--pipe", "--collect", "--quiet", "--no-ask-password", ...properties];
  // systemd expands variables in the arguments of what it starts.
  const command = [node, "--input-type=commonjs", "--eval", code, "--", JSON.stringify(wanted)].map((word) =>
    word.replaceAll("$", () => "$$"),
  );
  const ended = await manager.runProgram("systemd-run", ...options, "--", ...command);
  const { code: status, stdout } = ended;
  const reason = ended.stderr.trim();
  if (status === 0) {
    try {
      return { outcome: "seen", seen: JSON.parse(stdout) as Seen };
    } catch {
      return { outcome: "unknown", reason: `${node} has printed something else: ${stdout.slice(0, 200)}` };
    }
  }
  if (status === 203) return { outcome: "no-node" };
  // The statuses of systemd.exec(5), "Process Exit Codes".
  if (status > 200 && status < 256) return { outcome: "refused", status, reason };
  return status === OLD_NODE
    ? { outcome: "old-node", reason: `sockact needs Node 20.19 or later, and this is ${stdout.trim()}` }
    : { outcome: "unknown", reason };
}
