import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { startProcess } from "../src/app-process.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const own = process.versions.node.split(".")[0] as string;

test("npm run bench -- import prints no warning on this Node", { timeout: 60_000 }, async () => {
  const args = ["bench/run.ts", "import", "--runs=1", `--node=${own}`, "--only=core"];
  const command = [process.execPath, "--conditions=@sockact/source", "--import", "tsx", ...args];
  await using program = startProcess(command, { cwd: root });
  const status = await program.ended;
  // The bench itself says there where the figures are, and that the machine is noisy.
  expect(program.stderr).not.toMatch(/warning/i);
  expect(program.stdout).not.toMatch(/warning/i);
  expect(status).toBe(0);
});
