// Apps with metrics of their own, which they leave in the journal.
import { afterAll, beforeAll, expect, test } from "vitest";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { CollectorInside, installCollector } from "./metrics.ts";

describeWith({ privateSystemd: true, commands: ["dbus-daemon"] }, "the metrics of an app that sleeps", () => {
  let systemd: PrivateSystemd;
  /** Follows the journal during all tests. */
  let follower: CollectorInside;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await installCollector(systemd);
    follower = new CollectorInside(systemd, { follow: true, ofApps: true });
    await follower.sample();
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

  /** Waits until the collector shows these lines among what apps have recorded. */
  async function untilShown(text: string): Promise<void> {
    const isShown = async () => {
      await follower.sample();
      return follower.own.text.includes(text);
    };
    await systemd.waitUntil(isShown, `the collector showed ${text}`);
  }

  test("outlive it, and its counters go on with each wake", async () => {
    await install("shop");
    for (const sum of [1, 2, 3, 4]) {
      expect(await wake("shop")).toBe("true");
      await untilShown(`# TYPE hits_total counter\nhits_total{app="shop"} ${sum}\n`);
    }
    expect(await systemd.show("shop.service", "SubState")).toBe("dead");
    expect((await follower.sample())("shop")).toMatchObject({
      app_metrics_timestamp_seconds: expect.any(Number),
    });
    expect(await systemd.journal("shop.service")).not.toContainEqual(expect.stringContaining("Warning"));
  });

  test("may be long, and are not recorded if they are longer than a message may be", async () => {
    await install("long");
    expect(await wake("long", "/?gauges=1999")).toBe("true");
    await untilShown('g{app="long",of="1998"} 1\n');
    expect(follower.own.text.match(/app="long"/g)).toHaveLength(1999);
    expect(await wake("long", "/?gauges=40000")).toBe("false");
  });

  test("are not recorded if the unit does not pass the journal", async () => {
    await install("plain", "");
    expect(await wake("plain")).toBe("false");
  });

  test("go on after the endpoint has slept, and another app with a wrong text changes nothing", async () => {
    await install("kept");
    await install("wrong");
    await install("binary");
    const options = { ofApps: true, state: "/run/counters.json" };
    // It has what the apps of the other tests have recorded.
    const first = new CollectorInside(systemd, options);
    await first.sample();
    await first.close();
    for (const sum of [1, 2, 3]) {
      await wake("kept");
      await wake("wrong", "/?gauges=2001");
      await wake("binary", "/?text=a%7Bof%3D%22%00%22%7D%201");
      await systemd.mustRun(["journalctl", "--sync"]);
      const collector = new CollectorInside(systemd, options);
      await collector.sample();
      // It has read everything.
      await collector.sample();
      const shown = collector.own.text.split("\n").filter((line) => /app="(?:kept|wrong|binary)"/.test(line));
      expect(shown).toEqual([`hits_total{app="kept"} ${sum}`]);
      expect(collector.own.problems.toSorted()).toEqual([
        "binary: it has control characters",
        "wrong: there are more than 2000 series",
      ]);
      await collector.close();
    }
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

  test("are shown while another app records all the time", { tags: "campaign" }, async () => {
    await install("calm");
    // journald limits how much a service may write, unless its unit turns that off.
    await install(
      "flood",
      "OpenFile=/run/systemd/journal/socket:journal:graceful\nLogRateLimitIntervalSec=0\nTimeoutStopSec=1s\n",
    );
    const endless = systemd
      .request({ url: "http://app/?endless", socketPath: "/run/flood.sock" })
      .catch(() => undefined);
    await untilShown('g{app="flood",long="xxxxxxxxxxxxxxxx",of="1998"} 1\n');
    for (const sum of [1, 2, 3]) {
      await wake("calm");
      await untilShown(`hits_total{app="calm"} ${sum}\n`);
    }
    expect(follower.own.problems.filter((problem) => problem.startsWith("flood"))).toEqual([]);
    await systemd.stop("flood.socket", "flood.service");
    await endless;
  });

  test("can't be forged by another service", async () => {
    await install("victim");
    await systemd.mustRun([
      "sh",
      "-c",
      "printf '_SYSTEMD_UNIT=victim.service\\nSOCKACT_EVENT=metrics\\nSOCKACT_METRICS=hits_total 99\\n' | logger --journald",
    ]);
    await wake("victim");
    await untilShown('hits_total{app="victim"} 1\n');
    expect(follower.own.text).not.toMatch(/victim.* 99/);
  });
});
