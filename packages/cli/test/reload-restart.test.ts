import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sockactInside } from "./run.ts";
import { install, release, sockact } from "./services.ts";

describeWith({ privateSystemd: true, systemd: 253 }, "a service that is installed", () => {
  let systemd: PrivateSystemd;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await install(systemd, { name: "shop", sockets: [{ listen: 80 }], type: "notify-reload" });
    await install(systemd, { name: "plain", sockets: [{ listen: 81 }] });
    await install(systemd, { name: "pair", sockets: [{ listen: 82 }], rolling: true });
    await install(systemd, {
      name: "hup",
      sockets: [{ listen: 83 }],
      execReload: [["/bin/kill", "-HUP", { variable: "MAINPID" }]],
    });
    await install(systemd, { name: "simple", sockets: [{ listen: 84 }], type: "simple" });
    await install(systemd, { name: "frail", sockets: [{ listen: 85 }], restart: "no" });
    await install(systemd, { name: "loop", sockets: [{ listen: 91 }], restartSec: "9min" });
    await systemd.write(
      "/etc/systemd/system/swift.service.d/restart.conf",
      "[Service]\nRestartSec=0\nRestartSteps=0\n",
    );
    await install(systemd, { name: "swift", sockets: [{ listen: 92 }] });
    await systemd.installUnits({
      "each.socket": "[Socket]\nListenStream=86\nAccept=yes\n",
      "each@.service": "[Service]\nExecStart=/bin/cat\nStandardInput=socket\n",
    });
    await systemd.installUnits({
      "loose.socket": "[Socket]\nListenStream=87\n",
      "loose.service": "[Service]\nType=exec\nExecStart=/bin/sleep infinity\n",
    });
    await systemd.start("each.socket", "loose.socket");
  });
  afterAll(() => systemd?.close());

  const ask = async (port: number) =>
    JSON.parse((await systemd.request(`http://127.0.0.1:${port}/`)).body) as { version: number; pid: number };

  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await sockact(systemd, ...args, "--json");
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as Record<string, unknown>;
  };

  /** The instances of the pair: the one that serves, and the other one. */
  const instances = async (): Promise<[string, string]> => {
    const isBlue = (await systemd.show("pair@blue.service", "MainPID")) !== "0";
    const [serving, other] = isBlue ? (["blue", "green"] as const) : (["green", "blue"] as const);
    // It may answer a moment before systemd has read that it is ready.
    await systemd.waitForUnit(`pair@${serving}.service`, "ActiveState", "active");
    return [serving, other];
  };

  /** A command that runs while the test goes on, and what it has written to standard error. */
  class Running {
    stderr = "";
    readonly child: ChildProcess;

    constructor(...args: string[]) {
      this.child = systemd.spawn([...sockactInside(systemd), ...args]);
      this.child.stderr!.setEncoding("utf8").on("data", (chunk: string) => (this.stderr += chunk));
    }

    async until(pattern: RegExp): Promise<void> {
      while (!pattern.test(this.stderr)) await once(this.child.stderr!, "data");
    }
  }

  describe("sockact reload", () => {
    it("leaves a service that sleeps alone", async () => {
      expect(await sockact(systemd, "reload", "shop")).toMatchObject({
        code: 0,
        stdout: "shop does not run: its next start reads the new settings.\n",
      });
    });

    it("fails if nothing serves, and nothing will", async () => {
      const reload = async (name: string) => {
        const { code, stdout, stderr } = await sockact(systemd, "reload", name, "--json");
        return { code, stderr, ...(JSON.parse(stdout) as { outcome: string; error: { code: string } }) };
      };
      await systemd.stop("plain.service", "plain.socket");
      const stopped = await reload("plain");
      expect(stopped).toMatchObject({ code: 1, outcome: "failed", error: { code: "SOCKACT_ERR_RELOAD" } });
      expect(stopped.stderr).toContain("systemctl enable --now plain.socket");
      await systemd.start("plain.socket");

      await release(systemd, "loop", { crash: true });
      // It is answered by no version, so that the test does not wait for it.
      void systemd.request("http://127.0.0.1:91/").catch(() => {});
      await systemd.waitForUnit("loop.service", "SubState", "auto-restart");
      expect(await reload("loop")).toMatchObject({
        code: 1,
        outcome: "failed",
        error: {
          message: "loop crashes again and again, so there is nothing to reload, and no version serves",
        },
      });
      await systemd.stop("loop.socket");

      await systemd.installUnits({ "lone.socket": "[Socket]\nListenStream=92\n" }, { verify: false });
      expect(await reload("lone")).toMatchObject({
        code: 1,
        error: { message: "a unit of lone is not loaded, so no version serves" },
      });
    });

    it("reloads one that runs, and shows what it has written and how long it took", async () => {
      const { pid } = await ask(80);
      const { code, stdout, stderr } = await sockact(systemd, "reload", "shop");
      expect(code).toBe(0);
      expect(stdout).toMatch(/^shop reloaded in [\d.]+ m?s\.\n$/);
      expect(stderr).toMatch(/^Reloading shop\n.*reloading\n.*has read its settings\n.*reloaded\n$/);
      expect((await ask(80)).pid).toBe(pid);
      expect(await json("reload", "shop")).toEqual({
        name: "shop",
        outcome: "reloaded",
        units: ["shop.service"],
        took: expect.any(Number),
        confirmed: true,
        log: ["sockact: reloading", "has read its settings", "sockact: reloaded"],
        handovers: [],
        needsRestart: false,
      });
    });

    it("fails with the reason if the app could not read its settings", async () => {
      await release(systemd, "shop", { reload: "fail" });
      const { code, stdout, stderr } = await sockact(systemd, "reload", "shop");
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toContain("Error: the settings are broken");
      expect(stderr).toContain(
        "error: shop could not reload, and keeps running with its old settings (SOCKACT_ERR_RELOAD)\n",
      );
      expect(await systemd.show("shop.service", "ActiveState")).toBe("active");
    });

    it("notices a failure even if the app logs no event", async () => {
      await systemd.stop("shop.service");
      await release(systemd, "shop", { reload: "fail", quiet: true });
      await ask(80);
      const { code, stderr } = await sockact(systemd, "reload", "shop");
      expect(code).toBe(1);
      expect(stderr).toContain("Its log has the reason: sockact logs shop.");
      expect(await systemd.show("shop.service", "StatusText")).toBe(
        "Serving [::]:80; the reload failed: onReload failed",
      );
      await release(systemd, "shop");
      expect((await sockact(systemd, "reload", "shop")).code).toBe(0);
      expect(await systemd.show("shop.service", "StatusText")).toBe("Serving [::]:80");
    });

    it("says that nothing was read again if the app has no onReload", async () => {
      await systemd.stop("shop.service");
      await release(systemd, "shop", { reloads: false });
      await ask(80);
      const { code, stdout } = await sockact(systemd, "reload", "shop");
      expect(code).toBe(0);
      expect(stdout).toBe(
        "shop did not read its settings again, because the app has no onReload.\nTo use new settings, or new code, restart it: sockact restart shop\nIf you install it with --handover, or with handover: true in the config, a reload runs new code.\n",
      );
      await systemd.stop("shop.service");
    });

    it("waits for a slow reload, and leaves it to systemd at Ctrl-C", async () => {
      await release(systemd, "shop", { reload: "slow" });
      await ask(80);
      const reload = new Running("reload", "shop");
      await systemd.waitForUnit("shop.service", "ActiveState", "reloading");
      reload.child.kill("SIGINT");
      expect(await once(reload.child, "close")).toEqual([130, null]);
      expect(reload.stderr).toContain("Interrupted. systemd continues the reload of shop.\n");
      await systemd.systemctl("kill", "--signal=USR1", "shop.service");
      await systemd.waitForUnit("shop.service", "ActiveState", "active");
    });

    it("waits for a service that starts, and at Ctrl-C has changed nothing", async () => {
      await systemd.stop("shop.service");
      await release(systemd, "shop", { silent: true });
      await systemd.systemctl("start", "--no-block", "shop.service");
      await systemd.waitForJournal("shop.service", /listening on/);
      const interrupted = new Running("reload", "shop");
      await interrupted.until(/Reloading shop/);
      interrupted.child.kill("SIGINT");
      expect(await once(interrupted.child, "close")).toEqual([130, null]);
      expect(interrupted.stderr).toContain("Interrupted. Nothing was changed.\n");
      const reload = new Running("reload", "shop");
      await reload.until(/Reloading shop/);
      await systemd.systemctl("kill", "--kill-whom=main", "--signal=USR1", "shop.service");
      expect(await once(reload.child, "close")).toEqual([0, null]);
      expect(reload.stderr).toContain("has read its settings");
    });

    it("has a hint if the unit has no reload, and reports that the end of ExecReload= is unknown", async () => {
      await ask(81);
      const { code, stderr } = await sockact(systemd, "reload", "plain");
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /plain\.service has no way to reload \(Type=notify\) \(SOCKACT_ERR_RELOAD\)\n.*restart plain\n.*handover: true.*\n.*Type=notify-reload.*ExecReload=/,
      );
      await ask(83);
      expect((await sockact(systemd, "reload", "hup")).stdout).toBe(
        "hup was told to reload. Without Type=notify-reload, it does not report when the reload is done.\n",
      );
    });

    it("fails if ExecReload= fails", async () => {
      await systemd.write(
        "/run/systemd/system/hup.service.d/fail.conf",
        "[Service]\nExecReload=\nExecReload=/bin/false\n",
      );
      await systemd.systemctl("daemon-reload");
      const { code, stderr } = await sockact(systemd, "reload", "hup");
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /error: hup did not reload: exit-code\. hup\.service keeps running \(SOCKACT_ERR_RELOAD\)/,
      );
    });

    it("needs permission", async () => {
      await ask(80);
      const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
      const { code, stderr } = await systemd.run([...nobody, ...sockactInside(systemd), "reload", "shop"]);
      expect(code).toBe(1);
      expect(stderr).toMatch(/denied|authentication/i);
      expect(stderr).toMatch(/Run it as root: sudo .*sockact reload shop\n/);
    });
  });

  describe("sockact restart", () => {
    it("restarts a service, whose socket stays open", async () => {
      const before = await ask(81);
      await release(systemd, "plain", { version: 2 });
      const { code, stdout } = await sockact(systemd, "restart", "plain");
      expect(code).toBe(0);
      expect(stdout).toMatch(/^plain restarted in [\d.]+ m?s\. Its sockets stayed open\.\n$/);
      const after = await ask(81);
      expect(after.version).toBe(2);
      expect(after.pid).not.toBe(before.pid);
    });

    it("shows that the old process drains, and leaves the restart to systemd at Ctrl-C", async () => {
      const held = systemd.request("http://127.0.0.1:81/hold");
      await systemd.waitForJournal("plain.service", /holds a request/);
      const interrupted = new Running("restart", "plain");
      await systemd.waitForUnit("plain.service", "ActiveState", "deactivating");
      interrupted.child.kill("SIGINT");
      expect(await once(interrupted.child, "close")).toEqual([130, null]);
      expect(interrupted.stderr).toContain(
        "Interrupted. systemd continues the restart: sockact status plain\n",
      );
      const restart = new Running("restart", "plain");
      await systemd.waitForUnit("plain.service", "ActiveState", "deactivating");
      await restart.until(/plain\.service drains: it answers its open requests\n/);
      await systemd.systemctl("kill", "--kill-whom=main", "--signal=USR2", "plain.service");
      expect((await held).body).toBe("released");
      expect(await once(restart.child, "close")).toEqual([0, null]);
    });

    it("stops nothing if a file that systemd reads at the start does not exist", async () => {
      const { pid } = await ask(81);
      const dropIn = "/etc/systemd/system/plain.service.d/key.conf";
      const lines = ["LoadCredential=tls.key:/etc/nowhere.key", "EnvironmentFile=/etc/nowhere.env"];
      await systemd.write(dropIn, `[Service]\n${lines.join("\n")}\nEnvironmentFile=-/etc/optional.env\n`);
      await systemd.systemctl("daemon-reload");
      const { code, stderr } = await sockact(systemd, "restart", "plain");
      expect(code).toBe(1);
      expect(stderr).toContain(
        "LoadCredential= names /etc/nowhere.key, which does not exist, and EnvironmentFile= names /etc/nowhere.env, which does not exist",
      );
      expect((await ask(81)).pid).toBe(pid);
      // A value replaces the missing file.
      await systemd.write(dropIn, `[Service]\n${lines[0]}\nSetCredential=tls.key:none\n`);
      await systemd.systemctl("daemon-reload");
      expect(await json("restart", "plain")).toMatchObject({ outcome: "restarted" });
      await systemd.mustRun(["rm", "-r", "/etc/systemd/system/plain.service.d"]);
      await systemd.systemctl("daemon-reload");
    });

    it("leaves a service asleep, or stopped, and a connection of its own with Accept=yes", async () => {
      await systemd.stop("plain.service");
      expect(await json("restart", "plain")).toMatchObject({ outcome: "asleep" });
      await systemd.stop("plain.socket");
      const stopped = await sockact(systemd, "restart", "plain");
      expect(stopped.code).toBe(1);
      expect(stopped.stderr).toContain("systemctl enable --now plain.socket");
      await systemd.start("plain.socket");
      expect(await json("restart", "each")).toMatchObject({ outcome: "next" });
    });

    it("shows why a new version did not start, and what is left", async () => {
      await ask(81);
      await release(systemd, "plain", { crash: true });
      const dropIn = "/run/systemd/system/plain.service.d/handover.conf";
      await systemd.write(dropIn, "[Service]\nEnvironment=SOCKACT_HANDOVER=yes\n");
      await systemd.systemctl("daemon-reload");
      const { code, stdout, stderr } = await sockact(systemd, "restart", "plain");
      await systemd.mustRun(["rm", dropIn]);
      await systemd.systemctl("daemon-reload");
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toContain("Error: this release is broken");
      expect(stderr).toMatch(
        /error: plain\.service did not start: it exited with 1\. Clients wait in the socket's queue, and systemd tries again \(SOCKACT_ERR_RESTART\)\nThe old process has exited, so no version serves now\./,
      );
      expect(stderr).toMatch(/use the handover.*sockact reload plain\n/);
      await release(systemd, "plain", { version: 3 });
      expect(await json("restart", "plain")).toMatchObject({ outcome: "restarted", confirmed: true });
      expect((await ask(81)).version).toBe(3);
    });

    it("says where an app may write that fails because of the sandbox, as reload and install do", async () => {
      const failing = async (name: string, ...command: string[]) => {
        await release(systemd, name, { writes: "/srv/data.txt" });
        const { code, stderr } = await sockact(systemd, ...command, name);
        await release(systemd, name, { version: 3 });
        return { code, stderr };
      };
      const told = {
        code: 1,
        stderr: expect.stringMatching(
          /EROFS[^]*\n.*The sandbox lets the app write only to \/var\/lib\/\w+\. In the app: path\.join\(process\.env\.STATE_DIRECTORY, "[\w.]+"\)\. For another folder, a config has user and readWritePaths: sockact explain file-read-only\n/,
        ),
      };
      for (const port of [80, 81, 82]) await ask(port);
      await instances();
      expect(await failing("plain", "restart")).toEqual(told);
      expect(await failing("pair", "restart")).toEqual(told);
      expect(await failing("shop", "reload")).toEqual(told);
      expect(await json("restart", "plain")).toMatchObject({ outcome: "restarted" });
    });

    it("shows the start that has failed, and not those after it", async () => {
      await ask(92);
      await release(systemd, "swift", { crash: true });
      const { code, stderr } = await sockact(systemd, "restart", "swift");
      expect(code).toBe(1);
      expect(stderr.match(/Starting swift\.service|Error: this release is broken|Failed to start/g)).toEqual([
        "Starting swift.service",
        "Error: this release is broken",
        "Failed to start",
      ]);
      expect(stderr).not.toContain("restart job");
      await systemd.stop("swift.socket", "swift.service");
    });

    it("starts a failed service and its socket again", async () => {
      await release(systemd, "frail", { crash: true });
      await systemd.request("http://127.0.0.1:85/").catch(() => {});
      await systemd.waitForUnit("frail.socket", "ActiveState", "failed");
      await release(systemd, "frail", { version: 2 });
      expect(await json("restart", "frail")).toMatchObject({ outcome: "started", confirmed: true });
      expect((await ask(85)).version).toBe(2);
    });

    it("opens a socket again that its service runs without", async () => {
      await systemd.start("loose.service");
      await systemd.stop("loose.socket");
      expect(await systemd.show("loose.service", "ActiveState")).toBe("active");
      expect(await json("restart", "loose")).toMatchObject({ outcome: "started", confirmed: false });
      expect(await systemd.show("loose.socket", "SubState")).toBe("running");
    });

    it("notices that a service without a ready message ends at once", async () => {
      await ask(84);
      await release(systemd, "simple", { crash: true });
      const { code, stderr } = await sockact(systemd, "restart", "simple");
      expect(code).toBe(1);
      expect(stderr).toContain("simple.service did not start: it exited with 1");
      await release(systemd, "simple", { version: 2 });
      expect((await sockact(systemd, "restart", "simple")).stdout).toContain(
        "Without Type=notify, it does not report when",
      );
    });

    it("does not wait with --no-wait", async () => {
      await ask(81);
      expect(await json("restart", "plain", "--no-wait")).toMatchObject({ outcome: "asked" });
      await systemd.waitForUnit("plain.service", "ActiveState", "active");
    });

    it("refuses a unit that has changed on disk", async () => {
      await ask(81);
      await systemd.write("/run/systemd/system/plain.service.d/10.conf", "[Service]\nNice=1\n");
      const { code, stderr } = await sockact(systemd, "restart", "plain");
      await systemd.systemctl("daemon-reload");
      expect(code).toBe(1);
      expect(stderr).toMatch(/plain\.service has changed on disk.*\n.*systemctl daemon-reload/);
    });

    it("restarts a rolling pair", async () => {
      await ask(82);
      const [old, next] = await instances();
      await release(systemd, "pair", { version: 2 });
      const { code, stdout, stderr } = await sockact(systemd, "restart", "pair");
      expect(code).toBe(0);
      expect(stdout).toMatch(
        /^pair turned to \w+ in [\d.]+ m?s, and no client waited\. \w+ has drained\.\n$/,
      );
      expect(stderr).toBe(`Restarting pair
Starting pair@${next}; pair@${old} serves meanwhile
pair@${next} is ready
pair@${old} drains: it answers its open requests
pair@${old} has stopped
`);
      expect((await ask(82)).version).toBe(2);
      expect(await json("restart", "pair")).toEqual({
        name: "pair",
        kind: "rolling",
        outcome: "turned",
        took: expect.any(Number),
        confirmed: true,
        turn: { from: next, to: old, drained: true },
      });
    });

    it("keeps the old instance of a pair if the new one does not start, and reports it", async () => {
      const { pid } = await ask(82);
      const [old, next] = await instances();
      await release(systemd, "pair", { crash: true });
      const { code, stderr } = await sockact(systemd, "restart", "pair");
      expect(code).toBe(1);
      expect(stderr).toContain("Error: this release is broken");
      expect(stderr).toContain(
        `error: pair@${next}.service did not become ready; pair@${old}.service keeps serving (SOCKACT_ERR_ROLL_START)\nRead its journal: journalctl --unit pair@${next}.service\n`,
      );
      expect((await ask(82)).pid).toBe(pid);
      const { stdout } = await sockact(systemd, "doctor", "pair", "--json");
      const [examined] = (JSON.parse(stdout) as { services: { findings: object[] }[] }).services;
      expect(examined!.findings.filter((each) => "code" in each && each.code === "app-crashed")).toEqual([
        expect.objectContaining({
          severity: "warning",
          unit: `pair@${next}.service`,
          message: `pair@${next}.service has ended with an uncaught error. pair@${old}.service serves meanwhile.`,
          why: expect.stringContaining("the other instance of the pair"),
        }),
      ]);
    });

    it("has changed nothing at Ctrl-C while another restart of the pair runs", async () => {
      const lock = systemd.spawn(["flock", "/run/sockact-pair.lock", "sh", "-c", "echo locked; exec cat"]);
      await once(lock.stdout!, "data");
      const restart = new Running("restart", "pair");
      await restart.until(/Another restart of pair is under way/);
      restart.child.kill("SIGINT");
      expect(await once(restart.child, "close")).toEqual([130, null]);
      expect(restart.stderr).toContain("Interrupted. Nothing was changed.\n");
      lock.stdin!.end();
      await once(lock, "close");
    });

    it("undoes a rolling restart at Ctrl-C", async () => {
      await release(systemd, "pair");
      const { pid } = await ask(82);
      const [old, next] = await instances();
      await release(systemd, "pair", { silent: true });
      const restart = new Running("restart", "pair");
      await systemd.waitForUnit(`pair@${next}.service`, "ActiveState", "activating");
      restart.child.kill("SIGINT");
      expect(await once(restart.child, "close")).toEqual([130, null]);
      expect(restart.stderr).toContain(`pair@${next} is inactive`);
      expect(restart.stderr).toContain(`pair@${old} is active`);
      expect((await ask(82)).pid).toBe(pid);
    });
  });

  it("is shown, reloaded and restarted in the user's own manager too", async () => {
    const folder = "/run/user/0";
    await systemd.mustRun(["mkdir", "--parents", "--mode=700", folder]);
    await systemd.write("/etc/systemd/user/mine.socket", "[Socket]\nListenStream=90\n");
    const program = `${systemd.project}/packages/cli/test/programs/service.mjs`;
    await systemd.write(
      "/etc/systemd/user/mine.service",
      `[Service]
Type=notify-reload
OpenFile=${folder}/systemd/notify:notify
ExecStart=${systemd.node} ${program} mine
`,
    );
    await release(systemd, "mine");
    await systemd.start("user@0.service");
    const env = { XDG_RUNTIME_DIR: folder };
    const own = (...args: string[]) =>
      systemd.mustRun([...sockactInside(systemd), ...args, "--user"], { env });
    await systemd.mustRun(["systemctl", "--user", "start", "mine.socket"], { env });
    const state = async () =>
      (JSON.parse(await own("status", "mine", "--json")) as { services: { state: string; user: string }[] })
        .services[0];
    expect(await state()).toMatchObject({ state: "asleep" });
    const { pid } = await ask(90);
    expect(await state()).toMatchObject({ state: "awake", user: "root" });
    expect(await own("reload", "mine")).toMatch(/^mine reloaded in /);
    expect(await own("restart", "mine")).toMatch(/^mine restarted in /);
    expect((await ask(90)).pid).not.toBe(pid);
    expect(await own("logs", "mine")).toMatch(/^[\d:]+ mine\[\d+\]: has read its settings$/m);
    const unknown = await systemd.run([...sockactInside(systemd), "status", "yours", "--user"], { env });
    expect(unknown.stderr).toContain("sockact status --user lists");
    const noManager = await sockact(systemd, "status", "--user");
    expect(noManager.code).toBe(1);
    expect(noManager.stderr).toContain("Run it in a login session of the user");
    await systemd.stop("user@0.service");
  });
});
