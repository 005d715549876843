// Faults are caused for real on one host, and a real Prometheus scrapes it. Then promtool evaluates the alerts on
// what was recorded, as if nothing had changed for hours: each fault fires its alert, and no other one.
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describeWith } from "@sockact/testkit";
import type { AppDescription } from "@sockact/units";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { type AlertName, alerts } from "../src/lib/metrics/alerts.ts";
import { rulesText } from "../src/lib/metrics/rules.ts";
import { outcomeOf } from "./outcome.ts";
import { replayOf } from "./replay.ts";
import { neededPrograms, type Settings, WatchedHost } from "./watched-host.ts";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

interface Fault {
  alert: AlertName;
  app: string;
  description?: Partial<AppDescription> & { settings?: Settings };
  cause(host: WatchedHost, port: number): Promise<unknown>;
}

const faults: readonly Fault[] = [
  {
    alert: "SockactAppDrained",
    app: "forgotten",
    description: { healthSocket: 9001 },
    cause: (host) => host.mustSockact("drain", "forgotten"),
  },
  {
    alert: "SockactWakesSlow",
    app: "slow",
    description: { settings: { startsIn: 2600 } },
    async cause(host, port) {
      for (let wakes = 0; wakes < 3; wakes++) {
        expect(await host.ask(port)).toBe(200);
        await host.systemd.waitForUnit("slow.service", "ActiveState", "active");
        await host.systemd.stop("slow.service");
      }
    },
  },
  {
    alert: "SockactAppFailed",
    app: "failed",
    description: { restart: "no" },
    cause: (host, port) => host.ask(port, "/crash"),
  },
  {
    alert: "SockactAppDown",
    app: "stopped",
    cause: (host) => host.systemd.stop("stopped.socket", "stopped.service"),
  },
  {
    alert: "SockactAppCrashes",
    app: "crashes",
    async cause(host, port) {
      for (let crashes = 0; crashes < 3; crashes++) {
        expect(await host.ask(port)).toBe(200);
        await host.ask(port, "/crash");
      }
    },
  },
  {
    alert: "SockactStartsFail",
    app: "broken",
    async cause(host) {
      await host.set("broken", { broken: true });
      await host.systemd.run(["systemctl", "restart", "broken.service"]);
    },
  },
  {
    alert: "SockactHandoverFailed",
    app: "handover",
    description: { handover: true },
    async cause(host) {
      await host.set("handover", { broken: true });
      expect((await host.sockact("reload", "handover")).code).toBe(1);
    },
  },
  {
    alert: "SockactReloadFailed",
    app: "reload",
    description: { type: "notify-reload" },
    async cause(host) {
      await host.set("reload", { broken: true });
      expect((await host.sockact("reload", "reload")).code).toBe(1);
    },
  },
  {
    alert: "SockactAcceptQueueFull",
    app: "blocked",
    description: { sockets: [{ listen: 8008, backlog: 5 }] },
    async cause(host, port) {
      expect(await host.ask(port, "/block")).toBe(200);
      const client = host.systemd.spawn([
        host.systemd.node,
        "--eval",
        `for (let count = 0; count < 6; count++)
           require("node:net").connect(${port}, "127.0.0.1", () => console.log("connected"));`,
      ]);
      let connected = 0;
      for await (const _ of createInterface({ input: client.stdout! })) if (++connected === 5) break;
    },
  },
  {
    alert: "SockactConnectionsCut",
    app: "cuts",
    description: { drainTimeout: "1s" },
    async cause(host, port) {
      const held = host.ask(port, "/hold");
      await host.systemd.waitForJournal("cuts.service", /holds/);
      await host.systemd.systemctl("restart", "cuts.service");
      expect(await held).not.toBe(200);
    },
  },
  {
    alert: "SockactAppUnhealthy",
    app: "unhealthy",
    description: { health: "/healthz" },
    async cause(host, port) {
      await host.set("unhealthy", { unhealthy: true });
      expect(await host.ask(port, "/healthz")).toBe(503);
    },
  },
  {
    alert: "SockactProxyHeadersRejected",
    app: "proxied",
    description: { sockets: [{ listen: 8011, proxyProtocol: { from: ["127.0.0.1"] } }] },
    async cause(host, port) {
      for (let count = 0; count < 10; count++) await host.ask(port);
    },
  },
  {
    alert: "SockactSocketNotListening",
    app: "closed",
    description: {
      sockets: [
        { name: "http", listen: 8012 },
        { name: "admin", listen: 9012 },
      ],
    },
    cause: (host) => host.systemd.stop("closed-admin.socket"),
  },
  {
    alert: "SockactAppBlocked",
    app: "hangs",
    async cause(host, port) {
      expect(await host.ask(port, "/block")).toBe(200);
      const client = host.systemd.spawn([
        host.systemd.node,
        "--eval",
        `require("node:net").connect(${port}, "127.0.0.1", () => console.log("connected"));`,
      ]);
      await once(client.stdout!, "data");
    },
  },
];

const portOf = (app: string): number => 8000 + faults.findIndex((fault) => fault.app === app);

/** The apps that do not answer afterwards. */
const down: readonly string[] = ["failed", "stopped", "broken"];

/** How long an alert waits, in seconds. */
function waitOf(alert: AlertName): number {
  const { for: wait } = alerts[alert];
  return Number(wait.slice(0, -1)) * { s: 1, m: 60, h: 3600, d: 86_400 }[wait.at(-1) as "s"];
}

interface Expected {
  /** Seconds after the last sample. */
  after: number;
  /** Selects alerts. */
  labels: string;
  /** The name of the one that fires, or none. */
  alert?: AlertName;
}

describeWith(
  { privateSystemd: true, systemd: 253, commands: [...neededPrograms, "promtool"], tags: "campaign" },
  "the alert rules, on what a real Prometheus has scraped",
  () => {
    let host: WatchedHost;
    beforeAll(async () => {
      host = await WatchedHost.boot({ interval: "3s" });
      for (const { app, description } of faults) await host.install(app, portOf(app), description);
      // One that nothing happens to.
      await host.install("fine", 8100);
      for (const { app, description } of faults)
        if (description?.settings?.startsIn === undefined) await host.systemd.start(`${app}.service`);
      await host.systemd.waitUntil(
        async () => (await host.query("sockact_app_up")).length === faults.length + 2,
        "Prometheus has scraped all apps",
        60_000,
      );
    });
    afterAll(() => host?.[Symbol.asyncDispose]());

    /** Lets promtool evaluate the rules on what was recorded so far. Resolves to what it complains about. */
    async function evaluate(state: 0 | 1, expected: readonly Expected[]): Promise<string> {
      const used = Object.values(alerts).flatMap(({ expression }) => [...expression.series]);
      const { interval, series, length } = replayOf(
        await host.recorded(["up", ...new Set<string>(used)]),
        state,
      );
      const folder = mkdtempSync(join(tmpdir(), "sockact-replay-"));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      writeFileSync(join(folder, "rules.yml"), rulesText());
      const tests = expected.map(({ after, labels, alert }) => ({
        expr: `count by (alertname) (ALERTS{alertstate="firing",${labels}})`,
        eval_time: `${length + after}s`,
        exp_samples: alert === undefined ? [] : [{ labels: `{alertname="${alert}"}`, value: 1 }],
      }));
      const replay = { interval, input_series: series, promql_expr_test: tests };
      writeFileSync(
        join(folder, "test.json"),
        JSON.stringify({ rule_files: ["rules.yml"], evaluation_interval: "15s", tests: [replay] }),
      );
      const { stdout, stderr } = await outcomeOf(["promtool", "test", "rules", join(folder, "test.json")]);
      return (stdout + stderr).replace(/^Unit Testing: .*\n/m, "").trim();
    }

    test("each fault fires its alert, and no other one", async () => {
      for (const { app, cause } of faults) await cause(host, portOf(app));
      for (const { app, alert } of faults) {
        await host.systemd.waitUntil(
          async () =>
            (await host.query(alerts[alert].expression.text())).some(({ metric }) => metric["app"] === app),
          `what ${alert} looks at is true for ${app}`,
          // An app says once a minute how many more connections it has closed.
          120_000,
        );
      }
      const settled = 'sockact_app_state{state=~"awake|asleep"} == 1';
      await host.systemd.waitUntil(
        async () => (await host.query(settled)).length === faults.length + 2 - down.length,
        "all other apps answer",
        60_000,
      );
      const expected = faults.map(({ alert, app }) => ({
        after: waitOf(alert) + 60,
        labels: `app="${app}"`,
        alert,
      }));
      const others = [
        { after: 3900, labels: 'app=~"fine|sockact-metrics"' },
        { after: 3900, labels: 'app=""' },
      ];
      expect(await evaluate(1, [...expected, ...others])).toBe("SUCCESS");
      // An hour has not passed.
      const early = faults.filter(({ alert }) => waitOf(alert) >= 3600);
      expect(
        await evaluate(
          1,
          early.map(({ app }) => ({ after: 0, labels: `app="${app}"` })),
        ),
      ).toBe("SUCCESS");
    });

    test("without the endpoint, only that fires", async () => {
      await host.systemd.stop("sockact-metrics.socket", "sockact-metrics.service");
      await host.systemd.waitUntil(
        async () =>
          (await host.query("up == 0")).length === 1 && (await host.query("sockact_build_info")).length === 0,
        "Prometheus can't scrape the endpoint",
        60_000,
      );
      // What counts events of the last half an hour still fires for its app.
      const ofHost = { labels: 'app=""' };
      expect(
        await evaluate(0, [
          { ...ofHost, after: 500 },
          { ...ofHost, after: 700, alert: "SockactMetricsMissing" },
          { labels: 'app=~"fine|forgotten|stopped|unhealthy|closed|blocked"', after: 700 },
        ]),
      ).toBe("SUCCESS");
    });
  },
);
