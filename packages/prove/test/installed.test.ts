// The command as a user gets it from npm, run by root.
import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { describeWith, npmProgram, PackedPackages, startProcess } from "@sockact/testkit";
import { beforeAll, expect, test } from "vitest";
import { openFolder, writeApp } from "./installed-app.ts";

const needs = { privateSystemd: true, commands: ["unshare"], systemd: 253, tags: "campaign" } as const;
const npx = [process.execPath, npmProgram("npx"), "--no", "sockact"];

describeWith(needs, "sockact prove", () => {
  const folder = openFolder();
  const app = join(folder, "app");
  beforeAll(async () => {
    mkdirSync(app);
    writeApp(app);
    (await PackedPackages.packForRun()).install(app, ["@sockact/prove", "sockact"]);
  });

  /** The restart runs a load, and the stop has the witness in the app. */
  async function expectToHold(command: readonly string[], env: Record<string, string> = {}): Promise<void> {
    const options = ["--only", "restart,stop", "--restarts", "1", "--output", "junit=report.xml"];
    const program = startProcess([...command, "prove", ...options], { cwd: app, env });
    expect({ code: await program.ended, stderr: program.stderr }).toEqual({ code: 0, stderr: "" });
    expect(program.stdout).toMatch(/^greeter: 2 of 2 promises hold\.$/m);
  }
  const own = (user: number): void => void execFileSync("chown", ["-R", `${user}:${user}`, app]);

  // oxlint-disable-next-line vitest/expect-expect -- `expectToHold` has them
  test("needs no network after its installation", async () => {
    await expectToHold(["unshare", "--net", ...npx]);
  });

  test("gives its files to the user who has called sudo", async () => {
    own(1);
    await expectToHold(npx, { SUDO_UID: "1" });
    expect(statSync(join(app, "report.xml")).uid).toBe(1);
  });

  test("runs in a folder whose owner has no name, as in a container", async () => {
    own(54_321);
    const options = ["--only", "start"];
    const program = startProcess([...npx, "prove", ...options], { cwd: app });
    expect({ code: await program.ended, stderr: program.stderr }).toEqual({ code: 0, stderr: "" });
  });

  // oxlint-disable-next-line vitest/expect-expect -- `expectToHold` has them
  test("runs from the cache of npx", async () => {
    own(0);
    const cache = join(folder, ".npm/_npx/5c2f");
    mkdirSync(cache, { recursive: true });
    renameSync(join(app, "node_modules"), join(cache, "node_modules"));
    await expectToHold([process.execPath, join(cache, "node_modules/.bin/sockact")]);
    renameSync(join(cache, "node_modules"), join(app, "node_modules"));
  });

  // oxlint-disable-next-line vitest/expect-expect -- `expectToHold` has them
  test("runs from a global installation, where each package has its own dependencies", async () => {
    own(0);
    const modules = join(folder, "lib/node_modules");
    mkdirSync(join(modules, "@sockact"), { recursive: true });
    for (const name of ["sockact", "@sockact/prove"]) {
      execFileSync("cp", ["-R", join(app, "node_modules", name), join(modules, name)]);
      const dependencies = join(modules, name, "node_modules");
      execFileSync("cp", ["-R", join(app, "node_modules"), dependencies]);
      rmSync(join(dependencies, "@sockact/prove"), { recursive: true });
    }
    rmSync(join(app, "node_modules"), { recursive: true });
    await expectToHold([process.execPath, join(modules, "sockact/bin/sockact.cjs")]);
  });
});
