import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { root } from "../../../scripts/lib/packages.ts";
import { nodeTable, type NodeRun } from "../../../scripts/lib/vitest-on-node.ts";
import { type AppProcess, startProcess } from "../src/app-process.ts";
import { describeWith } from "../src/requires.ts";

const programs = fileURLToPath(new URL("programs/", import.meta.url));

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vitest-on-node-"));
  mkdirSync(join(folder, "tmp"));
  writeFileSync(join(folder, "started"), "");
});
afterEach(() => rmSync(folder, { recursive: true }));

function run(config: string, args: string[] = [], env: Record<string, string> = {}): AppProcess {
  const command = [process.execPath, "--import", "tsx", `${programs}run-vitest.ts`];
  return startProcess([...command, "--config", `${programs}${config}.config.ts`, "--no-color", ...args], {
    env: { STARTED: join(folder, "started"), TMPDIR: join(folder, "tmp"), ...env },
  });
}

const resultOf = async (program: AppProcess): Promise<NodeRun> =>
  JSON.parse((await program.line(/^run: /)).replace("run: ", "")) as NodeRun;

const left = (): string[] => readdirSync(join(folder, "tmp")).filter((name) => name.startsWith("test-node-"));

test("the tests are counted, with the reasons why some are skipped", async () => {
  await using program = run("counted");
  const result = await resultOf(program);
  expect(result).toEqual({
    version: process.versions.node,
    isPassed: false,
    passed: 1,
    failed: 1,
    failures: ["fails"],
    skipped: { "needs Node 99": 2, "no reason given": 1 },
    unexpected: [expect.any(String)],
    minutes: expect.any(Number),
  });
  expect(nodeTable([result], new Date("2026-11-25T12:00:00Z"))[1]).toEqual([
    process.versions.node,
    "**failed**",
    "1",
    "1",
    "2: needs Node 99; 1: no reason given",
    result.minutes.toFixed(1),
    "2026-11-25",
  ]);
  expect(await program.ended).toBe(0);
  expect(left()).toEqual([]);
});

test("a run that passes says so", async () => {
  await using program = run("counted", ["--testNamePattern=^passes$"]);
  expect(await resultOf(program)).toMatchObject({ isPassed: true, passed: 1, failed: 0 });
});

test("a sample has the same third of the tests each time, and prepares no suite without a test", async () => {
  const samples: string[] = [];
  for (let count = 0; count < 2; count++) {
    writeFileSync(join(folder, "started"), "");
    await using program = run("sampled", [], { SOCKACT_SAMPLE: "1" });
    expect(await resultOf(program)).toMatchObject({
      isPassed: true,
      passed: 4,
      skipped: { "not in the sample": 6 },
      unexpected: [],
    });
    samples.push(readFileSync(join(folder, "started"), "utf8"));
  }
  expect(samples[0]).toBe(samples[1]);
  const lines = samples[0]!.trim().split("\n");
  const suites = lines.filter((line) => !line.startsWith("prepares")).map((line) => line.split(" ")[0]);
  expect(lines.filter((line) => line.startsWith("prepares")).sort()).toEqual(
    [...new Set(suites)].map((suite) => `prepares ${suite}`).sort(),
  );
});

test("of a file whose tests depend on those before them, a sample has a third of the suites, each with all its tests", async () => {
  copyFileSync(join(programs, "sampled.ts"), join(folder, "install.test.ts"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  await using program = run("sampled", [], { SOCKACT_SAMPLE: "1", SAMPLED: folder });
  expect(await resultOf(program)).toMatchObject({ passed: 4, skipped: { "not in the sample": 6 } });
  const lines = readFileSync(join(folder, "started"), "utf8").trim().split("\n");
  const suites = lines.filter((line) => line.endsWith(" 1")).map((line) => line.split(" ")[0]);
  expect(lines).toEqual(suites.flatMap((suite) => [`prepares ${suite}`, `${suite} 1`, `${suite} 2`]));
});

test("vitest that does not start has no result", async () => {
  await using program = run("absent");
  expect(await resultOf(program)).toBe("no report");
});

describeWith({ commands: ["setpriv"] }, "the tests end with the command", () => {
  /** Resolves once the app of a hanging test runs. */
  const started = (): Promise<void> =>
    expect.poll(() => readFileSync(join(folder, "started"), "utf8"), { timeout: 20_000 }).not.toBe("");

  describe.each(["SIGINT", "SIGTERM", "SIGKILL"] as const)("that %s ends", (signal) => {
    test("and nothing is left behind", async () => {
      await using program = run("hangs", ["--testNamePattern=^a test times out$"]);
      await started();
      program.kill(signal);
      // Resolves once no process has the output open.
      await program.ended;
      expect(program.stdout + program.stderr).not.toContain("timed out");
      if (signal === "SIGKILL") return;
      expect(program.stdout).toContain('run: "interrupted"');
      expect(left()).toEqual([]);
    });
  });
});
