import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { workflowProblems } from "./lib/workflow-problems.ts";

const SHA = "3d3c42e5aac5ba805825da76410c181273ba90b1";
const correct = `on: push
permissions: {}
jobs:
  build:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions:
      contents: read
    container:
      image: debian:trixie-slim@sha256:${SHA}${SHA.slice(0, 24)}
    steps:
      - uses: actions/checkout@${SHA} # v7.0.1
        with:
          persist-credentials: false
      - uses: actions/setup-node@${SHA} # v7.0.0
        with:
          package-manager-cache: false
      - uses: ./.github/actions/setup
      - id: build
        run: npm run build -- "$TITLE"
        env:
          TITLE: \${{ github.event.head_commit.message }}
      - uses: docker://alpine@sha256:${SHA}${SHA.slice(0, 24)}
        if: \${{ github.event.head_commit.message == 'docker' }}
  called:
    permissions: {}
    uses: ./.github/workflows/called.yml
`;

function problemsOf(text: string): string[] {
  return workflowProblems(".github/workflows/ci.yml", text, ["build"]);
}

describe("workflowProblems", () => {
  it("accepts a workflow that is in order", () => {
    expect(problemsOf(correct)).toEqual([]);
  });

  it.each([
    [
      "a tag in place of a SHA",
      `checkout@${SHA} # v7.0.1`,
      "checkout@v7 # v7.0.1",
      /12: actions\/checkout@v7: pin/,
    ],
    [
      "a short SHA",
      `checkout@${SHA}`,
      `checkout@${SHA.slice(0, 12)}`,
      /12: .*pin the action by the full SHA/,
    ],
    ["a SHA without its version", " # v7.0.1", "", /12: .*add its version/],
    ["an image without its digest", /@sha256:.*/, "", /10: debian:trixie-slim: pin the image/],
    [
      "rights for every job",
      "permissions: {}",
      "permissions:\n  contents: write",
      /1: set permissions to \{\}/,
    ],
    ["no word on rights", "permissions: {}\n", "", /1: set permissions to \{\}/],
    [
      "a job without its rights",
      "    permissions:\n      contents: read\n",
      "",
      /1: the job build needs permissions/,
    ],
    [
      "a job that may run for hours",
      "    timeout-minutes: 5\n",
      "",
      /1: the job build needs timeout-minutes/,
    ],
    [
      "an event with the rights of the repository",
      "on: push",
      "on:\n  pull_request_target:",
      /1: pull_request_target gives/,
    ],
    ["the same event in a list", "on: push", "on: [push, workflow_run]", /1: workflow_run gives/],
    [
      "an expression in a script",
      '"$TITLE"',
      "${{ github.event.head_commit.message }}",
      /20: an expression in a script/,
    ],
    [
      "a checkout that keeps the token",
      "persist-credentials: false",
      "fetch-depth: 0",
      /12: the token stays/,
    ],
    ["a cache", "package-manager-cache: false", "node-version: 20", /15: a cache can be poisoned/],
    [
      "a script that does not exist",
      "npm run build",
      "npm run biuld",
      /20: package.json has no script biuld/,
    ],
    [
      "every right of a job",
      "permissions:\n      contents: read",
      "permissions: write-all",
      /1: the job build needs permissions that name each right/,
    ],
    [
      "a checkout that keeps the token, in capitals",
      /actions\/checkout(@.*\n.*\n.*)false/,
      "Actions/Checkout$1true",
      /12: the token stays/,
    ],
    [
      "a cache, in capitals",
      /actions\/setup-node(@.*\n.*\n.*)false/,
      "ACTIONS/setup-node$1true",
      /15: a cache can be poisoned/,
    ],
    [
      "an event in an input of an action",
      "persist-credentials: false",
      "persist-credentials: false\n          name: ${{ github.event.issue.title }}",
      /15: what somebody else wrote/,
    ],
    [
      "an expression in the script of an action",
      "persist-credentials: false",
      "persist-credentials: false\n          script: ${{ inputs.title }}",
      /15: an expression in a script/,
    ],
    [
      "an event in a path",
      "id: build",
      "working-directory: ${{github['event'].issue.title}}",
      /19: what somebody else wrote/,
    ],
    [
      "an event in a list",
      "runs-on: ubuntu-24.04",
      "runs-on: [ubuntu-24.04, '${{ github.event.label.name }}']",
      /5: what somebody else wrote/,
    ],
    [
      "the name of a branch in an input",
      "persist-credentials: false",
      "persist-credentials: false\n          ref: ${{ github.head_ref }}",
      /15: what somebody else wrote/,
    ],
    [
      "an action outside of .github",
      "./.github/actions/setup",
      "./scripts/setup",
      /18: \.\/scripts\/setup: move it/,
    ],
    [
      "an action that only seems to be in .github",
      "./.github/actions/setup",
      "./.github/actions/../../setup",
      /18: .*move it/,
    ],
    ["an event of comments", "on: push", "on: { issue_comment: {} }", /1: issue_comment gives/],
    ["an image of a step without its digest", /(docker:.*)@sha256:.*/, "$1:3", /23: .*pin the image/],
    ["an alias", "permissions: {}", "permissions: *none", /2: write \*none out/],
  ])("finds %s", (_, right, wrong, message) => {
    expect(correct).toMatch(right);
    expect(problemsOf(correct.replace(right, wrong)).join("\n")).toMatch(message);
  });
});

describe("the workflows of this repository", () => {
  const root = new URL("../", import.meta.url);
  const { scripts } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));

  const files = readdirSync(new URL(".github", root), { recursive: true, encoding: "utf8" }).filter((file) =>
    /^(?:workflows|actions)\/.*\.ya?ml$/.test(file),
  );

  it("are found", () => {
    expect(files).toContain("workflows/ci.yml");
  });

  it.each(files)("are in order: %s", (name) => {
    const file = `.github/${name}`;
    const text = readFileSync(new URL(file, root), "utf8");
    expect(workflowProblems(file, text, Object.keys(scripts))).toEqual([]);
  });
});
