import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type AppRun, recordRun } from "./app-runs.ts";
import { AppUnderLoad } from "../../testing/src/app-under-load.ts";
import { during } from "../../testing/src/during.ts";
import { frameworkApps } from "./framework-apps.ts";
import { folderOf, installNpmApp, majorFor, newerNodeFor } from "./install-npm-app.ts";
import type { Load } from "../../testing/src/load.ts";
import type { LoadResult } from "../../testing/src/loads.ts";
import { describeWith } from "./requires.ts";
import { type NpmApp, unmodifiedApps } from "./unmodified-apps.ts";

const RESTARTS = 3;

/**
 * The promises of the preload for apps that do not use sockact, and of core and the adapters for apps of
 * frameworks. Each is installed from npm, with a unit of @sockact/units.
 */
export function npmAppsContract(): void {
  const requirements = { privateSystemd: true, systemd: 253, tags: "campaign" } as const;
  for (const app of unmodifiedApps)
    describeWith(requirements, `${app.title}, as npm has it, by preload alone`, () => testsOf(app));
  for (const app of frameworkApps)
    describeWith(requirements, `${app.title}, with the example of its page`, () => testsOf(app));
}

function testsOf(app: NpmApp): void {
  let loaded: AppUnderLoad;
  beforeAll(async () => {
    await installNpmApp(app);
    loaded = await AppUnderLoad.boot();
  }, 600_000);
  afterAll(() => loaded?.[Symbol.asyncDispose]());

  let passed = 0;
  let restarted: Pick<AppRun, "requests" | "longest"> | undefined;
  beforeEach(({ onTestFinished, task }) => {
    onTestFinished(() => void (passed += task.result?.state === "pass" ? 1 : 0));
  });
  afterAll(() => {
    const all = app.noHandover === undefined ? 4 : 3;
    if (process.env["RECORD_APPS"] === "yes" && passed === all && restarted !== undefined)
      recordRun(app, restarted);
  });

  const deployed = app.deployed ?? (app.examples === undefined ? "" : "dist");
  const install = async (more: { idleTimeout?: "200ms"; handover?: true } = {}): Promise<string> => {
    const { systemd } = loaded;
    const newer = newerNodeFor(app);
    const description = app.describe({
      node: newer === undefined ? systemd.node : systemd.inside(newer),
      folder: systemd.inside(join(folderOf(app), deployed)),
      preload: systemd.inside(join(import.meta.dirname, "../../register/dist/index.cjs")),
    });
    await loaded.installService({ ...description, ...more });
    return `${description.name}.service`;
  };

  test("answers on port 80, as a user that exists only while it runs", async () => {
    const service = await install();
    const { systemd } = loaded;
    for (const { path, ...request } of app.requests) {
      const { status, body } = await systemd.request({ url: `${loaded.url}${path}`, ...request });
      expect({ path, status }).toEqual({ path, status: 200 });
      expect(body).toMatch(new RegExp(app.answer));
    }
    // The user IDs of DynamicUser=.
    const user = Number(await systemd.show(service, "UID"));
    expect(user).toBeGreaterThanOrEqual(61_184);
    expect(user).toBeLessThanOrEqual(65_519);
    if (app.greeting !== undefined) {
      const { port, text } = app.greeting;
      const firstLine = `head --lines=1 </dev/tcp/127.0.0.1/${port}`;
      expect(await systemd.mustRun(["bash", "-c", firstLine])).toMatch(new RegExp(`^${text}`));
    }
    // The service itself opens no listening port.
    const ss = ["ss", "--listening", "--tcp", "--numeric", "--no-header"];
    const listening = (await systemd.mustRun(ss)).trimEnd().split("\n");
    const ports = new Set([80, app.greeting?.port ?? 80]);
    expect(new Set(listening.map((line) => line.split(/ +/)[3]))).toEqual(
      new Set([...ports].map((port) => `*:${port}`)),
    );
    await systemd.stop(service);
    expect(await systemd.show(service, "Result")).toBe("success");
  });

  const { requests, answer } = app;
  /** Clients that pause and clients that do not, on open and on new connections. */
  const loads = (): Record<string, Promise<Load<"busy" | "thinking">>> => ({
    "keep-alive": loaded.load("busy", { connections: 16, keepAlive: true, requests, answer }),
    "Connection: close": loaded.load("busy", { connections: 16, keepAlive: false, requests, answer }),
    thinking: loaded.load("thinking", {
      clients: 32,
      keepAlive: true,
      think: 1000,
      away: 20,
      requests,
      answer,
    }),
  });

  test("loses no request when it is restarted under load", async () => {
    const service = await install();
    const results = await during(loads(), RESTARTS, () => loaded.systemd.restart(service));
    console.log(figures(app, `${RESTARTS} restarts`, results));
    expectAllAnswered(results);
    const all = Object.values(results);
    const sum = all.reduce((total, { sent }) => total + sent, 0);
    restarted = { requests: sum, longest: Math.max(...all.map(({ longest }) => longest)) };
    expect(await loaded.systemd.show(service, "NRestarts")).toBe("0");
  });

  test.skipIf(app.noHandover !== undefined)(
    "loses no request when it is handed over under load",
    async () => {
      const service = await install({ handover: true });
      const { systemd } = loaded;
      await systemd.start(service);
      const before = await loaded.pid(service);
      const reload = ["systemctl", "reload", service];
      const results = await during(loads(), 1, async () => {
        await systemd.mustRun(reload, { timeout: 60_000 });
      });
      console.log(figures(app, "1 handover", results));
      expectAllAnswered(results);
      expect(await loaded.pid(service)).not.toBe(before);
      await systemd.stop(service);
    },
  );

  test("falls asleep, and the next request wakes it", async () => {
    const service = await install({ idleTimeout: "200ms" });
    const { systemd } = loaded;
    for (const { path, ...request } of app.requests) {
      const { status } = await systemd.request({ url: `${loaded.url}${path}`, ...request });
      expect({ path, status }).toEqual({ path, status: 200 });
      await systemd.waitForUnit(service, "ActiveState", "inactive", 60_000);
    }
    expect(await systemd.show(service, "Result")).toBe("success");
  });
}

function expectAllAnswered(results: Record<string, LoadResult>): void {
  for (const [name, { failed, resets }] of Object.entries(results))
    expect({ name, failed, resets }).toEqual({ name, failed: {}, resets: 0 });
}

function figures(app: NpmApp, what: string, results: Record<string, LoadResult>): string {
  const lines = Object.entries(results).map(
    ([name, { lost, sent, resets, longest }]) =>
      `  ${name}: ${lost} of ${sent} requests lost, ${resets} resets, the longest answer after ${longest.toFixed()} ms`,
  );
  return [`${app.title}: ${what}, Node ${majorFor(app)}`, ...lines].join("\n");
}
