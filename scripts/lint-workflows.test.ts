import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const campaign = { tags: "campaign" };
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "workflows-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function lint(files: Record<string, string>): { status: number | null; output: string } {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const { status, stdout, stderr } = spawnSync("npm", ["run", "--silent", "lint:workflows", "--", folder], {
    cwd: root,
    encoding: "utf8",
  });
  return { status, output: (stdout + stderr).replaceAll(`${folder}/`, "") };
}

const correct = `on: push
permissions: {}
jobs:
  build:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions:
      contents: read
    steps:
      - id: one
        run: npm run build -- "$RESULT"
        env:
          RESULT: \${{ runner.os }}
`;

test(
  "npm run lint:workflows finds what GitHub would refuse, what is less safe, and what can't be parsed",
  campaign,
  () => {
    const { status, output } = lint({
      "workflows/correct.yml": correct,
      "workflows/key.yml": correct.replace("timeout-minutes", "timeout-minuts"),
      "workflows/right.yml": correct.replace("contents: read", "content: read"),
      "workflows/step.yml": correct.replace("runner.os", "steps.two.outputs.result"),
      "workflows/job.yml": correct.replace("    runs-on", "    needs: other\n    runs-on"),
      "workflows/function.yml": correct.replace("runner.os", "os()"),
      "workflows/script.yaml": correct.replace("run build", "run biuld"),
      "dependabot.yml": "version: [2",
    });
    expect(
      output
        .split("\n")
        .filter((line) => /^\S+\.ya?ml:\d+: /.test(line))
        .toSorted(),
    ).toEqual([
      expect.stringMatching(/^dependabot\.yml:1: Flow sequence/),
      "workflows/function.yml:13: Unrecognized function: 'os'",
      expect.stringMatching(/^workflows\/job\.yml:4: .* at least one job with no dependencies/),
      "workflows/job.yml:5: Value 'other' is not valid",
      "workflows/key.yml:1: the job build needs timeout-minutes",
      "workflows/key.yml:6: Unexpected value 'timeout-minuts'",
      "workflows/right.yml:8: Unexpected value 'content'",
      "workflows/script.yaml:11: package.json has no script biuld",
      "workflows/step.yml:13: Context access might be invalid: two",
    ]);
    expect(status).toBe(1);
  },
);

test("npm run lint:workflows fails for a folder without workflows", campaign, () => {
  const { status, output } = lint({ "workflows/read.me": "" });
  expect(output).toContain("has no file that ends with .yml or .yaml");
  expect(status).toBe(1);
});
