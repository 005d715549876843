// Apps that others have made by the preload alone, and apps of frameworks by core and the adapters, each as npm has it:
// what docs/apps.md and the pages of the frameworks say of them.
import { join } from "node:path";
import process from "node:process";
import { describeWith } from "@sockact/testkit";
import { type AppRun, recordRun } from "../../testkit/src/app-runs.ts";
import { frameworkApps } from "../../testkit/src/framework-apps.ts";
import { folderOf, installNpmApp, majorFor, newerNodeFor } from "../../testkit/src/install-npm-app.ts";
import { type NpmApp, unmodifiedApps } from "../../testkit/src/unmodified-apps.ts";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { App } from "../src/app.ts";
import { Machine } from "../src/machine.ts";
import { installApp, openApp } from "../src/open-app.ts";
import type { Check, CheckId } from "../src/report.ts";
import { tryStep } from "../src/try-step.ts";

const RESTARTS = 3;
const held = { verdict: "held", causes: [] };
const requirements = { privateSystemd: true, systemd: 253, tags: "campaign" } as const;
const register = join(import.meta.dirname, "../../register/dist/index.cjs");

for (const app of unmodifiedApps)
  describeWith(requirements, `${app.title}, as npm has it, by preload alone`, () => testsOf(app));
for (const app of frameworkApps)
  describeWith(requirements, `${app.title}, with the example of its page`, () => testsOf(app));

function testsOf(npmApp: NpmApp): void {
  let machine: Machine;
  beforeAll(async () => {
    await installNpmApp(npmApp);
    machine = await Machine.boot(folderOf(npmApp));
  }, 600_000);
  afterAll(() => machine?.[Symbol.asyncDispose]());

  let passed = 0;
  let restarted: Pick<AppRun, "requests" | "longest"> | undefined;
  beforeEach(({ onTestFinished, task }) => {
    onTestFinished(() => void (passed += task.result?.state === "pass" ? 1 : 0));
  });
  afterAll(() => {
    const all = 3 + (npmApp.noHandover === undefined ? 1 : 0) + (npmApp.greeting === undefined ? 0 : 1);
    if (process.env["RECORD_APPS"] === "yes" && passed === all && restarted !== undefined)
      recordRun(npmApp, restarted);
  });

  /** Installs it from a config that exports its description. */
  const install = async (more: { handover?: true } = {}): Promise<App> => {
    const { systemd } = machine;
    const { examples, deployed = examples === undefined ? "" : "dist", requests, answer } = npmApp;
    const newer = newerNodeFor(npmApp);
    const description = npmApp.describe({
      node: newer === undefined ? systemd.node : systemd.inside(newer),
      folder: systemd.inside(join(folderOf(npmApp), deployed)),
      preload: systemd.inside(register),
    });
    const config = `/etc/${description.name}/sockact.config.json`;
    await systemd.write(config, JSON.stringify({ ...description, ...more }));
    const installation = await installApp(machine, undefined, { config });
    return openApp(machine, installation, { requests, answer, status: 200 });
  };

  /** Tries a promise as `sockact prove` does it. */
  const tried = async (id: CheckId, app: App): Promise<Check> => {
    const check = await tryStep(id, app, { restarts: RESTARTS });
    console.log(`${npmApp.title}, Node ${majorFor(npmApp)}: ${id} ${JSON.stringify(check.figures)}`);
    return check;
  };

  test("answers on port 80, as a user that exists only while it runs", async () => {
    const app = await install();
    const { systemd, service } = app;
    expect(await tried("start", app)).toMatchObject(held);
    expect(await tried("answer", app)).toMatchObject(held);
    // The user IDs of DynamicUser=.
    const user = Number(await systemd.show(service, "UID"));
    expect(user).toBeGreaterThanOrEqual(61_184);
    expect(user).toBeLessThanOrEqual(65_519);
    // The service itself opens no listening port.
    const ss = ["ss", "--listening", "--tcp", "--numeric", "--no-header"];
    const listening = (await systemd.mustRun(ss)).trimEnd().split("\n");
    const ports = new Set([80, npmApp.greeting?.port ?? 80]);
    expect(new Set(listening.map((line) => line.split(/ +/)[3]))).toEqual(
      new Set([...ports].map((port) => `*:${port}`)),
    );
    expect(await app.stop()).toBe(true);
  });

  test.runIf(npmApp.greeting !== undefined)("greets on its other port", async () => {
    const { systemd } = await install();
    const { port, text } = npmApp.greeting!;
    const firstLine = `head --lines=1 </dev/tcp/127.0.0.1/${port}`;
    expect(await systemd.mustRun(["bash", "-c", firstLine])).toMatch(new RegExp(`^${text}`));
  });

  test("loses no request when it is restarted under load", async () => {
    const check = await tried("restart", await install());
    expect(check).toMatchObject(held);
    const { requests = 0, longest = 0 } = check.figures;
    restarted = { requests, longest };
  });

  test.skipIf(npmApp.noHandover !== undefined)(
    "loses no request when it is handed over under load",
    async () => {
      const app = await install({ handover: true });
      await app.systemd.start(app.service);
      const before = await app.show("MainPID");
      expect(await tried("reload", app)).toMatchObject(held);
      expect(await app.show("MainPID")).not.toBe(before);
      expect(await app.stop()).toBe(true);
    },
  );

  test("falls asleep, and the next request wakes it", async () => {
    expect(await tried("sleep", await install())).toMatchObject(held);
  });
}
