import { mkdir, readdir, readFile, readlink, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import {
  bootPrivateSystemd,
  describeWith,
  type PrivateSystemd,
  LONG_ONLY,
  isLongRun,
} from "@sockact/testkit";
import type { AppDescription } from "@sockact/units";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { InstallPlan } from "../src/lib/install/transaction.ts";
import { Installer, type Outcome, planFor, shopPlan, writeInstaller } from "./installer.ts";
import type { InstallerOptions } from "./programs/installer.ts";

const UNITS = "/etc/systemd/system";
const STATE = "/var/lib/sockact";
const IMAGE = "/tmp/image";

interface Everything {
  units: Record<string, string>;
  state: Record<string, string>;
  running: string[];
}

describeWith({ privateSystemd: true, systemd: 253 }, "sockact install's transaction", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await writeInstaller(systemd);
  });
  afterAll(() => systemd?.close());
  afterEach(async () => {
    await systemd.run(["sh", "-c", "systemctl stop 'shop*' 'blog*' 'other*'; systemctl reset-failed"]);
    await systemd.mustRun([
      "sh",
      "-c",
      `rm -rf ${UNITS}/* ${STATE} ${IMAGE} /var/lib/shop /run/shop*; systemctl daemon-reload`,
    ]);
  });

  const plan = (fields: Partial<AppDescription> = {}, further: Partial<InstallPlan> = {}): InstallPlan =>
    shopPlan(systemd, fields, further);
  const start = (what: InstallPlan, options: Partial<InstallerOptions> = {}): Installer =>
    new Installer(systemd, { plan: what, ...options });
  const install = (what = plan(), options: Partial<InstallerOptions> = {}): Promise<Outcome> =>
    start(what, options).ended;

  const answers = (): Promise<boolean> =>
    ask().then(
      () => true,
      () => false,
    );

  async function ask(port = 80): Promise<{ pid: number }> {
    return JSON.parse((await systemd.request(`http://127.0.0.1:${port}/`)).body) as { pid: number };
  }

  /** Every file and link below a folder, with what is in it. */
  async function filesIn(folder: string): Promise<Record<string, string>> {
    const root = systemd.hostPath(folder);
    const found: Record<string, string> = {};
    for (const entry of await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])) {
      if (entry.isDirectory()) continue;
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(root.length + 1);
      found[name] = entry.isSymbolicLink() ? `-> ${await readlink(path)}` : await readFile(path, "utf8");
    }
    return found;
  }

  /** What an installation consists of: its files, its links, and what runs. */
  async function everything(): Promise<Everything> {
    const units = await systemd.mustRun([
      "sh",
      "-c",
      "systemctl list-units --all --plain --no-legend 'shop*' | sort",
    ]);
    const running = units
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter(([, load, active]) => load !== "not-found" || active !== "inactive")
      .map(([unit, , active]) => `${unit} ${active}`);
    return {
      units: await filesIn(UNITS),
      state: await filesIn(STATE),
      running: running.filter((line) => line !== " undefined"),
    };
  }

  /** How often systemd has read all units. */
  async function reloadsOfSystemd(): Promise<number> {
    await systemd.mustRun(["journalctl", "--sync"]);
    const lines = await systemd.mustRun(["journalctl", "--no-pager", "_PID=1", "--grep", "^Reloading"]);
    return lines.split("\n").length;
  }

  const nothing = { units: {}, state: {}, running: [] };

  describe("when nothing is installed", () => {
    it("writes the units, enables and starts the socket, and the app answers", async () => {
      const { steps, result } = await install();
      expect(result).toEqual({ changed: true, backups: [] });
      expect(steps.map(({ type }) => type)).toEqual([
        "staged",
        ...Array<string>(3).fill("written"),
        "reloaded",
        "enabled",
        "started",
        "listening",
      ]);
      await ask();
      const { units } = await everything();
      expect(Object.keys(units).sort()).toEqual([
        "shop.service",
        "shop.socket",
        "sockets.target.wants/shop.socket",
      ]);
      expect(units["shop.socket"]).toMatch(
        /^# Written by sockact install for shop\. .*\n# Content: sha256:[0-9a-f]{64}\n\[Unit\]/,
      );
    });

    it("writes a copy of the preload beside its manifest, which records the origin of each file", async () => {
      const path = `${STATE}/shop/files/preload.mjs`;
      const config = "/srv/shop/sockact.config.ts";
      await install(plan({}, { extraFiles: [{ path, text: "export {};\n", mode: 0o644 }], config }));
      const state = await filesIn(STATE);
      expect(state["shop/files/preload.mjs"]).toBe("export {};\n");
      expect(JSON.parse(state["shop/manifest.json"]!)).toMatchObject({
        name: "shop",
        config,
        description: { name: "shop" },
        files: [{ path: `${UNITS}/shop.socket` }, { path: `${UNITS}/shop.service` }, { path }],
      });
    });

    it("names the process that has the port, and leaves nothing behind", async () => {
      const script = 'require("net").createServer().listen(80, () => console.log("ready"))';
      const other = ["systemd-run", "--unit=other", "--service-type=exec", systemd.node, "-e", script];
      await systemd.mustRun(other);
      await systemd.waitForJournal("other.service", /ready/);
      const { error } = await install();
      expect(error).toMatchObject({ code: "ERR_INSTALL_START", exitCode: 1 });
      expect(error!.message).toContain("Address already in use");
      expect(error!.hint).toMatch(/^Port 80 is in use by \S+ \(process \d+, other\.service\)/);
      expect(await everything()).toEqual(nothing);
    });

    it.runIf(isLongRun)(`names the socket unit that has the port${LONG_ONLY}`, async () => {
      await systemd.installUnits({
        "other.socket": "[Socket]\nListenStream=80\n",
        "other.service": "[Service]\nExecStart=/bin/sleep infinity\n",
      });
      // Its service has the port too.
      await systemd.start("other.socket", "other.service");
      const { error } = await install();
      expect(error!.hint).toMatch(/^Port 80 is in use by other\.socket\. Stop it \(/);
      expect(await everything()).toEqual(nothing);
      await systemd.mustRun(["sh", "-c", /\((.*)\)/.exec(error!.hint)![1]!]);
      expect((await install()).error).toBeUndefined();
    });

    it("leaves nothing behind when the last check fails", async () => {
      const { error } = await install(plan(), { verifyError: "it answers 500" });
      expect(error!.message).toBe("it answers 500");
      expect(await everything()).toEqual(nothing);
    });

    it.runIf(isLongRun)(
      `reports a full disk if its own folder is a separate file system${LONG_ONLY}`,
      async () => {
        const mount = `mkdir ${STATE}; mount -t tmpfs -o size=4k,mode=755 tmpfs ${STATE}`;
        await systemd.mustRun(["sh", "-c", mount]);
        try {
          const { error } = await install();
          expect(error!.message).toContain("the disk is full");
          expect(await everything()).toEqual(nothing);
        } finally {
          await systemd.mustRun(["umount", STATE]);
        }
      },
    );

    it("leaves nothing behind when systemd can't load the unit", async () => {
      const broken = plan();
      broken.units["shop.service"] = "[Service]\nType=oneshot\nRestart=always\nExecStart=/bin/true\n";
      const { error } = await install(broken);
      expect(error).toMatchObject({ code: "ERR_INSTALL_LOAD" });
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

    it("lets systemd read a file that it has not read in its present form", async () => {
      await systemd.run(["touch", "--date=+1 day", "/etc/systemd/system/shop.service"]);
      expect(await systemd.show("shop.service", "NeedDaemonReload")).toBe("yes");
      const { steps } = await install();
      expect(steps.map(({ type }) => type)).toEqual(["staged", "reloaded", "listening"]);
    });

    it("restarts a service that has changed, and no request fails", async () => {
      const { pid } = await ask();
      let on = true;
      const load = (async () => {
        const pids = new Set<number>();
        while (on) pids.add((await ask()).pid);
        return pids;
      })();
      load.catch(() => {});
      const { steps } = await install(plan({ description: "Version 2" }));
      expect(steps).toContainEqual({ type: "restarted", units: ["shop.service"], how: "queued" });
      const next = (await ask()).pid;
      on = false;
      expect(await load).toEqual(new Set([pid, next]));
      expect(next).not.toBe(pid);
    });

    it.runIf(isLongRun)(`leaves a changed service asleep${LONG_ONLY}`, async () => {
      const { steps } = await install(plan({ description: "Version 2" }));
      expect(steps.map(({ type }) => type)).not.toContain("restarted");
      expect(await systemd.show("shop.service", "ActiveState")).toBe("inactive");
    });

    it("opens a socket again when its address has changed", async () => {
      await ask();
      const { steps } = await install(plan({ sockets: [{ listen: 81 }] }));
      expect(steps).toContainEqual({
        type: "restarted",
        units: ["shop.socket", "shop.service"],
        how: "closed",
      });
      await ask(81);
      await expect(ask(80)).rejects.toThrow("ECONNREFUSED");
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
      expect(error).toMatchObject({ code: "ERR_INSTALL_START" });
      expect(await everything()).toEqual(before);
      expect((await ask()).pid).not.toBe(pid);
    });

    it.runIf(isLongRun)(`puts the old address back when the new one is in use${LONG_ONLY}`, async () => {
      await ask();
      const before = await everything();
      await systemd.installUnits({
        "other.socket": "[Socket]\nListenStream=81\n",
        "other.service": "[Service]\nExecStart=/bin/true\n",
      });
      await systemd.start("other.socket");
      const { error } = await install(plan({ sockets: [{ listen: 81 }] }));
      expect(error!.hint).toMatch(/^Port 81 is in use/);
      expect(await everything()).toEqual(before);
      await ask();
    });

    it.runIf(isLongRun)(`opens a socket again when its file was removed manually${LONG_ONLY}`, async () => {
      await ask();
      await rm(systemd.hostPath(`${UNITS}/shop.socket`));
      expect((await install(plan({ sockets: [{ listen: 81 }] }))).error).toBeUndefined();
      await ask(81);
      await expect(ask(80)).rejects.toThrow("ECONNREFUSED");
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

    it("changes nothing where units can't be written", async () => {
      const { state } = await everything();
      const mount = `mount --bind ${UNITS} ${UNITS} && mount -o remount,bind,ro ${UNITS}`;
      await systemd.mustRun(["sh", "-c", mount]);
      try {
        const next = await install(plan({ description: "Version 2" }));
        expect(next.error).toMatchObject({ code: "ERR_INSTALL_WRITE" });
        const gone = await install(plan(), { uninstall: true });
        expect(gone.error).toMatchObject({ code: "ERR_INSTALL_WRITE" });
        expect((await everything()).state).toEqual(state);
        await ask();
      } finally {
        await systemd.mustRun(["umount", UNITS]);
      }
    });

    it.runIf(isLongRun)(
      `enables and starts a socket again that was disabled and stopped${LONG_ONLY}`,
      async () => {
        await systemd.systemctl("disable", "--now", "shop.socket");
        expect((await install()).result).toMatchObject({ changed: true });
        await ask();
        expect((await filesIn(UNITS))["sockets.target.wants/shop.socket"]).toBe(`-> ${UNITS}/shop.socket`);
      },
    );

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
    const shop = (fields: Partial<AppDescription> = {}) => plan({ exec: [systemd.node, app], ...fields });

    beforeEach(async () => {
      await systemd.write(
        app,
        `import { existsSync } from "node:fs";
        if (existsSync("${flag}") && !process.env.DATABASE) throw new Error("no database");
        await import("${systemd.project}/packages/cli/test/programs/every-socket.mjs");\n`,
      );
      await install(shop());
      await ask();
      await systemd.write(flag, "");
    });
    afterEach(() => systemd.mustRun(["rm", "-f", app, flag]));

    it("restores the files, names the units that do not start, and can be called again", async () => {
      const before = await filesIn(UNITS);
      const { error } = await install(shop({ description: "Version 2" }));
      expect(error).toMatchObject({ code: "ERR_INSTALL_START" });
      expect(error!.message).toMatch(
        /^shop\.service did not start\.\n[^]*Error: no database\n[^]*\nAll changes were undone\.\nBut shop\.service ran before, and does not start again:\n[^]*Error: no database/,
      );
      expect(await filesIn(UNITS)).toEqual(before);
      expect(Object.keys(await filesIn(STATE))).toEqual(["shop/manifest.json"]);
      const right = await install(shop({ environment: { DATABASE: "1" } }));
      expect(right.error).toBeUndefined();
      await ask();
    });

    it.runIf(isLongRun)(`is uninstalled after a call that was killed${LONG_ONLY}`, async () => {
      const killed = await install(shop({ description: "Version 2" }), { killAt: 5 });
      expect(killed.steps.at(-1)).toEqual({ type: "undoing" });
      const { error, steps } = await install(shop(), { uninstall: true });
      expect(error).toBeUndefined();
      expect(steps[0]).toEqual({ type: "recovered" });
      expect(await everything()).toEqual(nothing);
    });
  });

  describe("with a unix socket", () => {
    const path = "/run/shop.sock";
    const withPath = (...more: number[]) => plan({ sockets: [{ listen: [path, ...more] }] });

    it("refuses a path that exists for another purpose", async () => {
      const refused = async (hint: RegExp) => {
        const before = await systemd.mustRun(["stat", "--format=%i", path]);
        const { error } = await install(withPath());
        expect(error).toMatchObject({ code: "ERR_INSTALL_FOREIGN", hint: expect.stringMatching(hint) });
        expect(await systemd.mustRun(["stat", "--format=%i", path])).toBe(before);
        expect(await everything()).toEqual(nothing);
      };
      await systemd.write(path, "precious");
      await refused(/^Choose another --listen/);
      await systemd.mustRun(["rm", path]);
      const program = `require("net").createServer().listen("${path}", () => console.log("ready"))`;
      const unit = "other-program.service";
      await systemd.mustRun(["systemd-run", `--unit=${unit}`, systemd.node, "-e", program]);
      // The whole line: systemd's own line about the start has the program in it.
      await systemd.waitForJournal(unit, /^ready$/);
      await refused(/^Choose another --listen/);
      await systemd.systemctl("kill", "--signal=KILL", unit);
      await systemd.waitForUnit(unit, "ActiveState", "failed");
      await refused(/sudo rm \/run\/shop\.sock/);
    });

    it("uses its own path again, and leaves no file at a path that it no longer has", async () => {
      expect((await install(withPath(80))).error).toBeUndefined();
      expect((await install(withPath(81))).error).toBeUndefined();
      await systemd.stop("shop.socket");
      expect((await install(withPath(82))).error).toBeUndefined();
      expect((await install(plan())).error).toBeUndefined();
      expect((await systemd.run(["ls", path])).code).not.toBe(0);
    });
  });

  it.runIf(isLongRun)(
    `leaves no file of a unix socket when it undoes a change of the address${LONG_ONLY}`,
    async () => {
      expect((await install()).error).toBeUndefined();
      await ask();
      const before = await everything();
      const next = plan({ sockets: [{ listen: "/run/shop.sock" }] });
      expect((await install(next, { verifyError: "no answer" })).error).toBeDefined();
      expect(await everything()).toEqual(before);
      expect((await systemd.run(["ls", "/run/shop.sock"])).code).not.toBe(0);
    },
  );

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

  it("restarts a rolling pair when its service has changed", async () => {
    await install(plan({ rolling: true }));
    await ask();
    const { steps, error } = await install(plan({ rolling: true, description: "Version 2" }));
    expect(error).toBeUndefined();
    expect(steps).toContainEqual({ type: "restarted", units: ["shop@blue.service"], how: "rolling" });
    expect(await systemd.show("shop@green.service", "ActiveState")).toBe("active");
    await ask();
  });

  it("turns a running service into a rolling pair, and back", async () => {
    await install();
    const { pid } = await ask();
    const forth = await install(plan({ rolling: true }));
    expect(forth.error).toBeUndefined();
    expect(forth.steps).toContainEqual({ type: "stopped", units: ["shop.service"] });
    expect((await ask()).pid).not.toBe(pid);
    expect(await systemd.show("shop@blue.service", "ActiveState")).toBe("active");
    expect((await everything()).running).toEqual(["shop.socket active", "shop@blue.service active"]);

    const back = await install();
    expect(back.error).toBeUndefined();
    expect(back.steps).toContainEqual({ type: "stopped", units: ["shop@blue.service"] });
    await ask();
    expect((await everything()).running).toEqual(["shop.service active", "shop.socket active"]);
  });

  describe("interrupted or killed at each step", () => {
    const first = () =>
      plan({
        sockets: [
          { listen: 80, name: "http" },
          { listen: 81, name: "admin" },
        ],
      });
    const second = () =>
      plan({
        sockets: [
          { listen: 82, name: "http" },
          { listen: 83, name: "web" },
        ],
        description: "Version 2",
      });

    it("leaves nothing behind after a first installation", async () => {
      const { steps } = await install();
      await install(plan(), { uninstall: true });
      const outcomes: object[] = [];
      const expected: object[] = [];
      for (const [at, { type }] of steps.entries()) {
        if (isLongRun || at % 6 === 0) {
          const { error } = await install(plan(), { abortAt: at });
          outcomes.push({ type, code: error?.code, exitCode: error?.exitCode, left: await everything() });
          expected.push({ type, code: "ERR_INSTALL_INTERRUPTED", exitCode: 130, left: nothing });
        }
        if (!isLongRun && at % 6 !== 1) continue;
        await install(plan(), { killAt: at });
        const { error } = await install(plan(), { uninstall: true });
        outcomes.push({ type, error, left: await everything() });
        expected.push({ type, error: undefined, left: nothing });
      }
      expect(outcomes).toEqual(expected);
    }, 120_000);

    /** Installs the first version over the second one, so that the manifest has its own time. */
    async function installFirst(): Promise<{ everything: Everything; whole: Set<string> }> {
      await install(second());
      const files = await filesIn(UNITS);
      await install(first());
      await ask();
      const both = [files, await filesIn(UNITS)].flatMap((each) => Object.entries(each));
      return { everything: await everything(), whole: new Set(both.map((entry) => entry.join("\n"))) };
    }

    /** Unit files that are neither of the first version nor of the second. */
    async function halves(whole: Set<string>): Promise<string[]> {
      const files = Object.entries(await filesIn(UNITS)).filter(([name]) => !name.startsWith(".sockact-"));
      return files.map((entry) => entry.join("\n")).filter((entry) => !whole.has(entry));
    }

    it("leaves the old version complete and running", async () => {
      const before = await installFirst();
      const { steps } = await install(second());
      await install(first());
      await ask();
      const state = (await everything()).state;
      const left = { ...before.everything, state };
      const outcomes: object[] = [];
      const expected: object[] = [];
      for (const [at, { type }] of steps.entries()) {
        if (isLongRun || at === 2) {
          const { error } = await install(second(), { abortAt: at });
          outcomes.push({ type, code: error?.code, left: await everything() });
          expected.push({ type, code: "ERR_INSTALL_INTERRUPTED", left });
        }
        if (!isLongRun && at !== 10) continue;
        await install(second(), { killAt: at });
        const broken = await halves(before.whole);
        const { error, result } = await install(first());
        const changed = result?.changed;
        outcomes.push({ type, broken, error, changed, left: await everything(), answers: await answers() });
        expected.push({ type, broken: [], error: undefined, changed: false, left, answers: true });
      }
      expect(outcomes).toEqual(expected);
    }, 300_000);

    it.runIf(isLongRun)(
      `leaves one version whole when it is killed at a random moment${LONG_ONLY}`,
      async () => {
        const before = await installFirst();
        const { units } = before.everything;
        const socketsOf = ({ running }: Everything) => running.filter((unit) => unit.includes(".socket "));
        const outcomes: object[] = [];
        const count = 60;
        let seed = 14;
        for (let round = 0; round < count; round += 1) {
          // Numerical Recipes' generator: the moments are the same each time.
          seed = (seed * 1_664_525 + 1_013_904_223) % 2 ** 32;
          const killed = start(second());
          const timer = setTimeout(() => killed.child.kill("SIGKILL"), (seed / 2 ** 32) * 800);
          await killed.ended;
          clearTimeout(timer);
          const broken = await halves(before.whole);
          const { error } = await install(first());
          const now = await everything();
          outcomes.push({
            broken,
            error,
            units: now.units,
            sockets: socketsOf(now),
            answers: await answers(),
          });
        }
        const expected = {
          broken: [],
          error: undefined,
          units,
          sockets: socketsOf(before.everything),
          answers: true,
        };
        expect(outcomes).toEqual(outcomes.map(() => expected));
      },
      300_000,
    );
  });

  describe("refuses", () => {
    it("the name of another unit, and an alias of one", async () => {
      await systemd.write("/run/systemd/system/other.service", "[Service]\nExecStart=/bin/true\n");
      await symlink("other.service", systemd.hostPath("/run/systemd/system/blog.service"));
      await systemd.systemctl("daemon-reload");
      const codes: unknown[] = [];
      for (const name of ["systemd-journald", "other", "blog"]) {
        const { error } = await install(
          plan(
            {},
            {
              ...planFor({ name: "x", exec: ["/bin/true"], sockets: [{ listen: 80 }] }),
              name,
              units: {},
              sockets: [`${name}.socket`],
              service: `${name}.service`,
            },
          ),
        );
        codes.push(error?.code);
      }
      await systemd.mustRun([
        "sh",
        "-c",
        "rm /run/systemd/system/other.service /run/systemd/system/blog.service",
      ]);
      expect(codes).toEqual(Array(3).fill("ERR_INSTALL_FOREIGN"));
    });

    it("a masked unit, and says how to unmask it", async () => {
      await symlink("/dev/null", systemd.hostPath(`${UNITS}/shop.service`));
      await systemd.systemctl("daemon-reload");
      const { error } = await install();
      expect(error).toMatchObject({
        code: "ERR_INSTALL_FOREIGN",
        hint: "Unmask it: systemctl unmask shop.service",
      });
    });

    it("a file that sockact did not write, unless forced; then it keeps a backup", async () => {
      await systemd.write(`${UNITS}/shop.service`, "[Service]\nExecStart=/bin/true\n");
      const { error } = await install();
      expect(error).toMatchObject({ code: "ERR_INSTALL_FOREIGN", exitCode: 1 });
      expect(Object.keys(await filesIn(UNITS))).toEqual(["shop.service"]);
      const { result } = await install(plan(), { force: true });
      expect(result!.backups).toEqual([`${STATE}/shop/backup/shop.service`]);
      expect((await filesIn(STATE))["shop/backup/shop.service"]).toBe("[Service]\nExecStart=/bin/true\n");
      await ask();
      // An undone one puts the file back, and keeps no backup.
      const mine = `${(await filesIn(UNITS))["shop.service"]}# mine\n`;
      await systemd.write(`${UNITS}/shop.service`, mine);
      await install(plan(), { force: true, verifyError: "no" });
      expect((await filesIn(UNITS))["shop.service"]).toBe(mine);
      expect(Object.keys(await filesIn(STATE)).sort()).toEqual([
        "shop/backup/shop.service",
        "shop/manifest.json",
      ]);
    });

    it("a folder that systemd did not create, and the folder of sockact", async () => {
      await systemd.write("/var/lib/shop/data", "precious");
      const { error } = await install(plan({ stateDirectory: "shop" }));
      expect(error).toMatchObject({ code: "ERR_INSTALL_FOREIGN" });
      expect(error!.message).toContain("/var/lib/shop exists already");
      const own = await install(plan({ stateDirectory: "sockact/shop" }));
      expect(own.error!.message).toContain("/var/lib/sockact/shop is the folder in which sockact records");
      expect(await everything()).toEqual(nothing);
      const [, move] = /: (sudo install .*)/.exec(error!.hint)!;
      await systemd.mustRun(["sh", "-c", move!.replaceAll("sudo ", "")]);
      expect((await install(plan({ stateDirectory: "shop" }))).error).toBeUndefined();
      await ask();
    });

    it("a file of its own that was edited", async () => {
      await install();
      const text = (await filesIn(UNITS))["shop.socket"]!;
      await systemd.write(`${UNITS}/shop.socket`, text.replace("ListenStream=80", "ListenStream=8080"));
      const { error } = await install();
      expect(error).toMatchObject({ code: "ERR_INSTALL_EDITED" });
      expect(error!.hint).toContain("systemctl edit shop.socket");
    });

    it("a file of another installed service", async () => {
      const other = { name: "shop-admin", sockets: [{ listen: 90 }] };
      await install(plan(other));
      const { error } = await install(
        plan({
          sockets: [
            { listen: 80, name: "http" },
            { listen: 81, name: "admin" },
          ],
        }),
      );
      expect(error).toMatchObject({ code: "ERR_INSTALL_FOREIGN" });
    });

    it("a symlink in place of a unit, even when forced", async () => {
      await systemd.write("/tmp/victim", "victim\n");
      await symlink("/tmp/victim", systemd.hostPath(`${UNITS}/shop.socket`));
      for (const force of [false, true]) {
        const { error } = await install(plan(), { force });
        expect(error).toMatchObject({ code: "ERR_INSTALL_PATH" });
        expect(error!.message).toContain("is a symlink");
      }
      expect(await readFile(systemd.hostPath("/tmp/victim"), "utf8")).toBe("victim\n");
    });

    it("a file that has changed since it was shown", async () => {
      const paused = start(plan({ name: "blog", sockets: [{ listen: 90 }] }), { pauseAtType: "staged" });
      await paused.until("paused");
      const late = start(plan());
      await late.until("waiting");
      await systemd.write(`${UNITS}/shop.socket`, "mine\n");
      paused.resume();
      expect((await late.ended).error).toMatchObject({ code: "ERR_INSTALL_CHANGED" });
      expect((await paused.ended).error).toBeUndefined();
      expect((await filesIn(UNITS))["shop.socket"]).toBe("mine\n");
    });
  });

  it("two calls at the same time take turns", async () => {
    const outcomes = await Promise.all([
      install(plan({ name: "blog", sockets: [{ listen: 90 }] })),
      install(plan()),
    ]);
    expect(outcomes.map(({ error }) => error)).toEqual([undefined, undefined]);
    await Promise.all([ask(80), ask(90)]);
  });

  it("reports drop-ins of the user that apply too", async () => {
    await systemd.write(`${UNITS}/shop.service.d/mine.conf`, "[Service]\nNice=5\n");
    const { result } = await install(plan(), { prepareOnly: true });
    expect(result!.notes).toEqual([`The settings in ${UNITS}/shop.service.d apply too.`]);
  });

  describe("below a root folder", () => {
    const image = (fields: Partial<AppDescription> = {}, further: Partial<InstallPlan> = {}) =>
      plan(fields, { root: IMAGE, ...further });
    beforeEach(() => mkdir(systemd.hostPath(IMAGE)));

    it("writes and enables the units, and starts nothing", async () => {
      const { steps, error } = await install(image());
      expect(error).toBeUndefined();
      expect(steps.map(({ type }) => type)).toEqual([
        "staged",
        "written",
        "written",
        "written",
        "reloaded",
        "enabled",
      ]);
      expect(await filesIn(IMAGE)).toMatchObject({
        "etc/systemd/system/shop.socket": expect.stringContaining("ListenStream=80"),
        "etc/systemd/system/shop.service": expect.stringContaining("ExecStart="),
        "etc/systemd/system/sockets.target.wants/shop.socket": "-> /etc/systemd/system/shop.socket",
        "var/lib/sockact/shop/manifest.json": expect.any(String),
      });
      expect(await everything()).toEqual(nothing);
      expect((await install(image(), { uninstall: true })).error).toBeUndefined();
      expect(await filesIn(IMAGE)).toEqual({});
    });

    it("refuses the name of a unit that the image has", async () => {
      await systemd.write(`${IMAGE}/usr/lib/systemd/system/shop.service`, "[Service]\nExecStart=/bin/true\n");
      expect((await install(image())).error).toMatchObject({ code: "ERR_INSTALL_FOREIGN" });
    });

    it("never writes through a link that appears after the check", async () => {
      await systemd.mustRun([
        "sh",
        "-c",
        "rm -rf /tmp/elsewhere; mkdir /tmp/elsewhere; echo victim > /tmp/elsewhere/shop.socket",
      ]);
      const units = systemd.hostPath(`${IMAGE}${UNITS}`);
      // In the place of a unit: the link itself is replaced.
      const one = start(image(), { pauseAtType: "staged" });
      await one.until("paused");
      await symlink("/tmp/elsewhere/shop.socket", join(units, "shop.socket"));
      one.resume();
      await one.ended;
      // In the place of the folder: it is refused, and nothing was written there.
      await rm(systemd.hostPath(IMAGE), { recursive: true });
      await mkdir(systemd.hostPath(IMAGE));
      const two = start(image(), { pauseAtType: "staged" });
      await two.until("paused");
      await rename(units, `${units}.moved`);
      await symlink("/tmp/elsewhere", units);
      two.resume();
      const { error } = await two.ended;
      expect(error).toMatchObject({ code: "ERR_INSTALL_UNDO" });
      expect(await filesIn("/tmp/elsewhere")).toEqual({ "shop.socket": "victim\n" });
      // Once the folder is back, the next call puts back the rest.
      await rm(units);
      await rename(`${units}.moved`, units);
      const repaired = await install(image());
      expect(repaired.steps[0]).toEqual({ type: "recovered", notStarted: [] });
      expect(repaired.error).toBeUndefined();
    });

    it("leaves the old files complete when the disk is full", async () => {
      const small = async (kilobytes: number) =>
        systemd.mustRun(["mount", "-t", "tmpfs", "-o", `size=${kilobytes}k,mode=755`, "tmpfs", IMAGE]);
      try {
        await small(8);
        const { error } = await install(image());
        expect(error).toMatchObject({ code: "ERR_INSTALL_WRITE", exitCode: 1 });
        expect(error!.message).toContain("the disk is full (ENOSPC)");
        expect(await filesIn(IMAGE)).toEqual({});
        await systemd.mustRun(["umount", IMAGE]);
        await small(20);
        expect((await install(image())).error).toBeUndefined();
        const before = await filesIn(IMAGE);
        const next = image({ description: "Version 2", sockets: [{ listen: 81 }] });
        expect((await install(next)).error).toMatchObject({ code: "ERR_INSTALL_WRITE" });
        expect(await filesIn(IMAGE)).toEqual(before);
      } finally {
        await systemd.run(["umount", IMAGE]);
      }
    });

    it("has a hint for a read-only file system", async () => {
      await systemd.mustRun([
        "sh",
        "-c",
        `mount --bind ${IMAGE} ${IMAGE} && mount -o remount,bind,ro ${IMAGE}`,
      ]);
      try {
        const { error } = await install(image());
        expect(error).toMatchObject({ code: "ERR_INSTALL_WRITE" });
        expect(error!.message).toContain("the file system is read-only (EROFS)");
        expect(error!.hint).toContain("NixOS");
      } finally {
        await systemd.mustRun(["umount", IMAGE]);
      }
    });

    it("killed before any file changed: the old version is complete, and the next call restores it", async () => {
      const preload = (text: string) => ({
        extraFiles: [{ path: `${STATE}/shop/files/preload.mjs`, text, mode: 0o644 }],
      });
      const sockets = [
        { listen: 80, name: "http" },
        { listen: 81, name: "admin" },
      ];
      const first = image({ sockets }, preload("1"));
      const second = image({ sockets: [{ listen: 82, name: "http" }] }, preload("2"));
      await install(first);
      const { changes } = await install(second);
      expect(changes).toBeGreaterThan(20);
      await install(first);
      const MANIFEST_FILE = "var/lib/sockact/shop/manifest.json";
      const withoutTime = (files: Record<string, string>) => ({
        ...files,
        [MANIFEST_FILE]: files[MANIFEST_FILE]!.replace(/"installedAt": .*/, ""),
      });
      const before = withoutTime(await filesIn(IMAGE));
      const outcomes: object[] = [];
      const expected: object[] = [];
      for (let at = 0; at < changes!; at += isLongRun ? 1 : 11) {
        const killed = await install(second, { killBeforeChange: at });
        const { error } = await install(first);
        outcomes.push({ at, killed, error, files: withoutTime(await filesIn(IMAGE)) });
        expected.push({ at, killed: { steps: killed.steps }, error: undefined, files: before });
      }
      expect(outcomes).toEqual(expected);
    }, 300_000);
  });
});
