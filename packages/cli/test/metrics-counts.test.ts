// Each figure of `sockact metrics` equals a second count: what the test did, what each start of a service has
// written to a file, and what systemd says.
import { existsSync, readFileSync } from "node:fs";
import {
  bootPrivateSystemd,
  connectInside,
  describeWith,
  requestOver,
  type PrivateSystemd,
} from "@sockact/testkit";
import type { AppDescription } from "@sockact/units";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { CollectorInside, installCollector, printedValues, type Values } from "./metrics.ts";
import { install as installService, openClient, release, type Release, sockact } from "./services.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describeWith({ privateSystemd: true, systemd: 253, tags: "campaign" }, "the metrics of apps", () => {
  let systemd: PrivateSystemd;
  /** Follows the journal during all tests. */
  let follower: CollectorInside;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await installCollector(systemd);
    await systemd.write("/run/starts/.keep", "");
  });
  afterAll(() => systemd?.close());

  /** Installs a service that writes a line to a file at each start. */
  async function install(
    description: Partial<AppDescription> & Pick<AppDescription, "name" | "sockets">,
    contents?: Release,
  ): Promise<void> {
    const { name } = description;
    const folder = `${name}${description.rolling === true ? "@" : ""}.service.d`;
    const line = `[Service]\nExecStartPre=+/bin/sh -c 'echo start >>/run/starts/${name}'\n`;
    await systemd.write(`/run/systemd/system/${folder}/starts.conf`, line);
    await installService(systemd, description, contents);
  }
  function startsOf(name: string): number {
    const file = systemd.hostPath(`/run/starts/${name}`);
    return existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
  }

  /** Expects these values from all collectors: the one that follows, and one that reads the journal once. */
  async function expectValues(app: string, expected: Values): Promise<void> {
    await systemd.mustRun(["journalctl", "--sync"]);
    expect(await printedValues(systemd, app)).toMatchObject(expected);
    let last: Values = {};
    const isSo = async () => {
      last = (await follower.sample())(app);
      return Object.entries(expected).every(([name, value]) => last[name] === value);
    };
    await systemd.waitUntil(isSo, `the follower had ${JSON.stringify(expected)}`).catch(() => {});
    expect(last).toMatchObject(expected);
  }
  const request = async (port: number): Promise<void> => {
    expect((await systemd.request(`http://127.0.0.1:${port}/`)).status).toBe(200);
  };
  /** Makes a request, and waits until systemd knows that the service is ready. */
  async function wake(name: string, port: number): Promise<void> {
    await request(port);
    await systemd.waitForUnit(`${name}.service`, "ActiveState", "active");
  }
  const now = async (): Promise<number> =>
    Number((await systemd.mustRun(["cat", "/proc/uptime"])).split(" ")[0]);

  test("wakes, sleeps, and their processor time", async () => {
    await install({ name: "shop", sockets: [{ listen: 80 }], idleTimeout: "200ms" });
    const began = await now();
    await systemd.mustRun(["journalctl", "--sync"]);
    const listens = Number(await systemd.show("shop.socket", "ActiveEnterTimestampMonotonic")) / 1e6;
    follower = new CollectorInside(systemd, { follow: true });
    await follower.sample();
    let [atLeast, cpu, ran] = [0, 0, 0];
    for (let wakes = 1; wakes <= 4; wakes += 1) {
      const asleepAt = await now();
      for (let scrapes = 0; scrapes < 5; scrapes += 1) await follower.sample();
      const wokenAt = await now();
      atLeast += wokenAt - asleepAt;
      await request(80);
      await systemd.waitForUnit("shop.service", "ActiveState", "inactive");
      cpu += Number(await systemd.show("shop.service", "CPUUsageNSec")) / 1e9;
      const monotonic = async (name: string) =>
        Number(await systemd.show("shop.service", `${name}TimestampMonotonic`)) / 1e6;
      ran += (await monotonic("InactiveEnter")) - (await monotonic("InactiveExit"));
      await expectValues("shop", {
        starts_total: wakes,
        wakes_total: wakes,
        wake_duration_seconds_count: wakes,
        "app_state{asleep}": 1,
        app_up: 1,
        memory_bytes: 0,
      });
      expect(startsOf("shop")).toBe(wakes);
    }
    // The journal tells who follows it of an entry up to 250 ms late: the end of the last run may be missing.
    const knowsLastEnd = async (): Promise<boolean> => {
      const before = await now();
      const values = (await follower.sample())("shop");
      const asleep = values["asleep_seconds_total"]!;
      expect(values["cpu_seconds_total"]).toBeCloseTo(cpu, 6);
      expect(asleep).toBeGreaterThan(atLeast);
      expect(asleep).toBeLessThan((await now()) - listens);
      return asleep + ran > before - began;
    };
    await systemd.waitUntil(knowsLastEnd, "the last sleep counts");
    const beforeStop = await now();
    await systemd.stop("shop.socket");
    await expectValues("shop", { app_up: 0, "app_state{stopped}": 1 });
    const stopped = (await printedValues(systemd, "shop"))["asleep_seconds_total"]!;
    expect(stopped + ran).toBeGreaterThan(beforeStop - began);
    // Until it was told of the stop, the follower has counted on, and no counter becomes less.
    const followed = (await follower.sample())("shop")["asleep_seconds_total"]!;
    expect(followed).toBeGreaterThanOrEqual(stopped);
    expect(followed + ran).toBeLessThan((await now()) - listens);
    expect((await follower.sample())("shop")["asleep_seconds_total"]).toBe(followed);
  });

  test("crashes and restarts, by systemd and by request", async () => {
    await install({ name: "blog", sockets: [{ listen: 81 }] });
    await wake("blog", 81);
    for (let crash = 1; crash <= 2; crash += 1) {
      const pid = await systemd.show("blog.service", "MainPID");
      await systemd.mustRun(["kill", "-KILL", pid]);
      await systemd.waitForUnit("blog.service", "NRestarts", String(crash));
      await systemd.waitForUnit("blog.service", "ActiveState", "active");
    }
    expect((await sockact(systemd, "restart", "blog")).code).toBe(0);
    await systemd.restart("blog.service");
    await expectValues("blog", {
      starts_total: 5,
      wakes_total: 1,
      crashes_total: 2,
      failed_starts_total: 0,
      "restarts_total{failure}": 2,
      "restarts_total{request}": 2,
      asleep_seconds_total: (await printedValues(systemd, "blog"))["asleep_seconds_total"]!,
      "app_state{awake}": 1,
    });
    expect(startsOf("blog")).toBe(5);
  });

  test("starts that fail", async () => {
    await install({ name: "broken", sockets: [{ listen: 82 }] }, { crash: true });
    await openClient(systemd, { port: 82 });
    await systemd.waitUntil(async () => startsOf("broken") >= 3, "it was started again");
    await systemd.stop("broken.socket", "broken.service");
    const starts = startsOf("broken");
    const failed = Number((await printedValues(systemd, "broken"))["failed_starts_total"]);
    // The last start may have been stopped.
    expect([starts, starts - 1]).toContain(failed);
    await expectValues("broken", {
      starts_total: starts,
      wakes_total: 1,
      crashes_total: 0,
      failed_starts_total: failed,
      "restarts_total{failure}": starts - 1,
      wake_duration_seconds_count: 0,
    });
  });

  test("a rolling pair", async () => {
    await install({ name: "pair", sockets: [{ listen: 83 }], rolling: true });
    await request(83);
    for (let rolls = 1; rolls <= 3; rolls += 1)
      expect((await sockact(systemd, "restart", "pair")).code).toBe(0);
    await expectValues("pair", { starts_total: 4, wakes_total: 1, "restarts_total{request}": 3 });
    expect(startsOf("pair")).toBe(4);
  });

  test("reloads, and handovers with their connections", async () => {
    await install({ name: "conf", sockets: [{ listen: 84 }], type: "notify-reload" });
    await wake("conf", 84);
    for (let reloads = 1; reloads <= 2; reloads += 1) await systemd.systemctl("reload", "conf.service");
    await release(systemd, "conf", { reload: "fail" });
    await systemd.run(["systemctl", "reload", "conf.service"]);
    await systemd.waitForJournal("conf.service", /the settings are broken/);
    await expectValues("conf", {
      "reloads_total{success}": 2,
      "reloads_total{failure}": 1,
      reload_duration_seconds_count: 2,
      "handovers_total{success}": 0,
      starts_total: 1,
    });

    await install({ name: "hand", sockets: [{ listen: 85 }], handover: true });
    const idle = connectInside(systemd, "127.0.0.1:85");
    expect((await requestOver(idle)).status).toBe(200);
    await systemd.waitForUnit("hand.service", "ActiveState", "active");
    await systemd.systemctl("reload", "hand.service");
    await systemd.waitForJournal("hand.service", /drained/);
    await expectValues("hand", {
      "handovers_total{success}": 1,
      handover_duration_seconds_count: 1,
      connections_moved_total: 1,
      starts_total: 1,
      "restarts_total{request}": 0,
    });
    idle.destroy();
  });

  test("connections that a drain cuts, and that a PROXY header rejects", async () => {
    await install({ name: "slow", sockets: [{ listen: 86 }], drainTimeout: "200ms" });
    const held = systemd.request("http://127.0.0.1:86/hold").catch(() => undefined);
    await systemd.waitForJournal("slow.service", /holds a request/);
    await expectValues("slow", { connections: 1 });
    await systemd.stop("slow.service");
    await held;
    await expectValues("slow", { connections_cut_total: 1, crashes_total: 0, connections: 0 });

    await install({ name: "proxied", sockets: [{ listen: "127.0.0.1:87", proxyProtocol: true }] });
    await systemd.request("http://127.0.0.1:87/").catch(() => undefined);
    await expectValues("proxied", { connections_rejected_total: 1, wakes_total: 1 });
    expect([startsOf("slow"), startsOf("proxied")]).toEqual([1, 1]);
  });

  test("Accept=yes: each connection is a wake, in one series", async () => {
    await systemd.installUnits({
      "each.socket": "[Socket]\nListenStream=88\nAccept=yes\n",
      "each@.service": "[Service]\nExecStart=/bin/cat\nStandardInput=socket\n",
    });
    await systemd.start("each.socket");
    const clients = [];
    for (let index = 0; index < 3; index += 1) clients.push(await openClient(systemd, { port: 88 }));
    await systemd.waitForUnit("each.socket", "NConnections", "3");
    await expectValues("each", { starts_total: 3, wakes_total: 3, connections: 3, "app_state{awake}": 1 });
    for (const client of clients) client.kill();
    await systemd.waitForUnit("each.socket", "NConnections", "0");
    await expectValues("each", { starts_total: 3, connections: 0, "app_state{asleep}": 1, memory_bytes: 0 });
    expect(await systemd.show("each.socket", "NAccepted")).toBe("3");
  });

  test("the file keeps the counters when the journal has lost its entries, and an app that is gone has none", async () => {
    const options = { state: "/run/counters.json" };
    const first = new CollectorInside(systemd, options);
    const counted = (await first.sample())("blog");
    await first.close();
    expect(counted).toMatchObject({ starts_total: 5, crashes_total: 2 });
    await systemd.mustRun(["journalctl", "--rotate", "--vacuum-time=1us"]);
    expect((await printedValues(systemd, "blog"))["starts_total"]).toBe(0);
    await systemd.restart("blog.service");
    await systemd.mustRun(["journalctl", "--sync"]);
    const second = new CollectorInside(systemd, options);
    const values = await second.sample();
    expect(values("blog")).toMatchObject({ starts_total: 6, crashes_total: 2, "restarts_total{request}": 3 });
    expect(values("blog")["cpu_seconds_total"]).toBeGreaterThan(counted["cpu_seconds_total"]!);
    await systemd.waitUntil(
      async () => (await follower.sample())("blog")["starts_total"] === 6,
      "the follower had the last start",
    );
    await systemd.stop("pair@blue.service", "pair@green.service", "pair.socket");
    await systemd.mustRun(["sh", "-c", "rm -r /run/systemd/system/pair*; systemctl daemon-reload"]);
    expect((await follower.sample())("pair")).toEqual({});
    expect((await second.sample())("pair")).toEqual({});
    await second.close();
    expect(readFileSync(systemd.hostPath("/run/counters.json"), "utf8")).not.toContain("pair");
    await follower.close();
  });
});
