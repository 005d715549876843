import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, test } from "vitest";
import { whyNoPrivateSystemd } from "./boot-private-systemd.ts";

/** The requirements of a group of tests. */
export interface Requirements {
  /** The tests must run as root. */
  root?: boolean;
  /** Programs on the PATH. */
  commands?: string[];
  /** The oldest version of systemd that has the tested feature. */
  systemd?: number;
  /** The tests boot a private systemd, which also needs root. */
  privateSystemd?: boolean;
}

/**
 * As vitest's `describe`, for tests that can't run everywhere. If a requirement is missing, the tests are skipped, with the reason in the name
 * and a warning. Under CI, nothing may be missing, so a failing test takes their place.
 */
export function describeWith(requirements: Requirements, name: string, tests: () => void): void {
  const reason = whatIsMissing(requirements);
  if (reason === undefined) {
    describe(name, tests);
  } else if (process.env["CI"]) {
    describe(name, () => {
      test("can run here", () => {
        throw new Error(`${reason}. CI is set, so nothing may be skipped.`);
      });
    });
  } else {
    warnOnce(`${reason}; under CI they would fail`);
    describe.skip(`${name} [skipped: ${reason}]`, tests);
  }
}

/**
 * As {@link describeWith}, for features of newer Nodes. An older Node skips the tests also under CI, and says so: the gate runs the tests on
 * the newest Node too.
 */
export function describeOnNode(major: number, name: string, tests: () => void): void {
  if (Number(process.versions.node.split(".")[0]) >= major) {
    describe(name, tests);
    return;
  }
  warnOnce(`needs Node ${major}, and this is ${process.versions.node}: npm run test:node -- ${major}`);
  describe.skip(`${name} [skipped: needs Node ${major}]`, tests);
}

/** Whether this is `npm run test:long`, which runs everything. */
export const isLongRun = Boolean(process.env["SOCKACT_LONG"]);

/** The end of the name of a test that a usual run leaves out: `it.runIf(isLongRun)(`…${LONG_ONLY}`, …)`. */
export const LONG_ONLY = isLongRun ? "" : " [skipped: takes long, see npm run test:long]";

/** The first of the requirements that this computer does not meet, as a sentence, or `undefined` if it meets all. */
export function whatIsMissing(requirements: Requirements): string | undefined {
  if (requirements.root && process.getuid?.() !== 0) return "needs root";
  const absent = requirements.commands?.find((command) => !isOnPath(command));
  if (absent) return `needs the program ${absent}`;
  if (requirements.systemd !== undefined) {
    const version = systemdVersion();
    if (version === undefined) return "needs systemd";
    if (version < requirements.systemd)
      return `needs systemd ${requirements.systemd}, and this is ${version}`;
  }
  return requirements.privateSystemd ? whyNoPrivateSystemd() : undefined;
}

let installed: { version: number | undefined } | undefined;

/** The version of the installed systemd, such as 257, or `undefined` when there is none. */
export function systemdVersion(): number | undefined {
  installed ??= { version: askVersion() };
  return installed.version;
}

function askVersion(): number | undefined {
  const { stdout } = spawnSync("systemctl", ["--version"], { encoding: "utf8" });
  const version = /^systemd (\d+)/.exec(stdout ?? "")?.[1];
  return version === undefined ? undefined : Number(version);
}

function isOnPath(command: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const warned = new Set<string>();

function warnOnce(reason: string): void {
  if (warned.has(reason)) return;
  warned.add(reason);
  console.warn(`\n!!! TESTS SKIPPED: this computer lacks what they need (${reason}).\n`);
}
