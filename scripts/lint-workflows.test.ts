import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { root } from "./lib/packages.ts";

const correct = `on: push
jobs:
  build:
    runs-on: ubuntu-24.04
    steps:
      - run: npm run build
`;

test.each([
  ["a key that GitHub does not know", "runs-on", "run-on", "flow.yml:4: Unexpected value 'run-on'"],
  ["a script that does not exist", "run build", "run biuld", "flow.yml: package.json has no script biuld"],
])("npm run lint:workflows finds %s", { tags: "campaign" }, (_, right, wrong, problem) => {
  const folder = mkdtempSync(join(tmpdir(), "workflows-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "workflows"));
  writeFileSync(join(folder, "workflows/flow.yml"), correct.replace(right, wrong));
  const { status, stderr } = spawnSync("npm", ["run", "--silent", "lint:workflows", "--", folder], {
    cwd: root,
    encoding: "utf8",
  });
  expect(stderr).toContain(problem);
  expect(status).toBe(1);
});
