// Apps with metrics of their own, which they leave in the journal.
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { openAppMetrics } from "../src/lib/metrics/app-metrics.ts";
import type { Sample } from "../src/lib/metrics/catalog.ts";
import { ServiceManager } from "../src/lib/systemd/service-manager.ts";

const infoOf = (app: string): Sample => ({
  metric: "sockact_app_info",
  labels: { app, unit: `${app}.service`, kind: "single" },
  value: 1,
});

/** A manager whose journalctl runs inside. */
function insideOf(systemd: PrivateSystemd): ServiceManager {
  const manager = new ServiceManager();
  manager.runJournalctl = (...args) => systemd.run(["journalctl", ...args]);
  return manager;
}

describeWith({ privateSystemd: true, commands: ["dbus-daemon"] }, "the metrics of an app that sleeps", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

  /** Installs an app that sleeps after a request, with these lines in its service. */
  async function install(
    name: string,
    lines = "OpenFile=/run/systemd/journal/socket:journal:graceful\n",
  ): Promise<void> {
    await systemd.installUnits({
      [`${name}.socket`]: `[Socket]\nListenStream=/run/${name}.sock\n`,
      [`${name}.service`]: `[Service]
ExecStart=${systemd.node} ${systemd.project}/packages/cli/test/programs/own-metrics.mjs
Environment=SOCKACT_IDLE_TIMEOUT=10ms
${lines}`,
    });
    await systemd.start(`${name}.socket`);
  }

  /** Wakes the app with a request, and waits until it sleeps again. Returns whether it could record its metrics. */
  async function wake(name: string, path = "/"): Promise<string> {
    await systemd.request({ url: `http://app${path}`, socketPath: `/run/${name}.sock` });
    await systemd.waitForUnit(`${name}.service`, "SubState", "dead");
    const lines = await systemd.journal(`${name}.service`);
    return lines.findLast((line) => line.includes("recorded: "))!.replace(/.*recorded: /, "");
  }

  /** What an endpoint shows that has read the whole journal. */
  async function values(...apps: string[]): Promise<{ text: string; samples: Sample[] }> {
    await systemd.mustRun(["journalctl", "--sync"]);
    const metrics = openAppMetrics(insideOf(systemd));
    const samples = await metrics.read(apps.map(infoOf));
    return { text: metrics.text(), samples };
  }

  test("outlive it, and its counters go on with each wake", async () => {
    await install("shop");
    const seen = [];
    for (let wakes = 0; wakes < 4; wakes++) {
      expect(await wake("shop")).toBe("true");
      seen.push((await values("shop")).text);
    }
    expect(seen).toEqual(
      [1, 2, 3, 4].map((sum) => `# TYPE hits_total counter\nhits_total{app="shop"} ${sum}\n`),
    );
    expect(await systemd.show("shop.service", "SubState")).toBe("dead");
    expect((await values("shop")).samples).toMatchObject([{ labels: { app: "shop" } }]);
    expect(await systemd.journal("shop.service")).not.toContainEqual(expect.stringContaining("Warning"));
  });

  test("may be long, and are not recorded if they are longer than a message may be", async () => {
    await install("long");
    expect(await wake("long", "/?gauges=1999")).toBe("true");
    expect((await values("long")).text.split("\n")).toHaveLength(2001);
    expect(await wake("long", "/?gauges=40000")).toBe("false");
  });

  test("are not recorded if the unit does not pass the journal", async () => {
    await install("plain", "");
    expect(await wake("plain")).toBe("false");
  });

  test("go on after the endpoint has slept, and another app with a wrong text changes nothing", async () => {
    await install("kept");
    await install("wrong");
    const state = join(mkdtempSync(join(tmpdir(), "sockact-")), "apps.json");
    const seen: string[] = [];
    const problems: string[] = [];
    for (let wakes = 0; wakes < 3; wakes++) {
      await wake("kept");
      await wake("wrong", "/?gauges=2001");
      await systemd.mustRun(["journalctl", "--sync"]);
      const onProblem = (app: string, problem: string): void => void problems.push(`${app}: ${problem}`);
      const metrics = openAppMetrics(insideOf(systemd), { state, onProblem });
      await metrics.read(["kept", "wrong"].map(infoOf));
      // It has read everything.
      await metrics.read(["kept", "wrong"].map(infoOf));
      seen.push(metrics.text());
      metrics.close();
      // What is in the state is not read again.
      expect(JSON.parse(readFileSync(state, "utf8"))).toMatchObject({ cursor: expect.any(String) });
    }
    expect(seen).toEqual(
      [1, 2, 3].map((sum) => `# TYPE hits_total counter\nhits_total{app="kept"} ${sum}\n`),
    );
    expect(problems).toEqual(Array(3).fill("wrong: there are more than 2000 series"));
  });

  test("are at the endpoint, which wakes no app", async () => {
    await install("seen");
    const sockact = systemd.inside(new URL("../bin/sockact.cjs", import.meta.url));
    await systemd.mustRun([systemd.node, sockact, "metrics", "install", "--yes", "--idle-timeout", "10ms"]);
    for (const sum of [1, 2, 3]) {
      await wake("seen");
      await systemd.mustRun(["journalctl", "--sync"]);
      const { body } = await systemd.request("http://127.0.0.1:9464/metrics");
      expect(body).toContain(`hits_total{app="seen"} ${sum}\n`);
      expect(body).toMatch(/^sockact_app_metrics_timestamp_seconds\{app="seen"\} \d/m);
      // It forgets what it does not keep in its file.
      await systemd.waitForUnit("sockact-metrics.service", "ActiveState", "inactive");
    }
    const starts = (await systemd.journal("seen.service")).filter((line) => line.includes("sockact: ready"));
    expect(starts).toHaveLength(3);
  });

  test("can't be forged by another service", async () => {
    await install("victim");
    await wake("victim");
    await systemd.mustRun([
      "sh",
      "-c",
      "printf '_SYSTEMD_UNIT=victim.service\\nSOCKACT_EVENT=metrics\\nSOCKACT_METRICS=hits_total 99\\n' | logger --journald",
    ]);
    expect((await values("victim")).text).toContain('hits_total{app="victim"} 1\n');
  });
});
