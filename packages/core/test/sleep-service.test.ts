import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
// By its path, because @sockact/units has the testkit as a dependency.
import { type AppDescription, emitUnits } from "../../units/src/index.ts";

const programs = fileURLToPath(new URL("programs/", import.meta.url));
const url = "http://localhost/";

describeWith({ privateSystemd: true }, "an app that sleeps, under a service manager", () => {
  let systemd: PrivateSystemd;
  const show = (...properties: string[]): Promise<string[]> =>
    Promise.all(properties.map((property) => systemd.show("app.service", property)));
  const install = async (program: string, more: Partial<AppDescription> = {}): Promise<void> => {
    const path = systemd.project + programs.slice(programs.indexOf("/packages/")) + program;
    await systemd.installUnits(
      emitUnits({
        name: "app",
        exec: [systemd.node, path],
        hardening: "inbound",
        sockets: [{ listen: 80 }],
        ...more,
      }),
    );
    await systemd.start("app.socket");
  };
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());
  afterEach(() => systemd.stop("app.socket", "app.service"));

  const sleepAndWake = async (turns: number): Promise<string[]> => {
    await install("listen.mjs", { idleTimeout: "20ms" });
    for (let turn = 0; turn < turns; turn++) {
      expect(await systemd.request(url)).toMatchObject({ status: 200 });
      await systemd.waitForUnit("app.service", "ActiveState", "inactive");
    }
    expect(await systemd.show("app.socket", "ActiveState")).toBe("active");
    return show("Result", "ExecMainStatus", "NRestarts");
  };

  test("after three sleeps the port still answers, and no start was a restart", async () => {
    expect(await sleepAndWake(3)).toEqual(["success", "42", "0"]);
  });

  test("after 100 sleeps the port still answers", { tags: "campaign" }, async () => {
    expect(await sleepAndWake(100)).toEqual(["success", "42", "0"]);
  });

  describeWith({ systemd: 253 }, "by a descriptor of OpenFile=", () => {
    test("systemctl status says that the app is asleep", async () => {
      await install("listen.mjs", { idleTimeout: "20ms", type: "notify" });
      await systemd.request(url);
      await systemd.waitForUnit("app.service", "ActiveState", "inactive");
      expect(await systemd.show("app.service", "StatusText")).toBe("Asleep: the next connection starts it");
    });
  });

  test("an app whose onStop never settles is started again by Restart=always", async () => {
    await install("lifecycle.mjs", {
      restartSec: "1s",
      environment: {
        APP: JSON.stringify({
          options: { idleTimeout: "200ms", drainTimeout: 0, idleExitStatus: 42 },
          hooks: ["onStop"],
          input: true,
        }),
      },
    });
    expect(await systemd.request(url)).toMatchObject({ status: 200 });
    await systemd.waitForJournal("app.service", /ERR_STOP_TIMEOUT/);
    expect(await systemd.request(url)).toMatchObject({ status: 200 });
    expect(Number((await show("NRestarts"))[0])).toBeGreaterThan(0);
    // Without this, the stop would take the whole TimeoutStopSec=.
    await systemd.systemctl("kill", "--signal=KILL", "app.service");
  });

  test("an app with an idleTimeout in its code sleeps too", async () => {
    await install("listen.mjs", { environment: { LISTEN_OPTIONS: '{"idleTimeout":"20ms"}' } });
    expect(await systemd.request(url)).toMatchObject({ status: 200 });
    await systemd.waitForUnit("app.service", "ActiveState", "inactive");
    expect(await show("Result", "ExecMainStatus", "NRestarts")).toEqual(["success", "42", "0"]);
    expect(await systemd.request(url)).toMatchObject({ status: 200 });
  });

  test("a cluster sleeps, and wakes", async () => {
    await install("cluster.mjs", { idleTimeout: "50ms" });
    for (const _ of [1, 2]) {
      expect(await systemd.request(url)).toMatchObject({ status: 200 });
      await systemd.waitForUnit("app.service", "ActiveState", "inactive");
    }
    expect(await show("Result", "ExecMainStatus", "NRestarts")).toEqual(["success", "42", "0"]);
  });

  test("with restart: on-failure it sleeps with 0", async () => {
    await install("listen.mjs", { idleTimeout: "20ms", restart: "on-failure" });
    for (const _ of [1, 2]) {
      expect(await systemd.request(url)).toMatchObject({ status: 200 });
      await systemd.waitForUnit("app.service", "ActiveState", "inactive");
    }
    expect(await show("Result", "ExecMainStatus", "NRestarts")).toEqual(["success", "0", "0"]);
  });
});
