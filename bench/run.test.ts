import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import type { Results } from "./lib/results.ts";

const program = fileURLToPath(new URL("run.ts", import.meta.url));

function bench(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const command = ["--conditions=@sockact/source", "--import", "tsx", program, ...args];
  return spawnSync(process.execPath, command, { encoding: "utf8" });
}

test("--help lists what can be measured", () => {
  const { status, stdout, stderr } = bench("--help");
  expect(stdout).toMatch(/^npm run bench +runs every benchmark/);
  expect(stdout).toMatch(/^ {2}start +How long the first client waits/m);
  expect(stdout).toMatch(/^ {2}cli +extra: How long/m);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

test("--help after a name prints what it measures", { tags: "campaign" }, () => {
  const { status, stdout, stderr } = bench("start", "--help");
  expect(stdout).toMatch(/^How long the first client waits/);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

test.each([
  ["an unknown name", ["nope"], "Unknown bench: nope"],
  ["an option that it does not have", ["start", "--nope"], "Unknown option '--nope'"],
  ["a value that it can't use", ["start", "--runs=few"], "--runs must be a number such as 30; got few"],
  [
    "a list of Nodes with a gap",
    ["start", "--node=20,"],
    "--node must be major versions such as 20,26; got 20,",
  ],
  [
    "a checkout that is not built",
    ["throughput", "--checkout=/nowhere"],
    "--checkout must be the folder of a clone that is built; got /nowhere",
  ],
])("%s is an error, with no stack trace", { tags: "campaign" }, (_title, args, message) => {
  const { status, stdout, stderr } = bench(...args);
  expect(stderr).toContain(message);
  expect(stderr).not.toMatch(/^ +at /m);
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
});

test(
  "a bench prints a table without any warning, and writes all figures as JSON",
  { tags: "campaign" },
  () => {
    const folder = mkdtempSync(join(tmpdir(), "sockact-bench-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "figures.json");
    const own = String(process.versions.node.split(".")[0]);
    // It may have to install the peers first.
    const { status, stdout, stderr } = bench(
      "import",
      "--runs=2",
      "--only=core",
      `--node=${own}`,
      `--out=${file}`,
    );
    // It also says there where the figures are, and that the machine is noisy.
    expect(`${stderr}${stdout}`).not.toMatch(/warning/i);
    expect(status).toBe(0);
    expect(stdout).toContain(`Import on Node ${own}; rounds: 2`);
    const { machine, benches } = JSON.parse(readFileSync(file, "utf8")) as Results;
    expect(machine.node).toBe(process.version);
    const [table] = benches[0]!.tables;
    expect(table?.arms.map(({ name, values }) => [name, values["CPU"]?.length])).toEqual([
      ["systemd-socket", 2],
      ["@sockact/core", 2],
    ]);
  },
);
