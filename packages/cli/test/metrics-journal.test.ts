// What the counters of `sockact metrics` say after the journal has changed its place, and how much memory hostile
// entries take.
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { CollectorInside, installCollector } from "./metrics.ts";
import { install } from "./services.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describeWith({ privateSystemd: true, systemd: 253 }, "a collector that follows the journal", () => {
  let systemd: PrivateSystemd;
  let follower: CollectorInside;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await installCollector(systemd);
    await systemd.installUnits({
      "shop.socket": "[Socket]\nListenStream=80\n",
      "shop.service": "[Service]\nExecStart=/bin/sleep infinity\n",
    });
    await systemd.start("shop.socket");
    follower = new CollectorInside(systemd, { follow: true, ofApps: true });
    await follower.sample();
  });
  afterAll(() => systemd?.close());

  const valueOf = async (app: string, metric: string) => (await follower.sample())(app)[metric];
  const untilCounted = async (app: string, metric: string, value: number): Promise<void> =>
    systemd.waitUntil(async () => (await valueOf(app, metric)) === value, `${metric} of ${app} was ${value}`);

  test("counts on when the journal moves to the disk, and back", async () => {
    await systemd.start("shop.service");
    await untilCounted("shop", "starts_total", 1);
    await systemd.mustRun(["sh", "-c", "mkdir -p /var/log/journal && journalctl --flush"]);
    await systemd.restart("shop.service");
    await untilCounted("shop", "starts_total", 2);
    await systemd.mustRun(["rm", "-r", "/var/log/journal"]);
    await systemd.restart("systemd-journald.service");
    await systemd.restart("shop.service");
    await untilCounted("shop", "starts_total", 3);
    expect(await valueOf("shop", "app_up")).toBe(1);
  });

  test("counts what an app in another namespace records", async () => {
    const sockets = [{ listen: "127.0.0.1:81", proxyProtocol: true }] as const;
    await install(systemd, {
      name: "named",
      sockets: [...sockets],
      raw: { Service: { LogNamespace: "own" } },
    });
    await systemd.request("http://127.0.0.1:81/").catch(() => undefined);
    await untilCounted("named", "connections_rejected_total", 1);
    expect(await valueOf("named", "app_up")).toBe(1);
  });

  test("sees what the journal does not say, when systemd's answer is old", async () => {
    await systemd.installUnits({
      "quiet.socket": "[Socket]\nListenStream=82\nLogLevelMax=notice\n",
      "quiet.service": "[Service]\nExecStart=/bin/sleep infinity\n",
    });
    await systemd.start("quiet.socket");
    const impatient = new CollectorInside(systemd, { follow: true, trust: 1 });
    expect((await impatient.sample())("quiet")["app_up"]).toBe(1);
    await systemd.stop("quiet.socket");
    expect((await impatient.sample())("quiet")["app_up"]).toBe(0);
    await impatient.close();
  });

  test("keeps no text that stands in an event, which every user may write", async () => {
    const restart = (await follower.sample())("shop")["starts_total"]! + 1;
    await systemd.write(
      "/run/hostile",
      `#!/bin/sh
text=$(head -c 3900000 /dev/zero | tr '\\0' x)
for index in $(seq 150); do
  printf 'SOCKACT_EVENT=health\\nSOCKACT_METRICS=%s\\n' "$text" | logger --journald
done
`,
      0o755,
    );
    await systemd.mustRun(["systemd-run", "--wait", "--uid=nobody", "/run/hostile"]);
    await systemd.restart("shop.service");
    await untilCounted("shop", "starts_total", restart);
    const most = "grep VmHWM /proc/$(pgrep -of collect.mjs)/status";
    const peak = Number(/\d+/.exec(await systemd.mustRun(["sh", "-c", most]))![0]) / 1000;
    // The endpoint may have 512 MB.
    expect(peak).toBeLessThan(400);
  });
});
