// The example as a stranger has it: a folder of its own, with only what npm would install.
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeWith, PackedPackages, startProcess, whatIsMissing } from "@sockact/testkit";

const example = join(import.meta.dirname, "adapter");

describe("an adapter in a project that has only packages from npm", () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "adapter-"));
    chmodSync(folder, 0o755);
    cpSync(example, folder, { recursive: true, filter: (path) => !path.endsWith("node_modules") });
    const { dependencies, devDependencies } = JSON.parse(
      readFileSync(join(folder, "package.json"), "utf8"),
    ) as Record<"dependencies" | "devDependencies", object>;
    const packages = await PackedPackages.packForRun();
    packages.install(folder, Object.keys({ ...dependencies, ...devDependencies }));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Runs a script of the project's package.json, which must succeed. Resolves to its output. */
  async function run(script: string, before: readonly string[] = []): Promise<string> {
    const command = [...before, "npm", "run", "--silent", script];
    const runner = startProcess(command, { cwd: folder, env: { HOME: folder } });
    if ((await runner.ended) !== 0) throw new Error(runner.stdout + runner.stderr);
    return runner.stdout;
  }

  test("node --test passes the contract, and says which tests it skips and why", async () => {
    const output = await run("test");
    expect(output).toMatch(/^(?:#|ℹ) fail 0$/m);
    expect(output).toContain("serves the passed sockets, tcp4, unix, tcp6, abstract");
    expect(output).toContain("skipped: it takes minutes; set SOCKACT_CONTRACTS=all");
    const hasSystemd = whatIsMissing({ privateSystemd: true, systemd: 253 }) === undefined;
    expect(output.includes("systemctl stop runs onStop")).toBe(hasSystemd);
  });

  describeWith({ root: true, commands: ["setpriv"], otherUsers: true }, "as a user without root", () => {
    test("node --test passes the contract, and says what the rest needs", async () => {
      const output = await run("test", ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
      expect(output).toMatch(/^(?:#|ℹ) fail 0$/m);
      expect(output).toContain("skipped: a private systemd without root needs");
    });
  });

  test("Vitest passes the same contract", { tags: "campaign" }, async () => {
    expect(await run("test:vitest")).toMatch(/Tests .*\d+ passed/);
  });
});
