import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type AppProcess, startProcess } from "../packages/testing/src/app-process.ts";
import { describeWith } from "../packages/testkit/src/requires.ts";
import { root } from "./lib/packages.ts";
import { runVitest, skippedText } from "./lib/test-runs.ts";

const hangs = join(root, "packages/testkit/test/programs/hangs.config.ts");
const counted = join(root, "scripts/test/programs/counted.config.ts");

const start = (command: readonly string[], env: Record<string, string> = {}): AppProcess =>
  startProcess(command, { cwd: root, env });
const command = (script: string, ...args: string[]): AppProcess =>
  start([process.execPath, "--import", "tsx", "--conditions=@sockact/source", `scripts/${script}`, ...args]);

/** The place is this Node. */
const here = {
  cells: [process.versions.node],
  async run([, ...args]: readonly string[]): Promise<number> {
    await using vitest = start([process.execPath, ...args, "--no-color"]);
    return Number(await vitest.ended);
  },
};

describe("a run", () => {
  test("counts the tests without those of the campaign, and says what the skipped ones need", async () => {
    const run = await runVitest(here, ["--config", counted]);
    expect(run).toMatchObject({ isPassed: false, passed: 1, failed: ["fails"] });
    expect(skippedText(run?.skipped ?? [])).toBe("2: Node 99");
  });

  test("of a vitest that does not start has no result", async () => {
    expect(await runVitest(here, ["--config", "absent.config.ts"])).toBeUndefined();
  });
});

describe.concurrent("a command", () => {
  test("--help prints how to choose the versions", async () => {
    await using program = command("test-on-node.ts", "--help");
    expect(await program.ended).toBe(0);
    expect(program.stdout).toContain("npm run test:on-node -- 22 24");
    expect(program.stderr).toBe("");
  });

  test.each([
    ["test-on-node.ts", "22,24", '"22,24" is not a version of Node. Write major versions, such as 22'],
    ["test-on-node.ts", "18", "Node 18 is too old: sockact supports Node 20.19.0 and later."],
    ["test-on-systemd.ts", "251", "The tests can't run on systemd 251: name 252 (bookworm), 257 (trixie)"],
  ])("%s refuses %s, and says what to write instead", async (script, version, message) => {
    await using program = command(script, version);
    expect(await program.ended).toBe(1);
    expect(program.stderr).toContain(message);
    expect(program.stdout).toBe("");
  });
});

describeWith({ commands: ["setpriv"], tags: "campaign" }, "the tests end with the command", () => {
  /** Runs a test that hangs, on this Node. */
  const script = `
    import { spawn } from "node:child_process";
    import { endingWithParent } from "./packages/testing/src/end-with-parent.ts";
    import { finished } from "./scripts/lib/finished.ts";
    import { runInPlaces } from "./scripts/lib/test-runs.ts";
    async function* places() {
      yield { cells: ["of the test"], run: async ([, ...args]) => {
        const [program, ...rest] = endingWithParent([process.execPath, ...args]);
        return (await finished(spawn(program, rest, { stdio: "inherit" }))).status;
      } };
    }
    await runInPlaces(places(), ["--config", ${JSON.stringify(hangs)}, "--testNamePattern=^a test times out$"], { heading: ["Node"], key: String });
  `;
  const reports = join(root, ".cache/reports");
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "test-on-node-"));
    writeFileSync(join(folder, "started"), "");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test.each(["SIGINT", "SIGKILL"] as const)("that %s ends, and leave nothing behind", async (signal) => {
    await using program = start([process.execPath, "--import", "tsx", "--input-type=module", "-e", script], {
      STARTED: join(folder, "started"),
    });
    // The app of a hanging test runs.
    await expect.poll(() => readFileSync(join(folder, "started"), "utf8"), { timeout: 60_000 }).not.toBe("");
    program.kill(signal);
    // Resolves once no process has the output open.
    expect(await program.ended).toBe(signal === "SIGKILL" ? signal : 1);
    expect(program.stdout + program.stderr).not.toContain("timed out");
    expect(existsSync(reports) ? readdirSync(reports) : []).not.toContain(`${program.pid}.json`);
  });
});
