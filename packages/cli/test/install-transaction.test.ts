import { rm } from "node:fs/promises";
import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import type { AppDescription } from "@sockact/units";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { nothing, STATE, UNITS, useInstallation } from "./installation.ts";

describeWith({ privateSystemd: true, systemd: 253 }, "sockact install's transaction", () => {
  const shop = useInstallation();
  const { plan, start, install, filesIn, ask, everything } = shop;
  let systemd: PrivateSystemd;
  beforeAll(() => {
    systemd = shop.systemd;
  });

  /** How often systemd has read all units. */
  async function reloadsOfSystemd(): Promise<number> {
    await systemd.mustRun(["journalctl", "--sync"]);
    const lines = await systemd.mustRun(["journalctl", "--no-pager", "_PID=1", "--grep", "^Reloading"]);
    return lines.split("\n").length;
  }

  /** Lets another service listen on a port. */
  async function listenElsewhere(port: number): Promise<void> {
    const script = `require("net").createServer().listen(${port}, () => console.log("ready"))`;
    const other = ["systemd-run", "--unit=other", "--service-type=exec", systemd.node, "-e", script];
    await systemd.mustRun(other);
    await systemd.waitForJournal("other.service", /ready/);
  }

  describe("when nothing is installed", () => {
    it("writes the units and its own files, enables and starts the socket, and the app answers", async () => {
      const path = `${STATE}/shop/files/preload.mjs`;
      const config = "/srv/shop/sockact.config.ts";
      const files = { extraFiles: [{ path, text: "export {};\n", mode: 0o644 }], config };
      const { steps, result } = await install(plan({}, files));
      expect(result).toEqual({ changed: true, backups: [] });
      expect(steps.map(({ type }) => type)).toEqual([
        "staged",
        ...Array<string>(4).fill("written"),
        "reloaded",
        "enabled",
        "started",
        "listening",
      ]);
      await ask();
      const { units, state } = await everything();
      expect(Object.keys(units).sort()).toEqual([
        "shop.service",
        "shop.socket",
        "sockets.target.wants/shop.socket",
      ]);
      expect(units["shop.socket"]).toMatch(
        /^# Written by sockact install for shop\. .*\n# Content: sha256:[0-9a-f]{64}\n\[Unit\]/,
      );
      expect(state["shop/files/preload.mjs"]).toBe("export {};\n");
      expect(JSON.parse(state["shop/manifest.json"]!)).toMatchObject({
        name: "shop",
        config,
        description: { name: "shop" },
        files: [{ path: `${UNITS}/shop.socket` }, { path: `${UNITS}/shop.service` }, { path }],
      });
    });

    it("names the process that has the port, and leaves nothing behind", async () => {
      await listenElsewhere(80);
      const { error } = await install();
      expect(error).toMatchObject({ code: "SOCKACT_ERR_INSTALL_START", exitCode: 1 });
      expect(error!.message).toContain("Address already in use");
      expect(error!.hint).toMatch(/^Port 80 is in use by \S+ \(process \d+, other\.service\)/);
      expect(await everything()).toEqual(nothing);
    });

    it("leaves nothing behind when the last check fails", async () => {
      const { error } = await install(plan(), { verifyError: "it answers 500" });
      expect(error!.message).toBe("it answers 500");
      expect(await everything()).toEqual(nothing);
    });

    it("leaves nothing behind when systemd can't load the unit", async () => {
      const broken = plan();
      broken.units["shop.service"] = "[Service]\nType=oneshot\nRestart=always\nExecStart=/bin/true\n";
      const { error } = await install(broken);
      expect(error).toMatchObject({ code: "SOCKACT_ERR_INSTALL_LOAD" });
      expect(await everything()).toEqual(nothing);
    });
  });

  describe("when it is installed already", () => {
    beforeEach(async () => void (await install()));

    it("changes nothing when nothing is new, and the service keeps running", async () => {
      const { pid } = await ask();
      const before = await everything();
      const reloads = await reloadsOfSystemd();
      const { steps, result } = await install();
      expect(result).toEqual({ changed: false, backups: [] });
      expect(steps.map(({ type }) => type)).toEqual(["staged", "listening"]);
      expect(await everything()).toEqual(before);
      expect((await ask()).pid).toBe(pid);
      expect(await reloadsOfSystemd()).toBe(reloads);
    });

    it("applies again what was changed manually: a newer file, and a disabled socket", async () => {
      await systemd.run(["touch", "--date=+1 day", "/etc/systemd/system/shop.service"]);
      expect(await systemd.show("shop.service", "NeedDaemonReload")).toBe("yes");
      const { steps } = await install();
      expect(steps.map(({ type }) => type)).toEqual(["staged", "reloaded", "listening"]);
      await systemd.systemctl("disable", "--now", "shop.socket");
      expect((await install()).result).toMatchObject({ changed: true });
      await ask();
      expect((await filesIn(UNITS))["sockets.target.wants/shop.socket"]).toBe(`-> ${UNITS}/shop.socket`);
    });

    it("leaves a changed service asleep, and restarts one that runs; no request fails", async () => {
      const asleep = await install(plan({ description: "Version 2" }));
      expect(asleep.steps.map(({ type }) => type)).not.toContain("restarted");
      expect(await systemd.show("shop.service", "ActiveState")).toBe("inactive");
      const { pid } = await ask();
      let on = true;
      const load = (async () => {
        const pids = new Set<number>();
        while (on) pids.add((await ask()).pid);
        return pids;
      })();
      load.catch(() => {});
      const { steps } = await install(plan({ description: "Version 3" }));
      expect(steps).toContainEqual({ type: "restarted", units: ["shop.service"], how: "queued" });
      const next = (await ask()).pid;
      on = false;
      expect(await load).toEqual(new Set([pid, next]));
      expect(next).not.toBe(pid);
    });

    it("opens a socket again when its address has changed, also when its file was removed manually", async () => {
      await ask();
      const { steps } = await install(plan({ sockets: [{ listen: 81 }] }));
      expect(steps).toContainEqual({
        type: "restarted",
        units: ["shop.socket", "shop.service"],
        how: "closed",
      });
      await ask(81);
      await expect(ask(80)).rejects.toThrow("ECONNREFUSED");
      await rm(systemd.hostPath(`${UNITS}/shop.socket`));
      expect((await install(plan({ sockets: [{ listen: 82 }] }))).error).toBeUndefined();
      await ask(82);
      await expect(ask(81)).rejects.toThrow("ECONNREFUSED");
    });

    it("opens a socket again at the second try, when the address is free only then", async () => {
      await listenElsewhere(81);
      await systemd.write("/run/free.sh", "systemctl stop other");
      await systemd.write(
        `${UNITS}/free.service`,
        "[Service]\nType=oneshot\nExecStart=/bin/sh /run/free.sh\n",
      );
      await systemd.write(
        `${UNITS}/shop.socket.d/free.conf`,
        "[Unit]\nOnFailure=free.service\nAfter=free.service\n",
      );
      expect((await install(plan({ sockets: [{ listen: 81 }] }))).error).toBeUndefined();
      await ask(81);
    });

    it("adds sockets to a running service, and removes those that the description no longer has", async () => {
      await ask();
      const both = plan({
        sockets: [
          { listen: 80, name: "http" },
          { listen: 81, name: "admin" },
        ],
      });
      expect((await install(both)).error).toBeUndefined();
      await ask();
      expect(Object.keys(await filesIn(UNITS)).sort()).toEqual([
        "shop-admin.socket",
        "shop-http.socket",
        "shop.service",
        "sockets.target.wants/shop-admin.socket",
        "sockets.target.wants/shop-http.socket",
      ]);
      const before = await systemd.show("shop-http.socket", "ActiveEnterTimestampMonotonic");
      const one = plan({
        sockets: [
          { listen: 80, name: "http" },
          { listen: 82, name: "web" },
        ],
      });
      expect((await install(one)).error).toBeUndefined();
      await ask();
      expect(await systemd.show("shop-http.socket", "ActiveEnterTimestampMonotonic")).toBe(before);
      expect(await everything()).toMatchObject({
        running: ["shop-http.socket active", "shop-web.socket active", "shop.service active"],
      });
    });

    it("puts the old version back when the new one does not start", async () => {
      const { pid } = await ask();
      const before = await everything();
      const { error } = await install(plan({ exec: ["/bin/false"], description: "Version 2" }));
      expect(error).toMatchObject({ code: "SOCKACT_ERR_INSTALL_START" });
      expect(await everything()).toEqual(before);
      expect((await ask()).pid).not.toBe(pid);
    });

    it("names the socket unit that has the new port, and puts the old address back", async () => {
      await ask();
      const before = await everything();
      await systemd.installUnits({
        "other.socket": "[Socket]\nListenStream=81\n",
        "other.service": "[Service]\nExecStart=/bin/sleep infinity\n",
      });
      // Its service has the port too.
      await systemd.start("other.socket", "other.service");
      const { error } = await install(plan({ sockets: [{ listen: 81 }] }));
      expect(error!.hint).toMatch(/^Port 81 is in use by other\.socket\. Stop it \(/);
      expect(await everything()).toEqual(before);
      await ask();
      await systemd.mustRun(["sh", "-c", /\((.*)\)/.exec(error!.hint)![1]!]);
      expect((await install(plan({ sockets: [{ listen: 81 }] }))).error).toBeUndefined();
    });

    it("warns before it closes a socket for a moment", async () => {
      const { result } = await install(plan({ sockets: [{ listen: [80, 81] }] }), { prepareOnly: true });
      expect(result!.notes).toEqual([
        expect.stringMatching(/^shop\.socket: systemd closes it and opens it again/),
      ]);
      const same = await install(plan({ description: "Version 2" }), { prepareOnly: true });
      expect(same.result!.notes).toEqual([]);
      const sockets = [
        { listen: 80, name: "http" },
        { listen: 443, name: "https" },
      ];
      const renamed = await install(plan({ sockets }), { prepareOnly: true });
      expect(renamed.result!.notes).toEqual([
        expect.stringMatching(
          /^shop-http\.socket, shop-https\.socket replace shop\.socket: systemd closes it/,
        ),
      ]);
    });

    it("starts a socket again that has failed", async () => {
      await systemd.write(
        `${UNITS}/shop.service.d/broken.conf`,
        "[Service]\nExecStart=\nExecStart=/bin/false\nRestart=no\nType=simple\n",
      );
      await systemd.write(
        `${UNITS}/shop.socket.d/limit.conf`,
        "[Socket]\nTriggerLimitIntervalSec=1h\nTriggerLimitBurst=1\n",
      );
      await systemd.systemctl("daemon-reload");
      await systemd.restart("shop.socket");
      void systemd.request("http://127.0.0.1/").catch(() => {});
      await systemd.waitForUnit("shop.socket", "ActiveState", "failed");
      await rm(systemd.hostPath(`${UNITS}/shop.service.d`), { recursive: true });
      const { error, steps } = await install();
      expect(error).toBeUndefined();
      expect(steps).toContainEqual({ type: "started", units: ["shop.socket"] });
    });
  });

  describe("whose installed app no longer starts", () => {
    const app = "/etc/shop-app.mjs";
    const flag = "/etc/shop-needs-database";
    const broken = (fields: Partial<AppDescription> = {}) => plan({ exec: [systemd.node, app], ...fields });

    beforeEach(async () => {
      await systemd.write(
        app,
        `import { existsSync } from "node:fs";
        if (existsSync("${flag}") && !process.env.DATABASE) throw new Error("no database");
        await import("${systemd.project}/packages/cli/test/programs/every-socket.mjs");\n`,
      );
      await install(broken());
      await ask();
      await systemd.write(flag, "");
    });
    afterEach(() => systemd.mustRun(["rm", "-f", app, flag]));

    it("restores the files, names the units that do not start, and can be called again", async () => {
      const before = await filesIn(UNITS);
      const { error } = await install(broken({ description: "Version 2" }));
      expect(error).toMatchObject({ code: "SOCKACT_ERR_INSTALL_START" });
      expect(error!.message).toMatch(
        /^shop\.service did not start\.\n[^]*Error: no database\n[^]*\nAll changes were undone\.\nBut shop\.service ran before, and does not start again:\n[^]*Error: no database/,
      );
      expect(await filesIn(UNITS)).toEqual(before);
      expect(Object.keys(await filesIn(STATE))).toEqual(["shop/manifest.json"]);
      const right = await install(broken({ environment: { DATABASE: "1" } }));
      expect(right.error).toBeUndefined();
      await ask();
    });
  });

  it("uses its own path again, and leaves no file at a path that it no longer has", async () => {
    const path = "/run/shop.sock";
    const withPath = (...more: number[]) => plan({ sockets: [{ listen: [path, ...more] }] });
    expect((await install(withPath(80))).error).toBeUndefined();
    await systemd.stop("shop.socket");
    expect((await install(withPath(81))).error).toBeUndefined();
    expect((await install(plan())).error).toBeUndefined();
    expect((await systemd.run(["ls", path])).code).not.toBe(0);
    const before = await everything();
    expect((await install(withPath(), { verifyError: "no answer" })).error).toBeDefined();
    expect(await everything()).toEqual(before);
    expect((await systemd.run(["ls", path])).code).not.toBe(0);
  });

  it("turns a running service into a rolling pair, restarts the pair when it has changed, and turns it back", async () => {
    await install();
    const { pid } = await ask();
    const forth = await install(plan({ rolling: true }));
    expect(forth.error).toBeUndefined();
    expect(forth.steps).toContainEqual({ type: "stopped", units: ["shop.service"] });
    expect((await ask()).pid).not.toBe(pid);
    expect(await systemd.show("shop@blue.service", "ActiveState")).toBe("active");
    expect((await everything()).running).toEqual(["shop.socket active", "shop@blue.service active"]);

    const { steps, error } = await install(plan({ rolling: true, description: "Version 2" }));
    expect(error).toBeUndefined();
    expect(steps).toContainEqual({ type: "restarted", units: ["shop@blue.service"], how: "rolling" });
    expect(await systemd.show("shop@green.service", "ActiveState")).toBe("active");
    await ask();

    const back = await install();
    expect(back.error).toBeUndefined();
    expect(back.steps).toContainEqual({ type: "stopped", units: ["shop@green.service"] });
    await ask();
    expect((await everything()).running).toEqual(["shop.service active", "shop.socket active"]);
  });

  it("a slow app delays only calls for the same name", async () => {
    const slow = start(plan(), { pauseInCheck: true });
    await slow.until("paused");
    const other = await install(plan({ name: "blog", sockets: [{ listen: 90 }] }));
    expect(other.error).toBeUndefined();
    const same = start(plan(), { uninstall: true });
    await same.until("waiting");
    slow.resume();
    expect([(await slow.ended).error, (await same.ended).error]).toEqual([undefined, undefined]);
  });

  it("reports drop-ins of the user that apply too", async () => {
    await systemd.write(`${UNITS}/shop.service.d/mine.conf`, "[Service]\nNice=5\n");
    await systemd.mustRun(["ln", "-s", "shop.service.d", `${UNITS}/shop.socket.d`]);
    const { result } = await install(plan(), { prepareOnly: true });
    const folders = ["shop.socket.d", "shop.service.d"];
    expect(result!.notes).toEqual(folders.map((folder) => `The settings in ${UNITS}/${folder} apply too.`));
  });
});
