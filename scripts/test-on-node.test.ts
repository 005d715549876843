import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("test-node.ts", import.meta.url));

function testNode(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ["--import", "tsx", script, ...args], { encoding: "utf8" });
}

test("--help prints how to choose the Nodes", () => {
  const { status, stdout, stderr } = testNode("--help");
  expect(stdout).toContain("npm run test:on-node -- 22 24");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

test.each([
  ["22,24", '"22,24" is not a version of Node. Write major versions, such as 22'],
  ["20.19", '"20.19" is not a version of Node.'],
  ["18", "Node 18 is too old: sockact supports Node 20.19.0 and later."],
])("%s is refused, with what to write instead", (version, message) => {
  const { status, stdout, stderr } = testNode("22", version);
  expect(stderr).toContain(message);
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
});
