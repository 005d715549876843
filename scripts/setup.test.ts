import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type AppProcess, startProcess } from "../packages/testing/src/app-process.ts";
import { describeWith } from "../packages/testkit/src/requires.ts";

const scripts = fileURLToPath(new URL("./", import.meta.url));

/** A clone with one package, whose install waits for a file. */
let clone = "";
/** The settings of whoever runs the tests, such as ignore-scripts, do not apply. */
const env = { npm_config_userconfig: "/dev/null" };
const inClone = (path: string): string => join(clone, path);
const letGo = (): void => writeFileSync(inClone("go"), "");

beforeEach(async () => {
  clone = mkdtempSync(join(tmpdir(), "setup-"));
  mkdirSync(inClone("scripts/lib"), { recursive: true });
  mkdirSync(inClone("packages/app"), { recursive: true });
  for (const file of ["setup.mjs", "lib/lock.mjs"]) cpSync(`${scripts}${file}`, inClone(`scripts/${file}`));
  writeFileSync(inClone("package.json"), '{ "private": true, "workspaces": ["packages/*"] }');
  const scriptsOfApp = {
    install: `cd ../..; touch started; while [ -e started ] && [ ! -e go ]; do sleep 0.05; done`,
  };
  writeFileSync(inClone("packages/app/package.json"), JSON.stringify({ name: "app", scripts: scriptsOfApp }));
  await npm("install", "--package-lock-only");
});
// It also ends an install script whose npm was killed.
afterEach(() => rmSync(clone, { recursive: true }));

async function npm(...args: string[]): Promise<void> {
  await using running = startProcess(["npm", ...args, "--no-audit", "--no-fund"], { cwd: clone, env });
  if ((await running.ended) !== 0) throw new Error(running.stderr);
}

const startSetup = (): AppProcess => startProcess([process.execPath, inClone("scripts/setup.mjs")], { env });

/** The output of a successful run. */
async function setUp(): Promise<string> {
  await using running = startSetup();
  if ((await running.ended) !== 0) throw new Error(running.stderr);
  return running.stderr;
}

const installing = "Installing the dependencies …\n";
const started = (): Promise<void> =>
  expect.poll(() => existsSync(inClone("started")), { timeout: 60_000 }).toBe(true);

test(
  "a clone is installed once, and again when a package is missing or the lockfile names others",
  { timeout: 300_000 },
  async () => {
    letGo();
    expect(await setUp()).toBe(installing);
    const later = new Date(Date.now() + 60_000);
    utimesSync(inClone("package-lock.json"), later, later);
    expect(await setUp()).toBe("");
    rmSync(inClone("node_modules/app"));
    expect(await setUp()).toBe(installing);
    mkdirSync(inClone("packages/other"));
    writeFileSync(inClone("packages/other/package.json"), '{ "name": "other" }');
    await npm("install", "--package-lock-only");
    expect(await setUp()).toBe(installing);
  },
);

test("what npm install by hand has installed is used", { tags: "campaign" }, async () => {
  letGo();
  await npm("install");
  expect(await setUp()).toBe("");
});

describeWith({ commands: ["flock", "setpriv"] }, "an install under way", () => {
  test("that SIGKILL ends is made again", { tags: "campaign" }, async () => {
    letGo();
    expect(await setUp()).toBe(installing);
    for (const file of ["go", "started", "node_modules/app"]) rmSync(inClone(file));
    await using killed = startSetup();
    await started();
    killed.kill("SIGKILL");
    expect(await killed.ended).toBe("SIGKILL");
    letGo();
    expect(await setUp()).toBe(installing);
    expect(await setUp()).toBe("");
  });

  test("makes another run wait, which then finds all installed", async () => {
    await using first = startSetup();
    await started();
    await using second = startSetup();
    await second.line(/^Waiting for another run/);
    letGo();
    expect(await Promise.all([first.ended, second.ended])).toEqual([0, 0]);
    expect(first.stderr).toBe(installing);
    expect(second.stderr).not.toContain(installing);
  });
});

describeWith({ root: true, otherUsers: true, commands: ["setpriv"] }, "in a clone that root has used", () => {
  test("another user learns what to do", async () => {
    letGo();
    await setUp();
    chmodSync(clone, 0o755);
    const user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    await using running = startProcess([...user, process.execPath, inClone("scripts/setup.mjs")]);
    expect(await running.ended).toBe(1);
    expect(running.stderr).toContain("Use a clone of your own, or change its owner");
  });
});
