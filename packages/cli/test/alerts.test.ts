// Faults are caused for real on one host: each one fires its alert in a real Prometheus, and no other one. The
// durations of the rules are divided by 60, so that an hour is a minute.
import { createInterface } from "node:readline";
import { describeWith } from "@sockact/testkit";
import type { AppDescription } from "@sockact/units";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { AlertName } from "../src/lib/metrics/alerts.ts";
import { rulesText } from "../src/lib/metrics/rules.ts";
import { neededPrograms, type Settings, WatchedHost } from "./watched-host.ts";

const FASTER = 60;
/** The longest `for`, which is an hour, and what the faults before it take. */
const LONGEST = 100_000;

vi.setConfig({ testTimeout: 2 * LONGEST, hookTimeout: 120_000 });

interface Fault {
  alert: AlertName;
  app: string;
  description?: Partial<AppDescription> & { settings?: Settings };
  cause(host: WatchedHost, port: number): Promise<unknown>;
}

/** In this order: those that need the most time come first. */
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
];

const portOf = (app: string): number => 8000 + faults.findIndex((fault) => fault.app === app);

describeWith(
  { privateSystemd: true, systemd: 253, commands: neededPrograms, tags: "campaign" },
  "a real Prometheus with the alert rules",
  () => {
    let host: WatchedHost;
    beforeAll(async () => {
      host = await WatchedHost.boot({ interval: "3s", rules: rulesText(FASTER) });
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

    /** The alerts that have fired so far, with their apps. */
    const fired = async (): Promise<string[]> =>
      (await host.query('count_over_time(ALERTS{alertstate="firing"}[10m])')).map(
        ({ metric }) => `${metric["alertname"]}: ${metric["app"] ?? metric["instance"]}`,
      );

    test("each fault fires its alert, and no other one", async () => {
      expect(await fired()).toEqual([]);
      for (const { app, cause } of faults) await cause(host, portOf(app));
      const expected = faults.map(({ alert, app }) => `${alert}: ${app}`);
      await expect
        .poll(fired, { timeout: LONGEST, interval: 1000 })
        .toEqual(expect.arrayContaining(expected));
      expect((await fired()).toSorted()).toEqual(expected.toSorted());
    });

    test("without the endpoint, only that fires", async () => {
      const before = await fired();
      await host.systemd.stop("sockact-metrics.socket", "sockact-metrics.service");
      const missing = "SockactMetricsMissing: 127.0.0.1:9464";
      await expect.poll(fired, { timeout: LONGEST, interval: 1000 }).toContain(missing);
      expect((await fired()).toSorted()).toEqual([...before, missing].toSorted());
    });
  },
);
