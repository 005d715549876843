import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { startProcess } from "../src/app-process.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const own = process.versions.node.split(".")[0] as string;

test.each([
  ["npm run demo", "scripts/demo.ts", []],
  ["npm run bench -- import", "bench/run.ts", ["import", "--runs=1", `--node=${own}`, "--only=core"]],
])(`%s has nothing to warn of on this Node`, { timeout: 60_000 }, async (_, script, args) => {
  const command = [process.execPath, "--conditions=@sockact/source", "--import", "tsx", script, ...args];
  await using program = startProcess(command, { cwd: root });
  const status = await program.ended;
  expect({ status, stderr: program.stderr }).toEqual({ status: 0, stderr: "" });
  expect(program.stdout).not.toMatch(/warning/i);
});
