import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { nodeBinary } from "../../../scripts/lib/node-binary.ts";
import { AppUnderLoad } from "../../testing/src/app-under-load.ts";
import { during } from "../../testing/src/during.ts";
import { folderOf, installUnmodifiedApp } from "./install-unmodified-app.ts";
import type { LoadResult } from "../../testing/src/load.ts";
import { describeWith } from "./requires.ts";
import { type UnmodifiedApp, unmodifiedApps } from "./unmodified-apps.ts";

const RESTARTS = 3;
const OWN_MAJOR = Number(process.versions.node.split(".")[0]);

/**
 * The promises of the preload for apps that do not use sockact. Each app is installed from npm, with a unit
 * of @sockact/units.
 */
export function unmodifiedAppsContract(): void {
  const requirements = { privateSystemd: true, systemd: 253, tags: "campaign" } as const;
  for (const app of unmodifiedApps)
    describeWith(requirements, `${app.title}, as npm has it, by preload alone`, () => testsOf(app));
}

function testsOf(app: UnmodifiedApp): void {
  let loaded: AppUnderLoad;
  beforeAll(async () => {
    await installUnmodifiedApp(app);
    loaded = await AppUnderLoad.boot();
  }, 600_000);
  afterAll(() => loaded?.[Symbol.asyncDispose]());

  const install = async (more: { idleTimeout?: "200ms" } = {}): Promise<string> => {
    const description = app.describe({
      node: nodeFor(app, loaded),
      folder: loaded.systemd.inside(join(folderOf(app), app.deployed ?? "")),
      preload: loaded.systemd.inside(join(import.meta.dirname, "../../register/dist/index.cjs")),
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

  test("loses no request when it is restarted under load", async () => {
    const service = await install();
    const { requests, answer } = app;
    const results = await during(
      {
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
      },
      RESTARTS,
      () => loaded.systemd.restart(service),
    );
    console.log(figures(app, results));
    for (const [name, { failed, resets }] of Object.entries(results))
      expect({ name, failed, resets }).toEqual({ name, failed: {}, resets: 0 });
    expect(await loaded.systemd.show(service, "NRestarts")).toBe("0");
  });

  test("falls asleep, and the next request wakes it", async () => {
    const service = await install({ idleTimeout: "200ms" });
    const { systemd } = loaded;
    for (const { path, ...request } of app.requests) {
      const answer = await systemd.request({ url: `${loaded.url}${path}`, ...request });
      expect({ path, status: answer.status }).toEqual({ path, status: 200 });
      await systemd.waitForUnit(service, "ActiveState", "inactive", 60_000);
    }
    expect(await systemd.show(service, "Result")).toBe("success");
  });
}

/** The Node that runs this process, or the oldest one that the app supports. */
function nodeFor(app: UnmodifiedApp, { systemd }: AppUnderLoad): string {
  const major = majorFor(app);
  return major === OWN_MAJOR ? systemd.node : systemd.inside(nodeBinary(String(major)));
}

function majorFor({ node }: UnmodifiedApp): number {
  return Math.max(node, OWN_MAJOR);
}

function figures(app: UnmodifiedApp, results: Record<string, LoadResult & { longest?: number }>): string {
  const lines = Object.entries(results).map(
    ([name, { lost, sent, resets, longest }]) =>
      `  ${name}: ${lost} of ${sent} requests lost, ${resets} resets${longest === undefined ? "" : `, the longest answer after ${longest.toFixed()} ms`}`,
  );
  return [`${app.title}: ${RESTARTS} restarts, Node ${majorFor(app)}`, ...lines].join("\n");
}
