import {
  bootPrivateSystemd,
  describeWith,
  type PrivateSystemd,
  LONG_ONLY,
  isLongRun,
} from "@sockact/testkit";
import { emitUnits, type AppDescription } from "@sockact/units";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Roll, turned } from "./roll.ts";

const unitFolder = "/etc/systemd/system";

describeWith({ privateSystemd: true, systemd: 253 }, "a rolling restart in trouble", () => {
  let systemd: PrivateSystemd;
  const rolls: Roll[] = [];

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await install("shop", [{ listen: 80 }]);
    await systemd.start("shop.socket");
  });
  afterAll(() => systemd?.close());

  beforeEach(() => release({ version: 1 }));
  afterEach(async () => {
    // One that a failed test has left behind would keep the lock.
    for (const { child } of rolls.splice(0)) child.kill("SIGKILL");
    await systemd.run(["sh", "-c", "systemctl kill --signal=KILL 'shop@*.service'; rm -rf /run/stand-in"]);
    await systemd.stop("shop@blue.service", "shop@green.service");
    await systemd.systemctl("reset-failed");
  });

  async function install(
    name: string,
    sockets: AppDescription["sockets"],
    change = (text: string) => text,
    fields: Partial<AppDescription> = {},
  ): Promise<void> {
    const program = `${systemd.project}/packages/cli/test/programs/server.mjs`;
    const units = emitUnits({ name, exec: [systemd.node, program], sockets, rolling: true, ...fields });
    const changed = Object.entries(units).map(([file, text]) => [file, change(text)] as const);
    await systemd.installUnits(Object.fromEntries(changed));
  }

  function release(contents: { version: number; crash?: true; silent?: true; sleepy?: true }): Promise<void> {
    return systemd.write("/etc/release.json", JSON.stringify(contents));
  }

  async function ask(port = 80): Promise<number> {
    const { body } = await systemd.request(`http://127.0.0.1:${port}/`);
    return (JSON.parse(body) as { version: number }).version;
  }

  const sh = (script: string) => systemd.mustRun(["sh", "-c", script]);
  const state = (unit: string) => systemd.show(unit, "ActiveState");
  function roll(
    name = "shop",
    env: string[] = [],
    options: ConstructorParameters<typeof Roll>[2] = {},
  ): Roll {
    const begun = new Roll(systemd, name, options, env);
    rolls.push(begun);
    return begun;
  }
  const states = async () => [await state("shop@blue.service"), await state("shop@green.service")];

  /** A program that real systemd can't be made to be: it runs `script`, with `real` for the real program. */
  class StandIn {
    readonly env = ["PATH=/run/stand-in:/usr/bin:/bin"];
    readonly #begun: Promise<void>;
    constructor(program: string, script: string) {
      const text = `#!/bin/sh\nreal=/usr/bin/${program}\n${script}\nexec $real "$@"\n`;
      this.#begun = systemd.write(`/run/stand-in/${program}`, text, 0o755);
    }
    /** Installed, with the programs that hang after they have told their process id. */
    static async hanging(program: string, pattern: string, first = ""): Promise<StandIn> {
      // A child inherits that SIGTERM is ignored.
      const hang = `${first}\necho $$ >>/run/stand-in/pids; trap '' TERM; exec sleep 1000`;
      const standIn = new StandIn(program, `case " $* " in ${pattern}) ${hang} ;; esac`);
      await standIn.#begun;
      return standIn;
    }
    /** Installed; it tells its process id before it becomes the real program. */
    static async known(program: string, pattern: string): Promise<StandIn> {
      const standIn = new StandIn(program, `case " $* " in ${pattern}) echo $$ >>/run/stand-in/pids ;; esac`);
      await standIn.#begun;
      return standIn;
    }
    /** Installed; it runs `script` for the arguments that match. */
    static async running(program: string, scripts: Record<string, string>): Promise<StandIn> {
      const cases = Object.entries(scripts).map(([pattern, script]) => `${pattern}) ${script} ;;`);
      const standIn = new StandIn(program, `case " $* " in ${cases.join(" ")} esac`);
      await standIn.#begun;
      return standIn;
    }
    async pids(): Promise<string[]> {
      const read = () => systemd.run(["cat", "/run/stand-in/pids"]);
      await systemd.waitUntil(async () => (await read()).stdout !== "", "the stand-in runs");
      return (await read()).stdout.trim().split("\n");
    }
    async left(): Promise<string[]> {
      const pids = await this.pids();
      const found = await Promise.all(pids.map((pid) => systemd.run(["test", "-e", `/proc/${pid}`])));
      return pids.filter((_, at) => found[at]!.code === 0);
    }
  }

  describe("whose socket has failed", () => {
    beforeAll(async () => {
      // Its sockets fail when the service does not accept the connection that started it.
      await install(
        "two",
        [
          { name: "web", listen: 85 },
          { name: "admin", listen: 86 },
        ],
        (text) =>
          text
            .replace("TriggerLimitIntervalSec=0", "TriggerLimitIntervalSec=60s\nTriggerLimitBurst=1")
            .replace("Restart=always", "Restart=no"),
      );
    });
    beforeEach(() => systemd.start("two-web.socket", "two-admin.socket"));
    afterEach(async () => {
      await systemd.run(["rm", "-r", socket, dropIn]);
      await systemd.systemctl("daemon-reload");
      await systemd.stop("two-web.socket", "two-admin.socket", "two-more.socket").catch(() => {});
    });
    const socket = "/run/systemd/system/two-more.socket";
    const dropIn = "/run/systemd/system/two@.service.d";

    /** Adds a socket to the service while it runs. */
    async function addSocket(port: number): Promise<void> {
      await systemd.write(socket, `[Socket]\nListenStream=${port}\nService=two@blue.service\n`);
      const more =
        "[Unit]\nRequires=two-more.socket\nAfter=two-more.socket\n[Service]\nSockets=two-more.socket\n";
      await systemd.write(`${dropIn}/more.conf`, more);
      await systemd.systemctl("daemon-reload");
    }

    it("is neither asleep nor stopped, and the hint starts the socket again", async () => {
      await release({ version: 2, crash: true });
      await expect(ask(85)).rejects.toThrow(/ECONNRE|hang up/);
      await systemd.waitForUnit("two-web.socket", "ActiveState", "failed");
      // One socket listens, one has failed.
      const { code, message, hint } = await roll("two").error();
      expect({ code, message }).toEqual({
        code: "ERR_ROLL_SOCKET",
        message: "two-web.socket is failed (trigger-limit-hit); its clients are refused",
      });
      await sh(hint.replace(/^.*Then: /, ""));
      expect(await roll("two").result()).toEqual({ outcome: "asleep" });
      expect(await state("two-web.socket")).toBe("active");
    });

    it("leaves the instance that still serves, and the hint stops it first", async () => {
      await systemd.start("two@green.service");
      // A port that green has already.
      await addSocket(85);
      await expect(systemd.start("two-more.socket")).rejects.toThrow(/two-more\.socket/);
      const { code, message, hint } = await roll("two").error();
      expect({ code, message }).toEqual({
        code: "ERR_ROLL_SOCKET",
        message: "two-more.socket is failed (resources); two@green.service cannot be replaced until then",
      });
      expect(hint).toContain(
        "systemctl stop two@green.service && systemctl reset-failed two-more.socket && systemctl start two-more.socket",
      );
      expect(await state("two@green.service")).toBe("active");
    });

    it("is reported if a new socket can't start while the service runs", async () => {
      await systemd.start("two@blue.service");
      await addSocket(87);
      const { code, message, hint } = await roll("two").error();
      expect({ code, message }).toEqual({
        code: "ERR_ROLL_SOCKET",
        message: "two-more.socket is inactive (success); two@blue.service cannot be replaced until then",
      });
      expect(await state("two@blue.service")).toBe("active");
      await sh(hint.replace(/^.*Then: /, ""));
      expect(await roll("two").result()).toEqual({ outcome: "asleep" });
      expect(await state("two-more.socket")).toBe("active");
    });
  });

  describe("is ended by its signal, and leaves no process behind,", () => {
    it("while systemctl hangs at the start: the new instance is stopped again", async () => {
      await ask();
      await release({ version: 2, silent: true });
      const standIn = await StandIn.hanging("systemctl", "*' start '*", '$real --no-block "$@"');
      const child = roll("shop", standIn.env);
      await systemd.waitForUnit("shop@green.service", "ActiveState", "activating");
      await standIn.pids();
      child.abort();
      expect(await child.error()).toMatchObject({ message: "enough" });
      expect(await states()).toEqual(["active", "inactive"]);
      expect(await standIn.left()).toEqual([]);
    });

    it("while every call of systemctl hangs", async () => {
      await ask();
      const standIn = await StandIn.hanging("systemctl", "*");
      const child = roll("shop", standIn.env);
      await standIn.pids();
      child.abort();
      expect(await child.error()).toMatchObject({ message: "enough" });
      expect(await states()).toEqual(["active", "inactive"]);
      expect(await standIn.left()).toEqual([]);
    });

    it("while neither a start nor its undo returns", async () => {
      await ask();
      await release({ version: 2, silent: true });
      const standIn = await StandIn.hanging(
        "systemctl",
        "*' start '*|*' stop '*|*' reset-failed '*",
        '$real --no-block "$@"',
      );
      const child = roll("shop", standIn.env);
      await standIn.pids();
      child.abort();
      expect(await child.error()).toMatchObject({ message: "enough" });
      await systemd.waitForUnit("shop@green.service", "ActiveState", "inactive");
      expect(await state("shop@blue.service")).toBe("active");
      expect(await standIn.left()).toEqual([]);
    });

    it("while the old instance drains, which continues", async () => {
      await ask();
      await release({ version: 2 });
      const standIn = await StandIn.hanging("systemctl", "*' stop '*", '$real --no-block "$@"');
      const child = roll("shop", standIn.env);
      await standIn.pids();
      child.abort();
      expect(await child.error()).toMatchObject({ message: "enough" });
      await systemd.waitForUnit("shop@blue.service", "ActiveState", "inactive");
      expect(await ask()).toBe(2);
      expect(await standIn.left()).toEqual([]);
    });

    it("while the journal of a failed start is read", async () => {
      await ask();
      await release({ version: 2, crash: true });
      const standIn = await StandIn.hanging("journalctl", "*");
      const child = roll("shop", standIn.env);
      await standIn.pids();
      child.abort();
      expect(await child.error()).toMatchObject({ message: "enough" });
      expect(await states()).toEqual(["active", "inactive"]);
      expect(await standIn.left()).toEqual([]);
    });

    it("while it waits for another restart", async () => {
      await ask();
      await release({ version: 2, silent: true });
      const first = roll();
      await first.until("starting");
      const standIn = await StandIn.known("flock", "*sockact-shop.lock*");
      const second = roll("shop", standIn.env);
      await second.until("waiting");
      second.abort();
      expect(await second.error()).toMatchObject({ message: "enough" });
      expect(await standIn.left()).toEqual([]);
      first.abort();
      await first.error();
    });

    it("but not after the old instance has stopped", async () => {
      await ask();
      expect(await roll("shop", [], { abortAt: "stopped" }).result()).toEqual(turned("blue", "green"));
    });

    it.each(["ready", "stopping"] as const)(
      "at the event %s: the old instance is told to stop, and the last event says what state both are in",
      async (abortAt) => {
        await ask();
        await release({ version: 2 });
        const child = roll("shop", [], { abortAt });
        expect(await child.error()).toMatchObject({ message: "enough" });
        await systemd.waitForUnit("shop@blue.service", "ActiveState", "inactive");
        expect(await ask()).toBe(2);
        expect(child.lines.slice(0, -1)).toEqual([
          { type: "starting", instance: "green" },
          { type: "ready", instance: "green" },
          { type: "stopping", instance: "blue" },
          { type: "aborted", states: { blue: expect.stringMatching(/activ/), green: "active" } },
        ]);
      },
    );
  });

  describe.runIf(isLongRun)(
    `of a service that does not start again at once after a crash${LONG_ONLY}`,
    () => {
      const [blue, green] = ["long@blue.service", "long@green.service"];
      const until = (unit: string, property: string, value: string) =>
        `until [ "$(systemctl show --value --property=${property} ${unit})" = ${value} ]; do :; done`;
      const showFailsOnce = {
        "*' start '*": '$real "$@"; touch /run/stand-in/started; exit 0',
        "*' show '*": "if rm /run/stand-in/started 2>&-; then echo boom >&2; exit 1; fi",
      };
      const both = async () => [await state(blue), await state(green)];

      beforeAll(() => install("long", [{ listen: 88 }], undefined, { restartSec: "1h", idleTimeout: "1h" }));
      beforeEach(() => systemd.start("long.socket"));
      afterEach(async () => {
        await systemd.run(["systemctl", "kill", "--signal=KILL", blue, green]);
        await systemd.stop("long.socket", blue, green);
      });

      async function crashAtStart(...units: string[]): Promise<void> {
        await release({ version: 1, crash: true });
        await systemd.run(["systemctl", "start", ...units]);
        for (const unit of units) await systemd.waitForUnit(unit, "SubState", "auto-restart");
      }

      it("keeps the new instance running if the old one does not serve, although a systemctl show fails", async () => {
        await crashAtStart(blue);
        await release({ version: 2 });
        const { env } = await StandIn.running("systemctl", showFailsOnce);
        expect(await roll("long", env).error()).toMatchObject({
          code: "ERR_ROLL_SYSTEMCTL",
          message: `systemctl show exited with 1: boom. ${green} was not stopped again: ${blue} does not serve. ${blue} is activating, and ${green} is active`,
          hint: "call rollingRestart again; it repairs the state that this call has left",
        });
        expect(await both()).toEqual(["activating", "active"]);
        expect(await ask(88)).toBe(2);
        expect(await roll("long").result()).toEqual(turned("green", "blue"));
      });

      it("keeps the new instance running if the old one does not serve, although it is aborted", async () => {
        await crashAtStart(blue);
        await release({ version: 2 });
        const standIn = await StandIn.hanging("systemctl", "*' start '*", '$real "$@"');
        const child = roll("long", standIn.env);
        await standIn.pids();
        child.abort();
        expect(await child.error()).toMatchObject({ message: "enough" });
        expect(child.lines.at(-2)).toEqual({
          type: "aborted",
          states: { blue: "activating", green: "active" },
        });
        expect(await both()).toEqual(["activating", "active"]);
      });

      it("reports a new instance that can't be stopped again", async () => {
        await systemd.start(blue);
        await release({ version: 2, crash: true });
        const { env } = await StandIn.running("systemctl", { "*' stop '*": "echo no >&2; exit 1" });
        const { code, message, hint } = await roll("long", env).error();
        expect({ code, message }).toEqual({
          code: "ERR_ROLL_START",
          message: `${green} did not become ready. ${green} was not stopped again: no. ${blue} is active, and ${green} is activating`,
        });
        expect(hint).toMatch(/journalctl --unit long@green\.service; then call rollingRestart again/);
        await release({ version: 3 });
        expect(await roll("long").result()).toEqual(turned("blue", "green"));
      });

      it("reports unknown states if systemctl no longer answers", async () => {
        await systemd.start(blue);
        const { env } = await StandIn.running("systemctl", {
          ...showFailsOnce,
          "*' show '*": "if [ -e /run/stand-in/started ]; then echo boom >&2; exit 1; fi",
        });
        expect(await roll("long", env).error()).toMatchObject({
          code: "ERR_ROLL_SYSTEMCTL",
          message: `systemctl show exited with 1: boom. ${green} was not stopped again: systemctl show exited with 1: boom. The state of the instances is not known`,
          hint: "call rollingRestart again; it repairs the state that this call has left",
        });
        expect(await both()).toEqual(["active", "active"]);
      });

      it("reports both states when a systemctl show fails before the old instance is stopped", async () => {
        await systemd.start(blue);
        const { env } = await StandIn.running("systemctl", {
          "*' show '*": "if rm /run/stand-in/ready 2>&-; then echo boom >&2; exit 1; fi",
        });
        const child = roll("long", env, { runAt: { ready: "touch /run/stand-in/ready" } });
        expect(await child.error()).toMatchObject({
          code: "ERR_ROLL_SYSTEMCTL",
          message: `systemctl show exited with 1: boom. ${blue} was not stopped. ${blue} is active, and ${green} is active`,
          hint: "call rollingRestart again; it repairs the state that this call has left",
        });
      });

      it("restarts into the release that works when both instances crash", async () => {
        await crashAtStart(blue, green);
        await release({ version: 2 });
        expect(await roll("long").result()).toMatchObject({ outcome: "turned", from: "blue", to: "green" });
        expect(await ask(88)).toBe(2);
        expect(await state(green)).toBe("active");
      });

      it("reports when systemd restarts a new instance that crashes while the old one drains", async () => {
        await systemd.start(blue);
        const crash = `systemctl kill --signal=KILL ${green}; ${until(green, "SubState", "auto-restart")}`;
        expect(await roll("long", [], { runAt: { stopping: crash } }).error()).toMatchObject({
          code: "ERR_ROLL_LOST",
          message: `${green} no longer serves: it is activating (signal); systemd starts it again after its RestartSec=, 1h`,
        });
      });

      it("succeeds although the new instance goes to sleep as soon as it is ready", async () => {
        await systemd.start(blue);
        await release({ version: 2, sleepy: true });
        const child = roll("long");
        expect(await child.result()).toEqual(turned("blue", "green"));
        expect(child.lines.slice(0, -1)).toEqual([
          { type: "starting", instance: "green" },
          { type: "ready", instance: "green" },
          { type: "stopping", instance: "blue" },
          { type: "stopped", instance: "blue", drained: true },
        ]);
        expect(await both()).toEqual(["inactive", "inactive"]);
        await release({ version: 3 });
        expect(await ask(88)).toBe(3);
      });

      it("succeeds although the new instance goes to sleep before the old one is stopped", async () => {
        await systemd.start(blue);
        const sleep = `systemctl kill --signal=USR2 ${green}; ${until(green, "ActiveState", "inactive")}`;
        expect(await roll("long", [], { runAt: { ready: sleep } }).result()).toEqual(turned("blue", "green"));
        expect(await both()).toEqual(["inactive", "inactive"]);
      });

      it.each([
        ["a condition", "[Unit]\nConditionPathExists=/nonexistent\n"],
        ["an ExecCondition=", "[Service]\nExecCondition=/bin/false\n"],
      ])("keeps the old instance where %s skips the start of the new one", async (_, text) => {
        await systemd.start(blue);
        const dropIn = "/run/systemd/system/long@green.service.d";
        await systemd.write(`${dropIn}/skip.conf`, text);
        await systemd.systemctl("daemon-reload");
        expect(await roll("long").error()).toMatchObject({
          code: "ERR_ROLL_START",
          message: `${green} did not become ready; ${blue} keeps serving`,
        });
        expect(await both()).toEqual(["active", "inactive"]);
        await systemd.run(["rm", "-r", dropIn]);
        await systemd.systemctl("daemon-reload");
      });
    },
  );

  it.runIf(isLongRun)(
    `tells that both are up when it is aborted and systemctl stop hangs${LONG_ONLY}`,
    async () => {
      await ask();
      const standIn = await StandIn.running("systemctl", { "*' stop '*": "exec sleep 1000" });
      const child = roll("shop", standIn.env, { abortAt: "stopping" });
      expect(await child.error()).toMatchObject({ message: "enough" });
      expect(child.lines.at(-2)).toEqual({ type: "aborted", states: { blue: "active", green: "active" } });
    },
  );

  it("ends, and changes nothing more, when the process that holds its lock has ended", async () => {
    await ask();
    await release({ version: 70, silent: true });
    const standIn = await StandIn.known("cat", "*");
    const child = roll("shop", standIn.env);
    await systemd.waitForJournal("shop@green.service", /^version 70 says nothing$/);
    await systemd.mustRun(["kill", "-KILL", ...(await standIn.pids())]);
    expect(await child.error()).toMatchObject({
      code: "ERR_ROLL_LOCK",
      message:
        "the lock was lost: its process has ended. shop@blue.service is active, and shop@green.service is activating",
      hint: "call rollingRestart again; it repairs the state that this call has left",
    });
    expect(await states()).toEqual(["active", "activating"]);
    await release({ version: 3 });
    expect(await roll().result()).toEqual(turned("blue", "green"));
  });

  it("keeps its lock when each of its processes gets SIGTERM, until it has undone the start", async () => {
    await ask();
    await release({ version: 71, silent: true });
    const standIn = await StandIn.known("cat", "*");
    const child = roll("shop", standIn.env);
    await systemd.waitForJournal("shop@green.service", /^version 71 says nothing$/);
    await systemd.mustRun(["kill", "-TERM", ...(await standIn.pids())]);
    child.abort();
    expect(await child.error()).toMatchObject({ message: "enough" });
    expect(await states()).toEqual(["active", "inactive"]);
  });

  it.runIf(isLongRun)(`continues when journald hangs${LONG_ONLY}`, async () => {
    await ask();
    await release({ version: 2, crash: true });
    const standIn = await StandIn.hanging("journalctl", "*");
    expect(await roll("shop", standIn.env).error()).toMatchObject({ code: "ERR_ROLL_START", journal: [] });
    expect(await states()).toEqual(["active", "inactive"]);
  });

  describe("whose systemctl is killed", () => {
    it("while it starts the new instance undoes the start", async () => {
      await ask();
      await release({ version: 2, silent: true });
      const standIn = await StandIn.known("systemctl", "*' start '*");
      const child = roll("shop", standIn.env);
      await systemd.waitForUnit("shop@green.service", "ActiveState", "activating");
      await systemd.mustRun(["kill", "-KILL", ...(await standIn.pids())]);
      expect(await child.error()).toMatchObject({
        name: "RollingError",
        code: "ERR_ROLL_SYSTEMCTL",
        message: "systemctl start shop@green.service was killed by SIGKILL",
      });
      expect(await states()).toEqual(["active", "inactive"]);
      await release({ version: 3 });
      expect(await roll().result()).toEqual(turned("blue", "green"));
    });

    it("while the old instance drains reports both states", async () => {
      await ask();
      const answer = systemd.request({ url: "http://127.0.0.1/hold", timeout: 20_000 });
      await systemd.waitForJournal("shop@blue.service", /^holds /);
      await release({ version: 2 });
      const standIn = await StandIn.known("systemctl", "*' stop '*");
      const child = roll("shop", standIn.env);
      await systemd.waitForUnit("shop@blue.service", "ActiveState", "deactivating");
      await systemd.mustRun(["kill", "-KILL", ...(await standIn.pids())]);
      expect(await child.error()).toMatchObject({
        name: "RollingError",
        code: "ERR_ROLL_STOP",
        message:
          "shop@blue.service could not be stopped: systemctl stop shop@blue.service was killed by SIGKILL. shop@blue.service is deactivating, and shop@green.service is active",
      });
      await systemd.systemctl("kill", "--signal=USR1", "shop@blue.service");
      expect((await answer).body).toBe('{"version":1}');
      expect(await roll().result()).toEqual(turned("green", "blue"));
    });
  });

  it("is refused when flock is killed while it waits for another restart", async () => {
    await ask();
    await release({ version: 2, silent: true });
    const first = roll();
    await first.until("starting");
    const standIn = await StandIn.known("flock", "*--timeout*");
    const second = roll("shop", standIn.env);
    await second.until("waiting");
    // Each waits for a second, and then the next one does.
    const killNewest = async () => systemd.run(["kill", "-KILL", (await standIn.pids()).at(-1)!]);
    await systemd.waitUntil(async () => (await killNewest()).code === 0, "a flock was killed");
    expect(await second.error()).toMatchObject({
      code: "ERR_ROLL_LOCK",
      message: "/run/sockact-shop.lock cannot be locked: flock was killed by SIGKILL",
    });
    first.abort();
    await first.error();
  });

  describe.runIf(isLongRun)(`whose callback fails${LONG_ONLY}`, () => {
    it.each([
      ["starting", false],
      ["ready", false],
      ["stopped", false],
      ["starting", true],
      ["stopped", true],
    ] as const)(
      "at the event %s (by a promise: %s) goes on to its end, and then rejects with that error",
      async (failAt, byPromise) => {
        await ask();
        await release({ version: 2 });
        const child = roll("shop", [], { failAt, byPromise });
        expect(await child.error()).toMatchObject({
          name: "Error",
          message: `the callback failed at ${failAt}`,
        });
        expect(await states()).toEqual(["inactive", "active"]);
        expect(child.lines.at(-2)).toEqual({ type: "stopped", instance: "blue", drained: true });
      },
    );

    it("or never ends is not waited for", async () => {
      await ask();
      expect(await roll("shop", [], { pending: true }).result()).toEqual(turned("blue", "green"));
    });

    it("rejects with the error of the turn if that fails too", async () => {
      await ask();
      await release({ version: 2, crash: true });
      const child = roll("shop", [], { failAt: "starting" });
      expect(await child.error()).toMatchObject({ code: "ERR_ROLL_START" });
      expect(await states()).toEqual(["active", "inactive"]);
    });
  });

  describe("whose unit can't be loaded has a hint that helps:", () => {
    afterEach(async () => {
      await sh(
        `rm -f ${unitFolder}/shop@green.service ${unitFolder}/shop@.service ${unitFolder}/shop.socket /run/systemd/system/shop@green.service; systemctl daemon-reload; systemctl start shop.socket`,
      );
    });

    it.each([
      ["an instance", "systemctl mask shop@green.service", "systemctl unmask shop@green.service"],
      [
        "an instance until the next boot",
        "systemctl mask --runtime shop@green.service",
        "systemctl unmask --runtime shop@green.service",
      ],
      ["the template", "systemctl mask shop@.service", "systemctl unmask shop@.service"],
      [
        "the socket",
        "systemctl stop shop.socket && systemctl mask shop.socket",
        "systemctl unmask shop.socket",
      ],
    ])("a mask of %s", async (_, mask, unmask) => {
      await sh(`${mask} && systemctl daemon-reload`);
      const { code, message, hint } = await roll().error();
      expect({ code, hint }).toEqual({ code: "ERR_ROLL_UNITS", hint: unmask });
      expect(message).toMatch(/^shop.* is masked\.$/);
      await sh(hint);
      expect(await roll().result()).toMatchObject({ outcome: expect.stringMatching(/asleep|stopped/) });
    });

    it("a setting that systemd refuses", async () => {
      await systemd.write(`${unitFolder}/shop@green.service`, "[Service]\nType=notify\n");
      await systemd.systemctl("daemon-reload");
      const { code, hint } = await roll().error();
      expect(code).toBe("ERR_ROLL_UNITS");
      expect(hint).toBe(
        "systemd-analyze verify shop@green.service names the setting; correct it, then systemctl daemon-reload",
      );
      const { stderr } = await systemd.run(hint.split(" ").slice(0, 3));
      expect(stderr).toContain("Service has no ExecStart=");
    });

    it("a file that systemd can't read", async () => {
      await systemd.write(`${unitFolder}/shop@green.service`, `# ${"long".repeat(300_000)}`);
      await systemd.systemctl("daemon-reload");
      const { code, message, hint } = await roll().error();
      expect(code).toBe("ERR_ROLL_UNITS");
      expect(message).toMatch(/failed to load properly/);
      expect(hint).toBe(
        `systemctl status shop@green.service shows why; correct ${unitFolder}/shop@green.service, then systemctl daemon-reload`,
      );
    });
  });

  describe("by a user who is not root", () => {
    const user = ["setpriv", "--reuid=1234", "--regid=1234", "--clear-groups"];

    it("is refused with the line that lets the user lock, and then succeeds; root and the user take turns, and other users can't block them", async () => {
      // As polkit would allow it: a systemctl that asks systemd as root.
      await sh(
        "mkdir -p /run/stand-in && cp /usr/bin/systemctl /run/stand-in && chmod 4755 /run/stand-in/systemctl",
      );
      const asUser = ["PATH=/run/stand-in:/usr/bin:/bin", ...user];
      await ask();
      const { code, hint } = await roll("shop", asUser).error();
      expect(code).toBe("ERR_ROLL_LOCK");
      const [, line, file, command] = /add the line "(.*)" to (\S+) and run (.*)$/.exec(hint)!;
      await systemd.write(file!, `${line}\n`);
      await sh(command!);

      await release({ version: 2, silent: true });
      const first = roll("shop", asUser);
      await systemd.waitForUnit("shop@green.service", "ActiveState", "activating");
      const second = roll();
      await second.until("waiting");
      const others = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
      const { stderr } = await systemd.run([...others, "flock", "/run/sockact-shop.lock", "true"]);
      expect(stderr).toMatch(/Permission denied/);
      await systemd.waitForJournal("shop@green.service", /^version 2 says nothing$/);
      await release({ version: 3 });
      await systemd.systemctl("kill", "--signal=USR1", "shop@green.service");
      expect(await first.result()).toEqual(turned("blue", "green"));
      expect(await second.result()).toEqual(turned("green", "blue"));
      expect(await ask()).toBe(3);
      await sh(`rm ${file} /run/sockact-shop.lock`);
    });

    it("is refused by systemd if only the lock is allowed", async () => {
      await ask();
      await sh("touch /run/sockact-shop.lock && chown 1234 /run/sockact-shop.lock");
      const { name, code } = await roll("shop", user).error();
      expect({ name, code }).toEqual({ name: "RollingError", code: "ERR_ROLL_SYSTEMCTL" });
      expect(await states()).toEqual(["active", "inactive"]);
      await sh("rm /run/sockact-shop.lock");
    });

    it("gets a hint about XDG_RUNTIME_DIR if it is the folder of another user", async () => {
      await systemd.mustRun(["mkdir", "--parents", "--mode=700", "/run/user/0"]);
      const child = roll("shop", ["XDG_RUNTIME_DIR=/run/user/0", ...user], { user: true });
      expect(await child.error()).toMatchObject({
        code: "ERR_ROLL_LOCK",
        message: expect.stringContaining("/run/user/0/sockact-shop.lock cannot be locked"),
        hint: expect.stringContaining("XDG_RUNTIME_DIR must be your own runtime folder"),
      });
    });
  });

  it("succeeds although the old instance goes to sleep while the new one starts", async () => {
    await ask();
    await release({ version: 60, silent: true });
    const child = roll();
    await systemd.waitForJournal("shop@green.service", /^version 60 says nothing$/);
    // That ends it as its idle time would.
    await systemd.stop("shop@blue.service");
    await systemd.systemctl("kill", "--signal=USR1", "shop@green.service");
    expect(await child.result()).toEqual(turned("blue", "green"));
    expect(await states()).toEqual(["inactive", "active"]);
  });

  it.runIf(isLongRun)(
    `does not wait until a new instance that ignores SIGTERM has ended, once it is aborted${LONG_ONLY}`,
    async () => {
      await ask();
      const dropIn = "/run/systemd/system/shop@green.service.d";
      await systemd.write(`${dropIn}/deaf.conf`, "[Service]\nKillSignal=SIGCONT\nSendSIGHUP=no\n");
      await systemd.systemctl("daemon-reload");
      await release({ version: 61, silent: true });
      const child = roll();
      await systemd.waitForJournal("shop@green.service", /^version 61 says nothing$/);
      child.abort();
      expect(await child.error()).toMatchObject({ message: "enough" });
      expect(await states()).toEqual(["active", "deactivating"]);
      await systemd.run(["rm", "-r", dropIn]);
      await systemd.systemctl("daemon-reload");
    },
  );

  describe.runIf(isLongRun)(`continues while systemd re-executes itself${LONG_ONLY}`, () => {
    it("and the new instance starts", async () => {
      await ask();
      await release({ version: 40, silent: true });
      const child = roll();
      await systemd.waitForJournal("shop@green.service", /^version 40 says nothing$/);
      await systemd.systemctl("daemon-reexec");
      await systemd.systemctl("kill", "--signal=USR1", "shop@green.service");
      expect(await child.result()).toEqual(turned("blue", "green"));
    });

    it("and the old instance drains", async () => {
      await ask();
      const answer = systemd.request({ url: "http://127.0.0.1/hold/reexec", timeout: 20_000 });
      await systemd.waitForJournal("shop@blue.service", /^holds \/hold\/reexec$/);
      await release({ version: 2 });
      const child = roll();
      await systemd.waitForUnit("shop@blue.service", "ActiveState", "deactivating");
      await systemd.systemctl("daemon-reexec");
      await systemd.systemctl("kill", "--signal=USR1", "shop@blue.service");
      expect((await answer).body).toBe('{"version":1}');
      expect(await child.result()).toEqual(turned("blue", "green"));
    });
  });

  describe("that was killed itself is finished by the next one:", () => {
    it("at the event ready", async () => {
      await ask();
      await release({ version: 2 });
      // The stand-in keeps it from going on.
      const standIn = await StandIn.hanging("systemctl", "*' stop '*");
      const child = roll("shop", standIn.env);
      const pids = await standIn.pids();
      child.child.kill("SIGKILL");
      await systemd.mustRun(["kill", "-KILL", ...pids]);
      expect(await states()).toEqual(["active", "active"]);
      await release({ version: 3 });
      expect(await roll().result()).toEqual(turned("green", "blue"));
      expect(await ask()).toBe(3);
    });

    it("while the old instance drains", async () => {
      await ask();
      const answer = systemd.request({ url: "http://127.0.0.1/hold/killed", timeout: 20_000 });
      await systemd.waitForJournal("shop@blue.service", /^holds \/hold\/killed$/);
      await release({ version: 2 });
      const child = roll();
      await systemd.waitForUnit("shop@blue.service", "ActiveState", "deactivating");
      child.child.kill("SIGKILL");
      await release({ version: 3 });
      const next = roll();
      await next.until("starting");
      expect(await ask()).toBe(2);
      await systemd.systemctl("kill", "--signal=USR1", "shop@blue.service");
      expect((await answer).body).toBe('{"version":1}');
      expect(await next.result()).toEqual(turned("green", "blue"));
      expect(await ask()).toBe(3);
    });

    it("while it waits for another restart", async () => {
      await ask();
      await release({ version: 50, silent: true });
      const first = roll();
      await systemd.waitForJournal("shop@green.service", /^version 50 says nothing$/);
      const standIn = await StandIn.known("flock", "*sockact-shop.lock*");
      const waiting = roll("shop", standIn.env);
      await systemd.waitUntil(async () => (await standIn.pids()).length > 1, "it waits");
      waiting.child.kill("SIGKILL");
      await systemd.waitUntil(async () => (await standIn.left()).length === 0, "no flock waits");
      await systemd.systemctl("kill", "--signal=USR1", "shop@green.service");
      expect(await first.result()).toEqual(turned("blue", "green"));
      await release({ version: 3 });
      expect(await roll().result()).toEqual(turned("green", "blue"));
    });
  });
});
