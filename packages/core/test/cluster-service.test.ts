import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { bootPrivateSystemd, describeWith, type PrivateSystemd, SANDBOXED_APP } from "@sockact/testkit";
// By its path, because @sockact/units has the testkit as a dependency.
import { emitUnits } from "../../units/src/index.ts";

const program = fileURLToPath(new URL("programs/cluster.mjs", import.meta.url));

describeWith({ privateSystemd: true, systemd: 253 }, "a cluster under a service manager", () => {
  let systemd: PrivateSystemd;
  const url = "http://localhost/";
  const show = (...properties: string[]): Promise<string[]> =>
    Promise.all(properties.map((property) => systemd.show("app.service", property)));
  const install = async (environment: Record<string, string> = {}): Promise<void> => {
    const exec = [systemd.node, systemd.project + program.slice(program.indexOf("/packages/"))];
    await systemd.installUnits(emitUnits({ ...SANDBOXED_APP, exec, environment }));
    await systemd.start("app.socket");
  };
  /** How many times the workers have printed this. */
  const count = async (event: string): Promise<number> =>
    (await systemd.journal("app.service", "service")).filter((line) => line.includes(`"event":"${event}"`))
      .length;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());
  beforeEach(async () => {
    await systemd.stop("app.socket", "app.service").catch(() => {});
    await systemd.mustRun(["journalctl", "--rotate", "--vacuum-time=1us"]);
    await install();
  });

  test("systemctl start returns only once a worker's own `ready` is fulfilled", async () => {
    await install({ NOT_READY: "/run/hold" });
    await systemd.write("/run/hold", "");
    const started = systemd.start("app.service");
    await systemd.waitForJournal("app.service", /"not ready"/);
    expect(await show("ActiveState")).toEqual(["activating"]);
    await systemd.mustRun(["rm", "/run/hold"]);
    await started;
    expect(await show("ActiveState", "SubState", "StatusText")).toEqual([
      "active",
      "running",
      "Serving [::]:80",
    ]);
    expect(await systemd.request(url)).toMatchObject({ status: 200 });
  });

  test("after all workers are killed, new workers serve in the same service", async () => {
    await systemd.start("app.service");
    const before = await show("MainPID", "NRestarts");
    const ups = async (): Promise<number> => count("up");
    await systemd.waitUntil(async () => (await ups()) === 2, "both are up");
    await systemd.mustRun(["pkill", "--signal=KILL", "--parent", before[0] as string]);
    expect(await systemd.request(url)).toMatchObject({ status: 200 });
    await systemd.waitUntil(async () => (await ups()) === 4, "both are up again");
    expect(await show("MainPID", "NRestarts")).toEqual(before);
  });

  test("systemctl reload returns when the `onReload` of each worker has ended", async () => {
    await systemd.start("app.service");
    await systemd.waitUntil(async () => (await count("up")) === 2, "both are up");
    await systemd.systemctl("reload", "app.service");
    expect(await count("reloaded")).toBe(2);
    expect(await show("ActiveState")).toEqual(["active"]);
  });

  test.each(["control-group", "mixed"])(
    "KillMode=%s: systemctl stop lets every worker end by itself",
    async (mode) => {
      await systemd.write(
        "/run/systemd/system/app.service.d/kill.conf",
        `[Service]\nKillMode=${mode}\nTimeoutStopSec=10s\n`,
      );
      await systemd.systemctl("daemon-reload");
      await systemd.start("app.service");
      await systemd.waitUntil(async () => (await count("up")) === 2, "both are up");
      await systemd.stop("app.service");
      expect(await show("Result", "ExecMainStatus")).toEqual(["success", "0"]);
      expect(await count("stopped")).toBe(2);
      expect(await count("exit")).toBe(2);
    },
  );
});
