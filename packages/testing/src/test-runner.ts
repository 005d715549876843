import { spawnSync } from "node:child_process";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { programsOfTest } from "./app-process.ts";
import { whyNoPrivateSystemd } from "./boot-private-systemd.ts";
import { systemdVersion } from "./systemd-version.ts";

/** What a group of tests of a contract needs. */
export interface ContractRequirements {
  /** The tests take minutes. They run if `SOCKACT_CONTRACTS=all` is set. */
  readonly long?: boolean;
  /** The tests boot a private systemd: see `whyNoPrivateSystemd()`. */
  readonly privateSystemd?: boolean;
  /** The oldest version of systemd that has the tested feature. */
  readonly systemd?: number;
  /** Programs on the PATH. */
  readonly commands?: readonly string[];
}

/** What a test does. */
export type TestBody = () => Promise<void>;
/** Adds an action before or after tests. */
export type TestHook = (action: TestBody, timeout?: number) => unknown;

/**
 * What a contract uses of a test runner. The modules `vitest`, `node:test` and `@jest/globals` have it:
 * `import * as runner from "node:test"`.
 */
export interface TestRunner {
  /** Groups tests. */
  readonly describe: (name: string, tests: () => void) => unknown;
  /** Defines a test. */
  readonly test: ((name: string, body: TestBody, timeout?: number) => unknown) & {
    /** Defines a test that does not run. */
    readonly skip: (name: string, body: () => void) => unknown;
  };
  /** Adds an action before the tests of a group, in `node:test`. */
  readonly before?: TestHook | undefined;
  /** The same, in other test runners. */
  readonly beforeAll?: TestHook | undefined;
  /** Adds an action after the tests of a group, in `node:test`. */
  readonly after?: TestHook | undefined;
  /** The same, in other test runners. */
  readonly afterAll?: TestHook | undefined;
  /** Adds an action before each test of a group. */
  readonly beforeEach: (action: TestBody) => unknown;
  /**
   * Decides what happens to tests that can't run everywhere, or take minutes. By default, they are skipped if
   * a requirement is missing, and the name of the skipped test says which one.
   */
  readonly describeWith?:
    | ((requirements: ContractRequirements, name: string, tests: () => void) => unknown)
    | undefined;
}

/** The functions by which a contract defines its tests. */
interface Definitions {
  describe(name: string, tests: () => void): void;
  describeWith(requirements: ContractRequirements, name: string, tests: () => void): void;
  /** @param timeout in milliseconds; by default 60,000, and 900,000 in a group of long tests */
  test(name: string, body: TestBody, timeout?: number): void;
  beforeAll(action: TestBody): void;
  afterAll(action: TestBody): void;
  beforeEach(action: TestBody): void;
}

const TEST_TIMEOUT = 60_000;
const LONG_TEST_TIMEOUT = 900_000;
const HOOK_TIMEOUT = 120_000;

/** Uses a test runner, whatever it calls its hooks. */
export function definitionsOf(runner: TestRunner): Definitions {
  const { describe, test, beforeEach } = runner;
  const skipUnless = (requirements: ContractRequirements, name: string, tests: () => void): void => {
    const missing = whatIsMissing(requirements);
    describe(name, missing === undefined ? tests : () => void test.skip(`skipped: ${missing}`, () => {}));
  };
  const group = runner.describeWith ?? skipUnless;
  let usualTimeout = TEST_TIMEOUT;
  return {
    describe,
    describeWith: (requirements, name, tests) =>
      void group(requirements, name, () => {
        const outside = usualTimeout;
        if (requirements.long) usualTimeout = LONG_TEST_TIMEOUT;
        tests();
        usualTimeout = outside;
      }),
    // node:test ignores a timeout in this place. Others use it for what run() can't end.
    test: (name, body, timeout = usualTimeout) =>
      void test(name, () => run(body, timeout), timeout + HOOK_TIMEOUT),
    // The hooks of node:test have other names, and no timeout by default.
    beforeAll: (action) =>
      void (runner.beforeAll ? runner.beforeAll(action, HOOK_TIMEOUT) : runner.before?.(action)),
    afterAll: (action) =>
      void (runner.afterAll ? runner.afterAll(action, HOOK_TIMEOUT) : runner.after?.(action)),
    beforeEach,
  };
}

/**
 * Runs a test for at most this time, in milliseconds. Its error has what the programs under test have written,
 * which often says more.
 */
async function run(body: TestBody, timeout: number): Promise<void> {
  programsOfTest.clear();
  const isDone = new AbortController();
  const late = delay(timeout, undefined, { signal: isDone.signal }).then(() => {
    throw new Error(`The test did not end in ${timeout} ms.`);
  });
  try {
    await Promise.race([body(), late]);
  } catch (error) {
    const outputs = [...programsOfTest].flatMap(({ stdout, stderr }, index) => [
      `--- program ${index + 1}, stdout`,
      stdout,
      `--- program ${index + 1}, stderr`,
      stderr,
    ]);
    for (const program of programsOfTest) program.kill();
    if (outputs.length === 0) throw error;
    throw new Error([(error as Error).message, ...outputs].join("\n"), { cause: error });
  } finally {
    late.catch(() => {});
    isDone.abort();
  }
}

/** The first requirement that is not met, or `undefined`. */
function whatIsMissing({
  long,
  privateSystemd,
  systemd,
  commands = [],
}: ContractRequirements): string | undefined {
  if (long && process.env["SOCKACT_CONTRACTS"] !== "all")
    return "it takes minutes; set SOCKACT_CONTRACTS=all";
  const command = commands.find(
    (name) => spawnSync("sh", ["-c", 'command -v "$1"', "sh", name]).status !== 0,
  );
  if (command !== undefined) return `it needs the program ${command}`;
  const version = systemdVersion();
  if (systemd !== undefined && (version === undefined || version < systemd))
    return `it needs systemd ${systemd} or later`;
  return privateSystemd ? whyNoPrivateSystemd() : undefined;
}
