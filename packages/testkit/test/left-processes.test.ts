import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startProcess } from "../../testing/src/app-process.ts";
import { describeWith } from "../src/requires.ts";

const vitest = fileURLToPath(new URL("../../../node_modules/vitest/vitest.mjs", import.meta.url));
const config = fileURLToPath(new URL("programs/hangs.config.ts", import.meta.url));

describeWith({ commands: ["setpriv"] }, "the app of a test ends", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "left-processes-"));
    writeFileSync(join(folder, "started"), "");
  });
  afterEach(() => {
    for (const pid of pids().filter(isRunning)) process.kill(pid, "SIGKILL");
    rmSync(folder, { recursive: true });
  });

  const pids = (): number[] =>
    readFileSync(join(folder, "started"), "utf8").split("\n").filter(Boolean).map(Number);

  async function run(name: string): Promise<string> {
    const options = ["--config", config, "--testNamePattern", `^${name}`, "--reporter=verbose", "--no-color"];
    await using runner = startProcess([process.execPath, vitest, "run", ...options], {
      env: { STARTED: join(folder, "started") },
    });
    expect(await runner.ended).toBe(1);
    return runner.stdout + runner.stderr;
  }

  test.each([
    ["a test times out", /Test timed out in 6000ms[^]*1 failed \| 1 passed/],
    ["a concurrent test times out", /Test timed out in 6000ms/],
    ["the worker dies", /Worker exited unexpectedly/],
  ])("when %s", async (name, output) => {
    expect(await run(name)).toMatch(output);
    expect(pids()).toHaveLength(1);
    await expect.poll(() => pids().filter(isRunning), { timeout: 5000 }).toEqual([]);
  });
});

/** Whether a process runs. A zombie does not count. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
