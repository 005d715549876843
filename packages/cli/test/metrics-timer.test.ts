// What an operator sees of `sockact metrics install`, with the endpoint and with the timer.
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { StatusReport } from "../src/lib/status/status.ts";
import { ask } from "./doctor.ts";
import { sockact } from "./services.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const FOLDER = "/var/lib/prometheus/node-exporter";
const FILE = `${FOLDER}/sockact.prom`;
const TIMER = "sockact-metrics.timer";

describeWith({ privateSystemd: true, commands: ["dbus-daemon"] }, "sockact metrics install", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await systemd.mustRun(["mkdir", "--parents", FOLDER]);
  });
  afterAll(() => systemd?.close());

  const statusOf = async () => {
    const { stdout } = await sockact(systemd, "status", "sockact-metrics", "--json");
    return (JSON.parse(stdout) as StatusReport).services[0];
  };

  test("prints what to write into prometheus.yml, and the doctor does not question its address", async () => {
    const { stdout } = await sockact(systemd, "metrics", "install", "--yes");
    expect(stdout).toContain(`
  Write into prometheus.yml:
    scrape_configs:
      - job_name: sockact
        static_configs:
          - targets: ["localhost:9464"]
`);
    const again = await sockact(systemd, "metrics", "install", "--listen", "[::]:9465", "--json", "--yes");
    const { stdout: host } = await systemd.run(["hostname"]);
    expect(JSON.parse(again.stdout)).toMatchObject([
      {
        prometheus: {
          scrape_configs: [{ job_name: "sockact", static_configs: [{ targets: [`${host.trim()}:9465`] }] }],
        },
      },
    ]);
    await sockact(systemd, "metrics", "install", "--yes");
    expect((await ask(systemd, "sockact-metrics")).codes).toEqual([]);
    expect(await statusOf()).toMatchObject({ timer: null });
  });

  test("with a timer, names the flag of node_exporter, and status and logs show the service", async () => {
    const install = ["metrics", "install", "--textfile", FILE, "--every", "30s", "--yes"];
    const { stdout } = await sockact(systemd, ...install);
    expect(stdout).toContain(`
  node_exporter needs this flag:
    --collector.textfile.directory=${FOLDER}
`);
    const again = await sockact(systemd, ...install, "--json");
    expect(JSON.parse(again.stdout)).toMatchObject([
      { prometheus: { node_exporter: [`--collector.textfile.directory=${FOLDER}`] } },
    ]);
    await systemd.waitForUnit("sockact-metrics.service", "ActiveState", "inactive");
    expect((await sockact(systemd, "status")).stdout).toMatch(/^sockact-metrics +every 30s +asleep/m);
    expect(await statusOf()).toMatchObject({
      state: "asleep",
      sockets: [],
      timer: { unit: TIMER, active: "active", every: "30s", enabled: "enabled" },
      warnings: [],
    });
    const detail = await sockact(systemd, "status", "sockact-metrics.timer");
    expect(detail.stdout).toContain(`  Timer      ${TIMER}: active, enabled, every 30s\n`);
    const logs = await sockact(systemd, "logs", "sockact-metrics");
    expect(logs).toMatchObject({ code: 0 });
    expect(logs.stdout).toMatch(/sockact-metrics\.service: Deactivated successfully|Finished /);
    expect((await ask(systemd, "sockact-metrics")).codes).toEqual([]);
  });

  test("changes back to the endpoint, and to the file again", async () => {
    const back = await sockact(systemd, "metrics", "install", "--yes");
    expect(back).toMatchObject({ code: 0 });
    expect(await statusOf()).toMatchObject({ timer: null, warnings: [] });
    const again = await sockact(systemd, "metrics", "install", "--textfile", FILE, "--every", "30s", "--yes");
    expect(again.code).toBe(0);
    expect(await statusOf()).toMatchObject({ timer: { active: "active" } });
  });

  test("status and doctor name a timer that is stopped, and one that the next boot does not start", async () => {
    await systemd.systemctl("disable", TIMER);
    expect((await statusOf())?.warnings).toMatchObject([{ code: "not-enabled", units: [TIMER] }]);
    const disabled = await ask(systemd, "sockact-metrics");
    expect(disabled.finding("timer-inactive")).toMatchObject({ severity: "warning", unit: TIMER });
    await systemd.stop(TIMER);
    expect(await statusOf()).toMatchObject({
      state: "stopped",
      warnings: [{ code: "timer-inactive", fix: `systemctl enable --now ${TIMER}` }],
    });
    const stopped = await sockact(systemd, "doctor");
    expect(stopped.code).toBe(2);
    expect(stopped.stdout).toContain(`${TIMER} does not run, so nothing starts sockact-metrics.service.`);
    await systemd.systemctl("enable", "--now", TIMER);
    expect((await ask(systemd, "sockact-metrics")).codes).toEqual([]);
  });

  test("status and doctor say why the file could not be written", async () => {
    await systemd.mustRun(["rm", "--recursive", FOLDER]);
    await systemd.run(["systemctl", "start", "sockact-metrics.service"]);
    expect(await statusOf()).toMatchObject({ state: "failed", warnings: [{ code: "failed" }] });
    expect((await ask(systemd, "sockact-metrics")).codes).toEqual(["start-step-failed"]);
  });

  test("a subcommand with a typing error is recognized", async () => {
    const { code, stderr } = await sockact(systemd, "metrics", "instal");
    expect(code).toBe(1);
    expect(stderr).toContain("Did you mean sockact metrics install?");
    expect((await sockact(systemd, "metrics", "rule")).stderr).toContain("sockact metrics rules?");
    expect((await sockact(systemd, "metrics", "nothing")).stderr).not.toContain("Did you mean");
  });
});
