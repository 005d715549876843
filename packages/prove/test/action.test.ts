// Runs the step of the action as GitHub's runner does.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeWith, PackedPackages, startProcess } from "@sockact/testkit";
import { beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { openFolder, writeApp } from "./installed-app.ts";

interface Action {
  inputs: Record<string, { default: string }>;
  outputs: Record<string, { value: string }>;
  runs: { steps: [{ id: string; run: string; env: Record<string, string>; "working-directory": string }] };
}

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const { inputs, outputs, runs } = parse(read(".github/actions/prove/action.yml")) as Action;
const [step] = runs.steps;

test("the page about CI has all inputs of the action, and no others", () => {
  const page = read("docs/prove-ci.md");
  const blocks = Array.from(
    page.matchAll(/```yaml\n(.*?)```/gs),
    ([, block = ""]) => parse(block) as unknown,
  );
  const [{ steps }] = blocks as [{ steps: { uses?: string; with?: object }[] }];
  const used = steps.find(({ uses }) => uses?.startsWith("sockact/sockact/.github/actions/prove@"));
  expect(Object.keys(inputs)).toEqual(expect.arrayContaining(Object.keys(used?.with ?? {})));
  const rows = Array.from(page.matchAll(/^\| `([\w-]+)`/gm), ([, name]) => name);
  expect(rows).toEqual(Object.keys(inputs));
});

const needs = { privateSystemd: true, systemd: 253, tags: "campaign" } as const;

describeWith(needs, "the GitHub Action of sockact prove", () => {
  const folder = openFolder();
  beforeAll(async () => (await PackedPackages.packForRun()).install(folder, ["@sockact/prove", "sockact"]));

  /** Runs the step in the folder of an app. `outputs` has the content of the files that it names. */
  async function run(name: string, atSignal: string | undefined, given: Record<string, string>) {
    const app = join(folder, name);
    mkdirSync(app);
    writeApp(app, atSignal);
    const output = join(folder, `${name}-output`);
    const summary = join(folder, `${name}-summary`);
    for (const each of [output, summary]) writeFileSync(each, "");
    const valueOf = (expression: string): string =>
      expression.replace(/^\$\{\{ inputs\.([\w-]+) \}\}$/, (_, input: string) => {
        return { "working-directory": name, ...given }[input] ?? inputs[input]!.default;
      });
    const env = Object.entries(step.env).map(([variable, value]) => [variable, valueOf(value)]);
    const script = join(folder, `${name}.sh`);
    writeFileSync(script, step.run);
    const program = startProcess(["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script], {
      cwd: join(folder, valueOf(step["working-directory"])),
      env: {
        ...Object.fromEntries(env),
        GITHUB_OUTPUT: output,
        GITHUB_STEP_SUMMARY: summary,
      },
    });
    const code = await program.ended;
    const lines = readFileSync(output, "utf8").split("\n").filter(Boolean);
    const files = lines.map((line) => line.split("=") as [string, string]);
    return {
      code,
      printed: program.stdout + program.stderr,
      summary: readFileSync(summary, "utf8"),
      outputs: Object.fromEntries(files.map(([key, path]) => [key, readFileSync(path, "utf8")])),
    };
  }

  test("reports a healthy app in the summary of the job, and as files", async () => {
    const result = await run("healthy", undefined, {
      entry: "server.js",
      with: "echo 'one two' >&2\n\ntrue\n",
      budget: "lost=0",
      options: `--only restart --restarts 1 --listen "80" --status 200`,
    });
    expect(result).toMatchObject({ code: 0, printed: expect.stringContaining("1 of 1 promise holds.") });
    expect(result.printed).toMatch(/^::stop-commands::(\S+)\n[^]*\n::\1::\n/);
    expect(result.summary).toContain("| ✅ held | restart | 0 of ");
    expect(result.summary).toContain("| ✅ held | budget | lost requests: 0");
    expect(result.outputs).toMatchObject({
      json: expect.stringContaining(`"held": true`),
      junit: expect.stringContaining("<testsuite"),
      markdown: result.summary,
      sarif: expect.stringContaining("sarif"),
    });
    expect(Object.keys(outputs).toSorted()).toEqual(Object.keys(result.outputs).toSorted());
    for (const [name, { value }] of Object.entries(outputs))
      expect(value).toBe(`\${{ steps.${step.id}.outputs.${name} }}`);
  });

  test("fails for a broken app, and reports the cause", async () => {
    const result = await run("broken", "process.exit(3)", { options: "--only stop" });
    expect(result).toMatchObject({ code: 1, printed: expect.stringContaining("0 of 1 promise holds.") });
    expect(result.summary).toContain("| ❌ broken | stop |");
    expect(result.outputs["sarif"]).toContain("server.js");
  });

  test("says what is wrong with its inputs, and has no report then", async () => {
    const result = await run("mistaken", undefined, { options: `--only "resart"` });
    expect(result).toMatchObject({
      code: 2,
      printed: expect.stringContaining("Did you mean restart?"),
      summary: "",
      outputs: {},
    });
  });

  test("is also a job of GitLab, which lets every user write to the files", async () => {
    const app = join(folder, "gitlab");
    mkdirSync(app);
    writeApp(app);
    execFileSync("chmod", ["-R", "a+rwX", folder]);
    const { prove } = parse(read("deploy/gitlab/prove.gitlab-ci.yml")) as { prove: { script: string[] } };
    const lines = prove.script.filter((line) => !/^(?:apt-get|npm) /.test(line));
    expect(lines).toHaveLength(2);
    const program = startProcess(["bash", "-ec", `${lines.join("\n")} --only restart`], {
      cwd: app,
      env: { CI_BUILDS_DIR: folder },
    });
    expect({ code: await program.ended, stderr: program.stderr }).toEqual({ code: 0, stderr: "" });
    expect(readFileSync(join(app, "prove.xml"), "utf8")).toContain("<testsuite");
  });
});
