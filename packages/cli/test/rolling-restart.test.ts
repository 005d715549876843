import { readFileSync } from "node:fs";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { emitUnits, type AppDescription } from "@sockact/units";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { rollingRestart } from "../src/index.ts";
import { Roll, turned, type Failure, type Line } from "./roll.ts";

interface Answer {
  version: number;
  pid: number;
  uid: number;
}

describeWith({ privateSystemd: true, systemd: 253 }, "a rolling restart", () => {
  let systemd: PrivateSystemd;
  let load: { stop(): Promise<Answer[]> } | undefined;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await install("shop", 80);
    await install("slow", 81, {}, "TimeoutStartSec=2s\n");
    await install("frail", 82, { restart: "no" });
    await install("hasty", 83, { timeoutStopSec: "100ms", acknowledge: ["stop-timeout"] });
  });
  afterAll(() => systemd?.close());

  beforeEach(() => release({ version: 1 }));
  afterEach(async () => {
    await load?.stop().catch(() => {});
    load = undefined;
    const services = ["shop", "slow", "frail", "hasty"];
    await systemd.systemctl("kill", "--signal=KILL", ...services.map((name) => `${name}@*.service`));
    await systemd.stop(...services.flatMap((name) => [`${name}@blue.service`, `${name}@green.service`]));
    await systemd.systemctl("reset-failed");
  });

  async function install(
    name: string,
    port: number,
    fields: Partial<AppDescription> = {},
    further = "",
  ): Promise<void> {
    const units = emitUnits({
      name,
      exec: [systemd.node, `${systemd.project}/packages/cli/test/programs/server.mjs`],
      sockets: [{ listen: port }],
      rolling: true,
      ...fields,
    });
    const service = `${name}@.service`;
    units[service] = units[service]!.replace("[Service]\n", `[Service]\n${further}`);
    await systemd.installUnits(units);
    await systemd.start(`${name}.socket`);
  }

  function release(contents: { version: number; crash?: true; silent?: true }): Promise<void> {
    return systemd.write("/etc/release.json", JSON.stringify(contents));
  }

  async function ask(port = 80): Promise<Answer> {
    return JSON.parse((await systemd.request(`http://127.0.0.1:${port}/`)).body) as Answer;
  }

  /** Asks again and again; a request that fails makes `stop` reject. */
  function askAllTheTime(port = 80): { stop(): Promise<Answer[]> } {
    const answers: Answer[] = [];
    let on = true;
    const asked = (async () => {
      while (on) answers.push(await ask(port));
      return answers;
    })();
    asked.catch(() => {});
    return {
      stop() {
        on = false;
        return asked;
      },
    };
  }

  const roll = (name = "shop") => new Roll(systemd, name).result();

  async function states(name = "shop"): Promise<Record<string, string>> {
    const units = { blue: `${name}@blue.service`, green: `${name}@green.service`, socket: `${name}.socket` };
    const entries = Object.entries(units).map(
      async ([key, unit]) => [key, await systemd.show(unit, "ActiveState")] as const,
    );
    return Object.fromEntries(await Promise.all(entries));
  }

  it("restarts from blue to green and back, and every request is answered, by the old version and then by the new", async () => {
    await ask();
    load = askAllTheTime();
    await release({ version: 2 });
    const first = new Roll(systemd, "shop");
    expect(await first.result()).toEqual(turned("blue", "green"));
    expect(first.lines.slice(0, -1)).toEqual([
      { type: "starting", instance: "green" },
      { type: "ready", instance: "green" },
      { type: "stopping", instance: "blue" },
      { type: "stopped", instance: "blue", drained: true },
    ]);
    expect(await ask()).toMatchObject({ version: 2 });
    expect(await states()).toEqual({ blue: "inactive", green: "active", socket: "active" });
    await release({ version: 3 });
    expect(await roll()).toEqual(turned("green", "blue"));
    expect(await ask()).toMatchObject({ version: 3 });
    const answers = await load.stop();
    expect(new Set(answers.map(({ version }) => version))).toEqual(new Set([1, 2, 3]));
    expect(new Set(answers.map(({ pid }) => pid)).size).toBe(3);
  });

  it("leaves a service asleep, which wakes with the new version", async () => {
    await release({ version: 2 });
    expect(await roll()).toEqual({ outcome: "asleep" });
    expect(await states()).toEqual({ blue: "inactive", green: "inactive", socket: "active" });
    expect(await ask()).toMatchObject({ version: 2 });
  });

  it("leaves a stopped service stopped", async () => {
    await systemd.stop("shop.socket");
    expect(await roll()).toEqual({ outcome: "stopped" });
    expect(await states()).toEqual({ blue: "inactive", green: "inactive", socket: "inactive" });
    await systemd.start("shop.socket");
  });

  it("is done by the deploy script of docs/rolling-restart.md, which fails if nothing listens", async () => {
    const page = readFileSync(new URL("../../../docs/rolling-restart.md", import.meta.url), "utf8");
    const script = /```js\n(import [^]*?)```/.exec(page)![1]!;
    const cwd = `${systemd.project}/packages/cli`;
    const deploy = () => systemd.run([systemd.node, "--input-type=module", "--eval", script], { cwd });

    await ask();
    await release({ version: 2 });
    const { code, stdout } = await deploy();
    expect(stdout).toContain("outcome: 'turned'");
    expect(code).toBe(0);

    await release({ version: 3, crash: true });
    const failed = await deploy();
    expect(failed.stderr).toMatch(/did not become ready[^]*journalctl[^]*this release is broken/);
    expect(failed.code).toBe(1);

    await systemd.stop("shop.socket");
    const stopped = await deploy();
    await systemd.start("shop.socket");
    expect(stopped.stderr).toContain("systemctl enable --now shop.socket");
    expect(stopped.code).toBe(1);
  });

  it("lets both versions share their user and its files", async () => {
    const { uid } = await ask();
    expect(uid).toBeGreaterThan(60_000);
    await release({ version: 2 });
    await roll();
    expect((await ask()).uid).toBe(uid);
    const releases = await systemd.mustRun(["cat", "/var/lib/shop/releases"]);
    expect(releases.endsWith("1\n2\n")).toBe(true);
  });

  it("changes nothing for clients when the new version crashes at start", async () => {
    const { pid } = await ask();
    load = askAllTheTime();
    await release({ version: 2, crash: true });
    const { name, code, message, hint, journal } = await new Roll(systemd, "shop").error();
    expect({ name, code, message }).toEqual({
      name: "RollingError",
      code: "SOCKACT_ERR_ROLL_START",
      message: "shop@green.service did not become ready; shop@blue.service keeps serving",
    });
    expect(hint).toContain("journalctl --unit shop@green.service");
    expect(journal.join("\n")).toContain("Error: this release is broken");
    expect(await states()).toEqual({ blue: "active", green: "inactive", socket: "active" });
    expect(new Set((await load.stop()).map((answer) => answer.pid))).toEqual(new Set([pid]));
    // And once more from there, with one that works.
    await release({ version: 3 });
    expect(await roll()).toEqual(turned("blue", "green"));
    expect(await ask()).toMatchObject({ version: 3 });
  });

  it("stops a new version that does not become ready in time", async () => {
    expect(await ask(81)).toMatchObject({ version: 1 });
    await release({ version: 2, silent: true });
    const { code, journal } = await new Roll(systemd, "slow").error();
    expect(code).toBe("SOCKACT_ERR_ROLL_START");
    expect(journal.join("\n")).toMatch(/says nothing[^]*timed out/);
    expect(await states("slow")).toEqual({ blue: "active", green: "inactive", socket: "active" });
    expect(await ask(81)).toMatchObject({ version: 1 });
  });

  it("leaves no failed instance when the new version crashes at start, and systemd does not start it again", async () => {
    await ask(82);
    await release({ version: 2, crash: true });
    expect((await new Roll(systemd, "frail").error()).code).toBe("SOCKACT_ERR_ROLL_START");
    expect(await states("frail")).toEqual({ blue: "active", green: "inactive", socket: "active" });
  });

  it("starts a version that works if the present one crashes again and again", async () => {
    await release({ version: 1, crash: true });
    await expect(systemd.start("shop@blue.service")).rejects.toThrow(/this release is broken/);
    await systemd.waitForUnit("shop@blue.service", "SubState", "auto-restart");
    await release({ version: 2 });
    expect(await roll()).toMatchObject({ outcome: "turned", from: "blue", to: "green" });
    expect(await ask()).toMatchObject({ version: 2 });
    expect(await states()).toMatchObject({ blue: expect.stringMatching(/inactive|failed/), green: "active" });
  });

  describe("after an interrupted call", () => {
    it("stops the older of two instances that serve, and starts it again", async () => {
      await ask();
      await systemd.start("shop@green.service");
      load = askAllTheTime();
      await release({ version: 2 });
      const child = new Roll(systemd, "shop");
      expect(await child.result()).toEqual(turned("green", "blue"));
      expect(child.lines.slice(0, -1)).toEqual([
        { type: "stopping", instance: "blue" },
        { type: "stopped", instance: "blue", drained: true },
        { type: "starting", instance: "blue" },
        { type: "ready", instance: "blue" },
        { type: "stopping", instance: "green" },
        { type: "stopped", instance: "green", drained: true },
      ]);
      expect(await ask()).toMatchObject({ version: 2 });
      expect(await states()).toEqual({ blue: "active", green: "inactive", socket: "active" });
      await load.stop();
    });

    it("starts the new instance again if it has not become ready", async () => {
      await ask();
      await release({ version: 20, silent: true });
      await systemd.systemctl("start", "--no-block", "shop@green.service");
      await systemd.waitForJournal("shop@green.service", /^version 20 says nothing$/);
      load = askAllTheTime();
      await release({ version: 3 });
      expect(await roll()).toEqual(turned("blue", "green"));
      expect(await ask()).toMatchObject({ version: 3 });
      await load.stop();
    });
  });

  it("waits for another call for the same service, and then starts the newest version", async () => {
    await ask();
    await release({ version: 2 });
    const first = new Roll(systemd, "shop");
    await first.until("starting");
    const second = new Roll(systemd, "shop");
    expect(await first.result()).toEqual(turned("blue", "green"));
    expect(await second.result()).toEqual(turned("green", "blue"));
    expect(await states()).toEqual({ blue: "active", green: "inactive", socket: "active" });
  });

  it("does not wait for a call that was killed, and repairs its state", async () => {
    await ask();
    await release({ version: 30, silent: true });
    const killed = new Roll(systemd, "shop");
    await systemd.waitForJournal("shop@green.service", /^version 30 says nothing$/);
    killed.child.kill("SIGKILL");
    // Its flock(1) holds the lock until it sees that.
    await systemd.mustRun(["flock", "/run/sockact-shop.lock", "true"]);
    load = askAllTheTime();
    await release({ version: 31 });
    const child = new Roll(systemd, "shop");
    expect(await child.result()).toEqual(turned("blue", "green"));
    expect(child.lines).not.toContainEqual({ type: "waiting" });
    expect(await ask()).toMatchObject({ version: 31 });
    await load.stop();
  });

  describe("while the old version drains", () => {
    let held = 0;

    /** Has blue hold a request, which is answered once it gets SIGUSR1. */
    async function hold(name: string, port: number): Promise<{ answer: Promise<{ body: string }> }> {
      await ask(port);
      held += 1;
      const answer = systemd.request({ url: `http://127.0.0.1:${port}/hold/${held}`, timeout: 20_000 });
      answer.catch(() => {});
      await systemd.waitForJournal(`${name}@blue.service`, new RegExp(`^holds /hold/${held}$`));
      await release({ version: 2 });
      return { answer };
    }
    const letGo = (name: string) => systemd.systemctl("kill", "--signal=USR1", `${name}@blue.service`);

    it("the new one serves, and the old one finishes its open requests", async () => {
      const { answer } = await hold("shop", 80);
      const child = new Roll(systemd, "shop");
      await child.until("stopping");
      await systemd.waitForJournal("shop@blue.service", new RegExp(`^drains, holding /hold/${held}$`));
      expect(await ask()).toMatchObject({ version: 2 });
      await letGo("shop");
      expect(JSON.parse((await answer).body)).toEqual({ version: 1 });
      expect(await child.result()).toEqual(turned("blue", "green"));
    });

    it("the caller need not wait, and the next rolling restart waits instead", async () => {
      const { answer } = await hold("shop", 80);
      expect(await new Roll(systemd, "shop", { waitForDrain: false }).result()).toEqual({
        outcome: "turned",
        from: "blue",
        to: "green",
      });
      await systemd.waitForUnit("shop@blue.service", "ActiveState", "deactivating");
      await release({ version: 3 });
      const next = new Roll(systemd, "shop");
      await next.until("starting");
      expect(await ask()).toMatchObject({ version: 2 });
      await letGo("shop");
      await answer;
      expect(await next.result()).toEqual(turned("green", "blue"));
      expect(await ask()).toMatchObject({ version: 3 });
    });

    it("the caller may stop waiting, and both instances continue", async () => {
      const { answer } = await hold("shop", 80);
      const child = new Roll(systemd, "shop");
      await child.until("stopping");
      await systemd.waitForUnit("shop@blue.service", "ActiveState", "deactivating");
      child.child.kill("SIGUSR2");
      expect(await child.error()).toMatchObject({ message: "enough" });
      expect(await states()).toMatchObject({ blue: "deactivating", green: "active" });
      await letGo("shop");
      expect(JSON.parse((await answer).body)).toEqual({ version: 1 });
    });

    it("the caller learns if it had to be killed", async () => {
      const { answer } = await hold("hasty", 83);
      expect(await roll("hasty")).toEqual(turned("blue", "green", false));
      await expect(answer).rejects.toThrow(/hang up|reset/);
      expect(await ask(83)).toMatchObject({ version: 2 });
    });

    it("the caller learns if the new version crashes after all, and the next connection starts blue", async () => {
      await hold("frail", 82);
      const child = new Roll(systemd, "frail");
      await child.until("stopping");
      await systemd.waitForUnit("frail@blue.service", "ActiveState", "deactivating");
      await systemd.systemctl("kill", "--signal=KILL", "frail@green.service");
      await systemd.waitForUnit("frail@green.service", "ActiveState", "failed");
      await letGo("frail");
      const { code, message } = await child.error();
      expect(code).toBe("SOCKACT_ERR_ROLL_LOST");
      expect(message).toBe(
        "frail@green.service no longer serves: it is failed (signal); the next connection starts frail@blue.service",
      );
      expect(await ask(82)).toMatchObject({ version: 2 });
      expect(await states("frail")).toMatchObject({ blue: "active", socket: "active" });
    });
  });

  describe("to green", () => {
    beforeEach(async () => {
      await ask();
      await roll();
    });

    it("does not let traffic start blue", async () => {
      const { pid } = await ask();
      for (let asked = 0; asked < 20; asked += 1) expect((await ask()).pid).toBe(pid);
      expect(await states()).toEqual({ blue: "inactive", green: "active", socket: "active" });
    });

    it("lets the next connection start blue after green has stopped", async () => {
      await systemd.stop("shop@green.service");
      await release({ version: 2 });
      expect(await ask()).toMatchObject({ version: 2 });
      expect(await states()).toEqual({ blue: "active", green: "inactive", socket: "active" });
    });

    it("lets systemd restart green when it crashes, and the next connection waits for it", async () => {
      await systemd.systemctl("kill", "--signal=KILL", "shop@green.service");
      await systemd.waitForUnit("shop@green.service", "SubState", "auto-restart");
      expect(await ask()).toMatchObject({ version: 1 });
      expect(await states()).toEqual({ blue: "inactive", green: "active", socket: "active" });
    });
  });

  it("works for units of the user's own manager too, and shows their journal", async () => {
    const folder = "/run/user/0";
    const asUser = ["env", `XDG_RUNTIME_DIR=${folder}`];
    const program = `${systemd.project}/packages/cli/test/programs/server.mjs`;
    await systemd.mustRun(["mkdir", "--parents", "--mode=700", folder]);
    await systemd.write(
      "/etc/systemd/user/mine.socket",
      "[Socket]\nListenStream=84\nService=mine@blue.service\n",
    );
    await systemd.write(
      "/etc/systemd/user/mine@.service",
      `[Unit]
Requires=mine.socket
After=mine.socket
[Service]
Type=notify
OpenFile=${folder}/systemd/notify:notify
ExecStart=${systemd.node} ${program}
Environment=HOME=/tmp
Sockets=mine.socket
# journald reads the line of a release that crashes when the process has ended.
ExecStartPre=/bin/sh -c 'grep -q crash /etc/release.json && kill -STOP $(cat /run/journald.pid) || true'
ExecStopPost=/bin/sh -c 'kill -CONT $(cat /run/journald.pid)'
`,
    );
    await systemd.write("/run/journald.pid", await systemd.show("systemd-journald.service", "MainPID"));
    await systemd.start("user@0.service");
    await systemd.mustRun([...asUser, "systemctl", "--user", "start", "mine.socket"]);
    await ask(84);
    const script = `${systemd.project}/packages/cli/test/programs/roll.mjs`;
    const command = [...asUser, systemd.node, script, "mine", '{"user":true}'];
    const rollOwn = async () =>
      JSON.parse((await systemd.mustRun(command)).trim().split("\n").at(-1)!) as Line;
    await release({ version: 2 });
    expect(await rollOwn()).toEqual(turned("blue", "green"));
    expect(await ask(84)).toMatchObject({ version: 2 });
    await release({ version: 3, crash: true });
    const failed = await rollOwn();
    expect(failed).toMatchObject({ error: { code: "SOCKACT_ERR_ROLL_START" } });
    expect((failed as { error: Failure }).error.journal.join("\n")).toContain("this release is broken");
    expect(await ask(84)).toMatchObject({ version: 2 });
    await systemd.stop("user@0.service");
  });

  describe("is refused", () => {
    it("for an unknown service", async () => {
      const { code, message, hint } = await new Roll(systemd, "none").error();
      expect({ code, message }).toEqual({
        code: "SOCKACT_ERR_ROLL_UNITS",
        message: "none@blue.service cannot be loaded: Unit none@blue.service not found.",
      });
      expect(hint).toContain("rolling: true");
    });

    it.each(["shop@", "shop@blue", "shop.service", "shop@.service", "-shop", "", "a/b", "a b"])(
      "for the name %j",
      async (name) => {
        await expect(rollingRestart(name)).rejects.toMatchObject({ code: "SOCKACT_ERR_ROLL_NAME" });
      },
    );

    it("for a template that would get no socket, or does not report when it is ready", async () => {
      await systemd.installUnits({
        "alone@.service": "[Service]\nType=notify\nExecStart=/bin/true\n",
        "mute.socket": "[Socket]\nListenStream=90\nService=mute@blue.service\n",
        "mute@.service": "[Service]\nExecStart=/bin/true\nSockets=mute.socket\n",
      });
      const alone = await new Roll(systemd, "alone").error();
      expect(alone).toMatchObject({
        code: "SOCKACT_ERR_ROLL_UNITS",
        message: "alone@blue.service has no socket",
      });
      const mute = await new Roll(systemd, "mute").error();
      expect(mute).toMatchObject({
        code: "SOCKACT_ERR_ROLL_UNITS",
        message: expect.stringMatching(/its type is simple/),
      });
    });

    it("for units that systemd has not read since they changed", async () => {
      await ask();
      const path = "/run/systemd/system/shop@.service";
      const text = await systemd.mustRun(["cat", path]);
      await systemd.write(path, `${text}# changed\n`);
      await systemd.mustRun(["touch", "--date=+1 hour", path]);
      expect(await new Roll(systemd, "shop").error()).toMatchObject({
        code: "SOCKACT_ERR_ROLL_RELOAD",
        hint: "Let systemd read it: systemctl daemon-reload\nCall rollingRestart again.",
      });
      expect(await states()).toMatchObject({ blue: "active", green: "inactive" });
      await systemd.write(path, text);
      await systemd.systemctl("daemon-reload");
    });

    it("to a user without permission", async () => {
      const script = `${systemd.project}/packages/cli/test/programs/roll.mjs`;
      const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
      const { stdout } = await systemd.run([...nobody, systemd.node, script, "shop"]);
      const { error } = JSON.parse(stdout) as { error: Failure };
      expect(error.code).toBe("SOCKACT_ERR_ROLL_LOCK");
      expect(error.message).toMatch(/Permission denied/);
      expect(error.hint).toContain("as root");
    });

    it("without systemctl", async () => {
      for (const program of ["flock", "sh", "cat"]) {
        await systemd.mustRun(["mkdir", "--parents", "/run/bin"]);
        await systemd.mustRun(["ln", "--symbolic", `/usr/bin/${program}`, `/run/bin/${program}`]);
      }
      const script = `${systemd.project}/packages/cli/test/programs/roll.mjs`;
      const { stdout } = await systemd.run(["env", "PATH=/run/bin", systemd.node, script, "shop"]);
      expect(JSON.parse(stdout)).toMatchObject({ error: { code: "SOCKACT_ERR_ROLL_SYSTEMCTL" } });
      const without = await systemd.run(["env", "PATH=/nowhere", systemd.node, script, "shop"]);
      expect(JSON.parse(without.stdout)).toMatchObject({ error: { code: "SOCKACT_ERR_ROLL_LOCK" } });
    });
  });
});
