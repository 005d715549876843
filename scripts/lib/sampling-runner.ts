import { createHash } from "node:crypto";
import process from "node:process";
import { type RunnerTask, type RunnerTestFile, TestRunner } from "vitest";

/** The share of the tests of a file that `npm test` runs. Each file has at least one. */
const SHARE = 1 / 3;

/** Tests that compare whole lists, because what one of them checks, no other one does. */
const LISTS =
  "errors|sbom|published|pages|conventions|explain|command-line|internals|schema|readmes|installed-alone|pack|cold-start|imports";
const WHOLE = new RegExp(`/(?:${LISTS})\\.test\\.ts$`);

/** Files in which a test depends on the tests before it in the same `describe()`: for example, one installs an app and the next one uninstalls it. */
const SEQUENCES =
  /\/(?:examples\/(?:kinds-of-apps|operation|plain|postgresql|sleep)|install|well-known|ansible)\.test\.ts$/;

declare module "vitest" {
  interface TaskMeta {
    /** Whether the sample of `npm test` is without this test. */
    isLeftOut?: boolean;
  }
}

/**
 * Runs a sample of the tests of each file, and skips the others. It is always the same one, so that a failure comes again. The variable
 * `SOCKACT_SAMPLE` asks for the sample. `npm test` sets it, and `npm run test:long` runs all tests.
 */
export default class SamplingRunner extends TestRunner {
  onCollected(files: RunnerTestFile[]): void {
    if (process.env["SOCKACT_SAMPLE"] === undefined) return;
    for (const file of files) if (!WHOLE.test(file.filepath)) leaveOutMost(file);
  }
}

function leaveOutMost(file: RunnerTestFile): void {
  const parts = SEQUENCES.test(file.filepath) ? sequencesOf(file) : testsOf(file);
  const byChance = parts
    .map((part) => ({ part, key: createHash("sha256").update(part.fullName).digest("hex") }))
    .toSorted((one, other) => one.key.localeCompare(other.key))
    .map(({ part }) => part);
  for (const test of byChance.slice(Math.ceil(SHARE * byChance.length)).flatMap(testsOf)) {
    test.mode = "skip";
    test.meta.isLeftOut = true;
  }
  removeUnusedHooks(file);
}

/** The tests that would run. */
function testsOf(task: RunnerTask): RunnerTask[] {
  if (task.mode === "skip" || task.mode === "todo") return [];
  return task.type === "suite" ? task.tasks.flatMap(testsOf) : [task];
}

/** The suites that contain only tests, and the tests beside other suites. Those without a test that would run are left out. */
function sequencesOf(task: RunnerTask): RunnerTask[] {
  if (testsOf(task).length === 0) return [];
  const hasSuites = task.type === "suite" && task.tasks.some(({ type }) => type === "suite");
  return hasSuites ? task.tasks.flatMap(sequencesOf) : [task];
}

/** Without a test, the hooks of a suite have nothing to prepare. If the suite itself were skipped, Vitest would not report why its tests are. */
function removeUnusedHooks(task: RunnerTask): void {
  if (task.type !== "suite") return;
  for (const each of task.tasks) removeUnusedHooks(each);
  if (testsOf(task).length > 0) return;
  const { beforeAll, afterAll, aroundAll } = TestRunner.getSuiteHooks(task);
  for (const hooks of [beforeAll, afterAll, aroundAll]) hooks.length = 0;
}
