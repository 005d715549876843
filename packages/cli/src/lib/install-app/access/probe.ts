import { readFileSync } from "node:fs";
import type { UnitFile } from "@sockact/units";
import type { ServiceManager } from "../../systemd/service-manager.ts";

/**
 * The directives of systemd.exec(5) that affect which files a service can read and run. systemd-run accepts
 * all of them.
 */
const deciding = new Set(
  `User Group DynamicUser SupplementaryGroups ProtectHome ProtectSystem PrivateTmp PrivateUsers PrivateDevices
  TemporaryFileSystem BindPaths BindReadOnlyPaths InaccessiblePaths ReadOnlyPaths ReadWritePaths NoExecPaths ExecPaths
  RootDirectory CapabilityBoundingSet NoNewPrivileges SELinuxContext AppArmorProfile`.split(/\s+/),
);

/** The exit status of a Node that is too old for sockact. */
const OLD_NODE = 99;
const CHECK = `if (!process.getBuiltinModule) { console.log(process.version); process.exit(${OLD_NODE}); }\n`;

/** What the service must be able to read, and what else to check. */
export interface Wanted {
  /** Files and folders that it needs to start. */
  paths: readonly string[];
  /** The app's folder, whose files are checked one by one. */
  folder: string | undefined;
  /** Other files, which it does not need to start. */
  useful: readonly string[];
  /** Folders with packages. */
  packages: readonly string[];
  /** Folders that it is meant to write to. */
  written: readonly string[];
}

/** An unreadable file or folder. */
export interface Closed {
  path: string;
  /** `EACCES`, `ENOENT` and similar. */
  code: string;
}

/** The results from a process of the service's user. */
export interface Seen {
  /** The unreadable files that the service needs. */
  closed: readonly Closed[];
  /** Unreadable files of the app that it may need. */
  closedFiles: readonly Closed[];
  /** Folders that it can't write to. */
  unwritable: readonly Closed[];
}

/** The result of the check. */
export type Probe =
  | { outcome: "seen"; seen: Seen }
  /** Node can't run: systemd's exit status 203. */
  | { outcome: "no-node" }
  | { outcome: "old-node"; reason: string }
  /**
   * The sandbox or user can't be set up, so the service would not start either. `reason` is the output of
   * systemd-run or Node.
   */
  | { outcome: "refused"; status: number; reason: string }
  /** systemd can't be asked. */
  | { outcome: "unknown"; reason: string };

/**
 * Checks what the service can access: systemd starts Node briefly as the service's user, with the unit's
 * relevant directives. No code of the app runs.
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
  // At run time, this file is in dist, next to the program.
  const code = CHECK + readFileSync(new URL("look-around.cjs", import.meta.url), "utf8");
  const options = ["--wait", "--pipe", "--collect", "--quiet", "--no-ask-password", ...properties];
  // systemd expands variables in arguments.
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
  // The exit statuses of systemd.exec(5), "Process Exit Codes".
  if (status > 200 && status < 256) return { outcome: "refused", status, reason };
  return status === OLD_NODE
    ? { outcome: "old-node", reason: `sockact needs Node 20.19 or later, and this is ${stdout.trim()}` }
    : { outcome: "unknown", reason };
}
