import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const program = fileURLToPath(new URL("run.ts", import.meta.url));

function bench(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const command = ["--conditions=@sockact/source", "--import", "tsx", program, ...args];
  return spawnSync(process.execPath, command, { encoding: "utf8" });
}

test("--help prints what a bench measures, and its options", () => {
  const { status, stdout, stderr } = bench("start", "--help");
  expect(stdout).toMatch(/^How long the first client waits/);
  expect(stdout).toContain("--only TEXT");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

test.each([
  ["an option that it does not have", "--nope", "Unknown option '--nope'"],
  ["a value that it can't use", "--runs=few", "--runs must be a number such as 30; got few"],
])("%s ends with the help, and no stack trace", (_title, option, message) => {
  const { status, stdout, stderr } = bench("start", option);
  expect(stderr).toContain(`${message}\n\nHow long the first client waits`);
  expect(stderr).not.toMatch(/^ +at /m);
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
});
