import { bootPrivateSystemd, describeWith, type PrivateSystemd, systemdVersion } from "@sockact/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { emitUnits, type AppDescription } from "../src/index.ts";

const version = systemdVersion() ?? 0;
const url = "http://127.0.0.1/";

/** A way to be heard by the service manager, for the systemd that is here. */
const notifies: Partial<AppDescription> =
  version >= 253 ? { type: "notify" } : { type: "notify", openFile: false, notifyAccess: "all" };

/** What all of them are: an app that sockact serves. */
type Described = Omit<AppDescription, "name" | "exec" | "sockets"> & Partial<Pick<AppDescription, "sockets">>;

const served: Record<string, Described> = {
  "without a sandbox": { hardening: "none" },
  inbound: { hardening: "inbound" },
  outbound: {},
  "inbound, without a compiler": { hardening: "inbound", jitless: true },
  "of type simple": { type: "simple", hardening: "inbound" },
  "of type exec": { type: "exec", hardening: "inbound" },
  "of type idle": { type: "idle", hardening: "inbound" },
  "that notifies": { ...notifies, hardening: "inbound", watchdogSec: "30s" },
  "that notifies, outbound": notifies,
  "that asks for an idle timeout": { ...notifies, hardening: "inbound", idleTimeout: "1h" },
  "with a compile cache": { compileCache: true, hardening: "inbound" },
  "with folders": {
    stateDirectory: "app",
    cacheDirectory: "app",
    logsDirectory: "app",
    runtimeDirectory: "app",
  },
  "with limits": { memoryMax: "1G", tasksMax: 100, cpuWeight: 50, limitNOFILE: 4096 },
  "restarted on failure alone": { restart: "on-failure", restartSec: "2s", hardening: "inbound" },
  "as root": { user: "root", acknowledge: ["user-root"] },
  "on a unix socket too": {
    hardening: "inbound",
    sockets: [
      { name: "http", listen: 80, backlog: 511, noDelay: true, keepAlive: true },
      { name: "local", listen: "/run/local.sock", socketMode: "0660", removeOnStop: true },
    ],
  },
  ...(version >= 253 && { "that hands over": { handover: true, hardening: "inbound" } }),
  "of two that take turns": { rolling: true, ...(version < 253 && notifies), hardening: "inbound" },
};

describeWith({ privateSystemd: true, systemd: 250 }, `what is written for systemd ${version}, on it,`, () => {
  let systemd: PrivateSystemd;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

  /**
   * Installs the units, which systemd-analyze must have nothing to say of. Resolves to the name of the
   * service that runs.
   */
  async function install(described: Described, program = "core/test/programs/listen.mjs"): Promise<string> {
    const description: AppDescription = {
      name: "app",
      exec: [systemd.node, `${systemd.project}/packages/${program}`],
      sockets: [{ listen: 80 }],
      ...described,
      systemd: version,
    };
    const units = emitUnits(description);
    await systemd.installUnits(units);
    const sockets = Object.keys(units).filter((name) => name.endsWith(".socket"));
    await systemd.start(...sockets);
    return Object.keys(units).includes("app.service") ? "app.service" : "app@blue.service";
  }

  /** What the service manager itself has said of the lines of our units since it booted. */
  async function complaints(): Promise<string[]> {
    const said = await systemd.mustRun(["journalctl", "--no-pager", "--output=cat", "_PID=1"]);
    return said.split("\n").filter((line) => /\bapp[\w@-]*\.(?:socket|service):\d+:/.test(line));
  }

  afterEach(async () => {
    await systemd.mustRun(["sh", "-c", "systemctl stop 'app*.socket' 'app*.service'"]);
    await systemd.mustRun(["sh", "-c", "rm -rf /run/systemd/system/app*"]);
    await systemd.systemctl("daemon-reload");
  });

  it("loads without a word and serves", { timeout: 180_000 }, async () => {
    const apps = Object.entries(served).map(([title, described], index) => {
      const port = 8100 + index;
      // With --jitless, an ES module that imports node:http ends on Node 22.
      const program = described.jitless ? "listen.cjs" : "listen.mjs";
      const { sockets = [{ listen: 80 }] } = described;
      const units = emitUnits({
        name: `app${index}`,
        exec: [systemd.node, `${systemd.project}/packages/core/test/programs/${program}`],
        ...described,
        sockets: sockets.map((socket) => (socket.listen === 80 ? { ...socket, listen: port } : socket)),
        systemd: version,
      });
      return { title, units, url: `http://127.0.0.1:${port}/` };
    });
    await systemd.installUnits(
      Object.assign({}, ...apps.map(({ units }) => units)) as Record<string, string>,
    );
    for (const [index, { title, units, url: own }] of apps.entries()) {
      const names = Object.keys(units);
      const sockets = names.filter((name) => name.endsWith(".socket"));
      const service = names.includes(`app${index}.service`)
        ? `app${index}.service`
        : `app${index}@blue.service`;
      await systemd.start(...sockets);
      expect([title, (await systemd.request({ url: own, timeout: 50_000 })).status]).toEqual([title, 200]);
      await systemd.waitForUnit(service, "ActiveState", "active", 50_000);
      await systemd.stop(...sockets, service);
    }
    expect(await complaints()).toEqual([]);
  });

  it("loads without a word, behind a proxy", async () => {
    const exec = [
      "--eval",
      `require("node:http").createServer((_, response) => response.end()).listen(3000)`,
    ];
    await systemd.installUnits(
      emitUnits({
        name: "app",
        exec: [systemd.node, ...exec] as never,
        bind: "proxy",
        hardening: "inbound",
        sockets: [{ listen: 80 }],
        systemd: version,
      }),
    );
    await systemd.start("app.socket");
    expect(await systemd.request(url)).toMatchObject({ status: 200 });
    expect(await complaints()).toEqual([]);
  });

  it("counts as started when it notifies systemd", async () => {
    const service = await install({ ...notifies, hardening: "inbound" });
    await systemd.start(service);
    expect(await systemd.show(service, "SubState")).toBe("running");
    expect(await systemd.show(service, "StatusText")).not.toBe("");
  });

  it("sleeps, and wakes", async () => {
    const service = await install({ ...notifies, hardening: "inbound", idleTimeout: "20ms" });
    for (const _ of [1, 2]) {
      expect(await systemd.request(url)).toMatchObject({ status: 200 });
      await systemd.waitForUnit(service, "ActiveState", "inactive");
    }
    expect([await systemd.show(service, "Result"), await systemd.show(service, "NRestarts")]).toEqual([
      "success",
      "0",
    ]);
  });

  it("reloads", async () => {
    const reloads: Described =
      version >= 253
        ? { type: "notify-reload" }
        : { ...notifies, execReload: [["/bin/kill", "-HUP", { variable: "MAINPID" }]] };
    const environment = { APP: JSON.stringify({ hooks: ["onReload"] }) };
    const service = await install(
      { ...reloads, environment, hardening: "inbound" },
      "core/test/programs/lifecycle.mjs",
    );
    await systemd.start(service);
    await systemd.systemctl("reload", service);
    await systemd.waitForJournal(service, /"event":"onReload"/);
    // Until READY=1, which follows, it is still reloading.
    await systemd.waitForUnit(service, "ActiveState", "active");
  });

  describe("systemd-analyze security", () => {
    it.each([
      ["inbound", 0.2],
      ["outbound", 1.1],
    ] as const)("finds %s exposed by %f at most", async (hardening, most) => {
      const type = version >= 253 ? notifies : {};
      await install({ ...type, hardening });
      const said = await systemd.mustRun(["systemd-analyze", "security", "--no-pager", "app.service"]);
      expect(Number(/Overall exposure level for app.service: ([\d.]+)/.exec(said)?.[1])).toBeLessThanOrEqual(
        most,
      );
    });
  });
});
