import { spawnSync } from "node:child_process";
import { constants, existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, test } from "vitest";
import { isInstalled } from "../../../scripts/lib/is-installed.ts";
import type { TestRunner } from "@sockact/testing";
import { privateSystemdObstacle } from "../../testing/src/boot-private-systemd.ts";
import { hasSystemd } from "../../testing/src/obstacle.ts";
import { systemdVersion } from "../../testing/src/systemd-version.ts";

/** The requirements of a group of tests. */
export interface Requirements {
  /** The tests must run as root. */
  root?: boolean;
  /**
   * If the tests run as root, they run programs of this clone as another user, who must be able to read it.
   */
  otherUsers?: boolean;
  /** Programs on the PATH, or absolute paths of files. */
  commands?: readonly string[];
  /** The oldest version of systemd that has the tested feature. */
  systemd?: number;
  /** The tests boot a private systemd, which needs root. Their tier is `systemd`. */
  privateSystemd?: boolean;
  /** The tests create a user namespace with its own limits. */
  userNamespaces?: boolean;
  /** The oldest major version of Node that has the tested feature. */
  node?: number;
  /** `"campaign"` if the tests are in that tier. */
  tags?: "campaign";
}

/** A requirement that this machine does not meet. */
export type Missing =
  | { what: "root" }
  | { what: "open clone" }
  | { what: "program"; program: string }
  | { what: "systemd"; version: number }
  | { what: "namespaces" }
  | { what: "node"; version: number };

declare module "vitest" {
  interface TaskMeta {
    /** Why a test is skipped. `scripts/lib/skipped-reporter.ts` prints a table of these. */
    missing?: Missing;
    /** All programs that this machine lacks for the test, to install them with one command. */
    missingPrograms?: string[];
  }
}

/**
 * Vitest's `describe` for tests that can't run everywhere. If a requirement is missing, the tests are
 * skipped, and the table at the end of the run says why. In CI, only a newer Node may be missing: otherwise,
 * a failing test replaces them. The gate also runs the tests on the newest Node.
 */
export function describeWith(requirements: Requirements, name: string, tests: () => void): void {
  const tags = [
    ...(requirements.privateSystemd ? ["systemd"] : []),
    ...(requirements.tags ? [requirements.tags] : []),
  ];
  const missing = whatIsMissing(requirements);
  if (missing === undefined) {
    describe(name, { tags }, tests);
  } else if (process.env["CI"] && missing.what !== "node") {
    describe(name, { tags }, () => {
      test("can run here", () => {
        throw new Error(`This needs ${missingText(missing)}. CI is set, so nothing may be skipped.`);
      });
    });
  } else {
    describe(
      name,
      { tags, skip: true, meta: { missing, missingPrograms: missingPrograms(requirements) } },
      tests,
    );
  }
}

/** Vitest for the contracts of `@sockact/testing`. Long tests are in the campaign. */
export const runner: TestRunner = {
  describe,
  test,
  beforeAll,
  afterAll,
  beforeEach,
  describeWith: ({ long, ...requirements }, name, tests) =>
    describeWith({ ...requirements, ...(long && { tags: "campaign" }) }, name, tests),
};

/** The first requirement that this machine does not meet, or `undefined` if it meets all. */
export function whatIsMissing(requirements: Requirements): Missing | undefined {
  const { node } = requirements;
  if (node !== undefined && Number(process.versions.node.split(".")[0]) < node)
    return { what: "node", version: node };
  if ((requirements.root || requirements.privateSystemd) && process.getuid?.() !== 0) return { what: "root" };
  const hasOthers = requirements.otherUsers || requirements.privateSystemd;
  if (hasOthers && process.getuid?.() === 0 && !canOthersRead()) return { what: "open clone" };
  const program = requirements.commands?.find((command) => !isInstalled(command));
  if (program !== undefined) return { what: "program", program };
  if (requirements.systemd !== undefined) {
    const version = systemdVersion();
    if (version === undefined) return { what: "program", program: "systemctl" };
    if (version < requirements.systemd) return { what: "systemd", version: requirements.systemd };
  }
  if (requirements.commands?.includes("unshare") && !mayUnshare()) return { what: "namespaces" };
  if (requirements.userNamespaces && !hasUserNamespaces()) return { what: "namespaces" };
  if (!requirements.privateSystemd) return undefined;
  if (!hasSystemd()) return { what: "program", program: "systemd" };
  return privateSystemdObstacle() === undefined ? undefined : { what: "namespaces" };
}

function missingPrograms({ commands = [], systemd, privateSystemd }: Requirements): string[] {
  const programs = commands.filter((command) => !isInstalled(command));
  return (systemd !== undefined || privateSystemd) && !hasSystemd() ? [...programs, "systemd"] : programs;
}

/** What is missing, to complete "This needs …". */
export function missingText(missing: Missing): string {
  switch (missing.what) {
    case "root":
      return "root";
    case "open clone":
      return "a clone that other users can read, so not in /root";
    case "program":
      return missing.program.startsWith("/") ? missing.program : `the program ${missing.program}`;
    case "systemd":
      return `systemd ${missing.version}`;
    case "node":
      return `Node ${missing.version}`;
    case "namespaces":
      return "namespaces and mounts, as a container with --privileged has them";
  }
}

let unsharing: boolean | undefined;

/** Whether unshare(1) can do more than print its help. In most containers it can't. */
function mayUnshare(): boolean {
  const own = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
  unsharing ??= spawnSync("unshare", [...own, "--mount", "--net", "true"]).status === 0;
  return unsharing;
}

let userNamespaces: boolean | undefined;

/** Whether this user can create a user namespace and set its limits. Most containers do not allow it. */
function hasUserNamespaces(): boolean {
  const script = "echo 1000 >/proc/sys/user/max_inotify_watches";
  const unshare = () => spawnSync("unshare", ["--user", "--map-root-user", "sh", "-c", script]);
  userNamespaces ??= unshare().status === 0;
  return userNamespaces;
}

/** Whether other users can enter the folders of programs and each folder above them. */
function canOthersRead(): boolean {
  const testkit = dirname(dirname(fileURLToPath(import.meta.url)));
  const isOpen = (folder: string): boolean =>
    !existsSync(folder) ||
    ((statSync(folder).mode & constants.S_IXOTH) !== 0 && (folder === "/" || isOpen(dirname(folder))));
  return ["src", "../core/dist", "../cli/dist", "../../node_modules"].every((folder) =>
    isOpen(join(testkit, folder)),
  );
}
