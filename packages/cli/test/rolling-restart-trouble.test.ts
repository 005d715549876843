// Rolling restarts whose sockets, programs or locks fail, and which are aborted or killed.
import { describeWith } from "@sockact/testkit";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { turned } from "./roll.ts";
import { shopInTrouble } from "./trouble.ts";

const unitFolder = "/etc/systemd/system";

describeWith({ privateSystemd: true, systemd: 253 }, "a rolling restart in trouble", () => {
  const shop = shopInTrouble();
  const { install, release, ask, sh, state, states, roll, StandIn } = shop;

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
    beforeEach(() => shop.systemd.start("two-web.socket", "two-admin.socket"));
    afterEach(async () => {
      await shop.systemd.run(["rm", "-r", socket, dropIn]);
      await shop.systemd.systemctl("daemon-reload");
      await shop.systemd.stop("two-web.socket", "two-admin.socket", "two-more.socket").catch(() => {});
    });
    const socket = "/run/systemd/system/two-more.socket";
    const dropIn = "/run/systemd/system/two@.service.d";

    /** Adds a socket to the service while it runs. */
    async function addSocket(port: number): Promise<void> {
      await shop.systemd.write(socket, `[Socket]\nListenStream=${port}\nService=two@blue.service\n`);
      const more =
        "[Unit]\nRequires=two-more.socket\nAfter=two-more.socket\n[Service]\nSockets=two-more.socket\n";
      await shop.systemd.write(`${dropIn}/more.conf`, more);
      await shop.systemd.systemctl("daemon-reload");
    }

    it("is neither asleep nor stopped, and the hint starts the socket again", async () => {
      await release({ version: 2, crash: true });
      await expect(ask(85)).rejects.toThrow(/ECONNRE|hang up/);
      await shop.systemd.waitForUnit("two-web.socket", "ActiveState", "failed");
      // One socket listens, one has failed.
      const { code, message, hint } = await roll("two").error();
      expect({ code, message }).toEqual({
        code: "SOCKACT_ERR_ROLL_SOCKET",
        message: "two-web.socket is failed (trigger-limit-hit); its clients are refused",
      });
      await sh(hint.replace(/^.*Then: /s, ""));
      expect(await roll("two").result()).toEqual({ outcome: "asleep" });
      expect(await state("two-web.socket")).toBe("active");
    });

    it("leaves the instance that still serves, and the hint stops it first", async () => {
      await shop.systemd.start("two@green.service");
      // A port that green has already.
      await addSocket(85);
      await expect(shop.systemd.start("two-more.socket")).rejects.toThrow(/two-more\.socket/);
      const { code, message, hint } = await roll("two").error();
      expect({ code, message }).toEqual({
        code: "SOCKACT_ERR_ROLL_SOCKET",
        message: "two-more.socket is failed (resources); two@green.service cannot be replaced until then",
      });
      expect(hint).toContain(
        "systemctl stop two@green.service && systemctl reset-failed two-more.socket && systemctl start two-more.socket",
      );
      expect(await state("two@green.service")).toBe("active");
    });

    it("is reported if a new socket can't start while the service runs", async () => {
      await shop.systemd.start("two@blue.service");
      await addSocket(87);
      const { code, message, hint } = await roll("two").error();
      expect({ code, message }).toEqual({
        code: "SOCKACT_ERR_ROLL_SOCKET",
        message: "two-more.socket is inactive (success); two@blue.service cannot be replaced until then",
      });
      expect(await state("two@blue.service")).toBe("active");
      await sh(hint.replace(/^.*Then: /s, ""));
      expect(await roll("two").result()).toEqual({ outcome: "asleep" });
      expect(await state("two-more.socket")).toBe("active");
    });
  });

  describe("is ended by its signal, and leaves no process behind,", { tags: "campaign" }, () => {
    it("while systemctl hangs at the start: the new instance is stopped again", async () => {
      await ask();
      await release({ version: 2, silent: true });
      const standIn = await StandIn.hanging("systemctl", "*' start '*", '$real --no-block "$@"');
      const child = roll("shop", standIn.env);
      await shop.systemd.waitForUnit("shop@green.service", "ActiveState", "activating");
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
      await shop.systemd.waitForUnit("shop@green.service", "ActiveState", "inactive");
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
      await shop.systemd.waitForUnit("shop@blue.service", "ActiveState", "inactive");
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
        await shop.systemd.waitForUnit("shop@blue.service", "ActiveState", "inactive");
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

  it("tells that both are up when it is aborted and systemctl stop hangs", { tags: "campaign" }, async () => {
    await ask();
    const standIn = await StandIn.running("systemctl", { "*' stop '*": "exec sleep 1000" });
    const child = roll("shop", standIn.env, { abortAt: "stopping" });
    expect(await child.error()).toMatchObject({ message: "enough" });
    expect(child.lines.at(-2)).toEqual({ type: "aborted", states: { blue: "active", green: "active" } });
  });

  it(
    "ends, and changes nothing more, when the process that holds its lock has ended",
    { tags: "campaign" },
    async () => {
      await ask();
      await release({ version: 70, silent: true });
      const standIn = await StandIn.known("cat", "*");
      const child = roll("shop", standIn.env);
      await shop.systemd.waitForJournal("shop@green.service", /^version 70 says nothing$/);
      await shop.systemd.mustRun(["kill", "-KILL", ...(await standIn.pids())]);
      expect(await child.error()).toMatchObject({
        code: "SOCKACT_ERR_ROLL_LOCK",
        message:
          "the lock was lost: its process has ended. shop@blue.service is active, and shop@green.service is activating",
        hint: "Call rollingRestart again. It repairs the state that this call has left.",
      });
      expect(await states()).toEqual(["active", "activating"]);
      await release({ version: 3 });
      expect(await roll().result()).toEqual(turned("blue", "green"));
    },
  );

  it(
    "keeps its lock when each of its processes gets SIGTERM, until it has undone the start",
    { tags: "campaign" },
    async () => {
      await ask();
      await release({ version: 71, silent: true });
      const standIn = await StandIn.known("cat", "*");
      const child = roll("shop", standIn.env);
      await shop.systemd.waitForJournal("shop@green.service", /^version 71 says nothing$/);
      await shop.systemd.mustRun(["kill", "-TERM", ...(await standIn.pids())]);
      child.abort();
      expect(await child.error()).toMatchObject({ message: "enough" });
      expect(await states()).toEqual(["active", "inactive"]);
    },
  );

  it("continues when journald hangs", { tags: "campaign" }, async () => {
    await ask();
    await release({ version: 2, crash: true });
    const standIn = await StandIn.hanging("journalctl", "*");
    expect(await roll("shop", standIn.env).error()).toMatchObject({
      code: "SOCKACT_ERR_ROLL_START",
      journal: [],
    });
    expect(await states()).toEqual(["active", "inactive"]);
  });

  describe("whose systemctl is killed", { tags: "campaign" }, () => {
    it("while it starts the new instance undoes the start", async () => {
      await ask();
      await release({ version: 2, silent: true });
      const standIn = await StandIn.known("systemctl", "*' start '*");
      const child = roll("shop", standIn.env);
      await shop.systemd.waitForUnit("shop@green.service", "ActiveState", "activating");
      await shop.systemd.mustRun(["kill", "-KILL", ...(await standIn.pids())]);
      expect(await child.error()).toMatchObject({
        name: "RollingError",
        code: "SOCKACT_ERR_ROLL_SYSTEMCTL",
        message: "systemctl start shop@green.service was killed by SIGKILL",
      });
      expect(await states()).toEqual(["active", "inactive"]);
      await release({ version: 3 });
      expect(await roll().result()).toEqual(turned("blue", "green"));
    });

    it("while the old instance drains reports both states", async () => {
      await ask();
      const answer = shop.systemd.request({ url: "http://127.0.0.1/hold", timeout: 20_000 });
      await shop.systemd.waitForJournal("shop@blue.service", /^holds /);
      await release({ version: 2 });
      const standIn = await StandIn.known("systemctl", "*' stop '*");
      const child = roll("shop", standIn.env);
      await shop.systemd.waitForUnit("shop@blue.service", "ActiveState", "deactivating");
      await shop.systemd.mustRun(["kill", "-KILL", ...(await standIn.pids())]);
      expect(await child.error()).toMatchObject({
        name: "RollingError",
        code: "SOCKACT_ERR_ROLL_STOP",
        message:
          "shop@blue.service could not be stopped: systemctl stop shop@blue.service was killed by SIGKILL. shop@blue.service is deactivating, and shop@green.service is active",
      });
      await shop.systemd.systemctl("kill", "--signal=USR1", "shop@blue.service");
      expect((await answer).body).toBe('{"version":1}');
      expect(await roll().result()).toEqual(turned("green", "blue"));
    });
  });

  it("is refused when flock is killed while it waits for another restart", { tags: "campaign" }, async () => {
    await ask();
    await release({ version: 2, silent: true });
    const first = roll();
    await first.until("starting");
    const standIn = await StandIn.known("flock", "*--timeout*");
    const second = roll("shop", standIn.env);
    await second.until("waiting");
    // Each waits for a second, and then the next one does.
    const killNewest = async () => shop.systemd.run(["kill", "-KILL", (await standIn.pids()).at(-1)!]);
    await shop.systemd.waitUntil(async () => (await killNewest()).code === 0, "a flock was killed");
    expect(await second.error()).toMatchObject({
      code: "SOCKACT_ERR_ROLL_LOCK",
      message: "/run/sockact-shop.lock cannot be locked: flock was killed by SIGKILL",
    });
    first.abort();
    await first.error();
  });

  describe("whose callback fails", () => {
    it.each([
      ["starting", false],
      ["ready", true],
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
      expect(await child.error()).toMatchObject({ code: "SOCKACT_ERR_ROLL_START" });
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
      expect({ code, hint }).toEqual({ code: "SOCKACT_ERR_ROLL_UNITS", hint: `Remove the mask: ${unmask}` });
      expect(message).toMatch(/^shop.* is masked\.$/);
      await sh(unmask);
      expect(await roll().result()).toMatchObject({ outcome: expect.stringMatching(/asleep|stopped/) });
    });

    it("a setting that systemd refuses", async () => {
      await shop.systemd.write(`${unitFolder}/shop@green.service`, "[Service]\nType=notify\n");
      await shop.systemd.systemctl("daemon-reload");
      const { code, hint } = await roll().error();
      expect(code).toBe("SOCKACT_ERR_ROLL_UNITS");
      expect(hint).toBe(
        "Correct the setting that systemd-analyze verify shop@green.service names. Then: systemctl daemon-reload",
      );
      const { stderr } = await shop.systemd.run(["systemd-analyze", "verify", "shop@green.service"]);
      expect(stderr).toContain("Service has no ExecStart=");
    });

    it("a file that systemd can't read", async () => {
      await shop.systemd.write(`${unitFolder}/shop@green.service`, `# ${"long".repeat(300_000)}`);
      await shop.systemd.systemctl("daemon-reload");
      const { code, message, hint } = await roll().error();
      expect(code).toBe("SOCKACT_ERR_ROLL_UNITS");
      expect(message).toMatch(/failed to load properly/);
      expect(hint).toBe(
        `Correct ${unitFolder}/shop@green.service: systemctl status shop@green.service shows why. Then: systemctl daemon-reload`,
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
      expect(code).toBe("SOCKACT_ERR_ROLL_LOCK");
      const [, line, file, command] = /add the line "(.*)" to (\S+) and run (.*)$/.exec(hint)!;
      await shop.systemd.write(file!, `${line}\n`);
      await sh(command!);

      await release({ version: 72, silent: true });
      const first = roll("shop", asUser);
      await shop.systemd.waitForUnit("shop@green.service", "ActiveState", "activating");
      const second = roll();
      await second.until("waiting");
      const others = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
      const { stderr } = await shop.systemd.run([...others, "flock", "/run/sockact-shop.lock", "true"]);
      expect(stderr).toMatch(/Permission denied/);
      await shop.systemd.waitForJournal("shop@green.service", /^version 72 says nothing$/);
      await release({ version: 3 });
      await shop.systemd.systemctl("kill", "--signal=USR1", "shop@green.service");
      expect(await first.result()).toEqual(turned("blue", "green"));
      expect(await second.result()).toEqual(turned("green", "blue"));
      expect(await ask()).toBe(3);
      await sh(`rm ${file} /run/sockact-shop.lock`);
    });

    it("is refused by systemd if only the lock is allowed", async () => {
      await ask();
      await sh("touch /run/sockact-shop.lock && chown 1234 /run/sockact-shop.lock");
      const { name, code } = await roll("shop", user).error();
      expect({ name, code }).toEqual({ name: "RollingError", code: "SOCKACT_ERR_ROLL_SYSTEMCTL" });
      expect(await states()).toEqual(["active", "inactive"]);
      await sh("rm /run/sockact-shop.lock");
    });

    it("gets a hint about XDG_RUNTIME_DIR if it is the folder of another user", async () => {
      await shop.systemd.mustRun(["mkdir", "--parents", "--mode=700", "/run/user/0"]);
      const child = roll("shop", ["XDG_RUNTIME_DIR=/run/user/0", ...user], { user: true });
      expect(await child.error()).toMatchObject({
        code: "SOCKACT_ERR_ROLL_LOCK",
        message: expect.stringContaining("/run/user/0/sockact-shop.lock cannot be locked"),
        hint: expect.stringContaining("XDG_RUNTIME_DIR must be your own runtime folder"),
      });
    });
  });

  it("succeeds although the old instance goes to sleep while the new one starts", async () => {
    await ask();
    await release({ version: 60, silent: true });
    const child = roll();
    await shop.systemd.waitForJournal("shop@green.service", /^version 60 says nothing$/);
    // That ends it as its idle time would.
    await shop.systemd.stop("shop@blue.service");
    await shop.systemd.systemctl("kill", "--signal=USR1", "shop@green.service");
    expect(await child.result()).toEqual(turned("blue", "green"));
    expect(await states()).toEqual(["inactive", "active"]);
  });

  it(
    "does not wait until a new instance that ignores SIGTERM has ended, once it is aborted",
    { tags: "campaign" },
    async () => {
      await ask();
      const dropIn = "/run/systemd/system/shop@green.service.d";
      await shop.systemd.write(`${dropIn}/deaf.conf`, "[Service]\nKillSignal=SIGCONT\nSendSIGHUP=no\n");
      await shop.systemd.systemctl("daemon-reload");
      await release({ version: 61, silent: true });
      const child = roll();
      await shop.systemd.waitForJournal("shop@green.service", /^version 61 says nothing$/);
      child.abort();
      expect(await child.error()).toMatchObject({ message: "enough" });
      expect(await states()).toEqual(["active", "deactivating"]);
      await shop.systemd.run(["rm", "-r", dropIn]);
      await shop.systemd.systemctl("daemon-reload");
    },
  );

  describe("continues while systemd re-executes itself", { tags: "campaign" }, () => {
    it("and the new instance starts", async () => {
      await ask();
      await release({ version: 40, silent: true });
      const child = roll();
      await shop.systemd.waitForJournal("shop@green.service", /^version 40 says nothing$/);
      await shop.systemd.systemctl("daemon-reexec");
      await shop.systemd.systemctl("kill", "--signal=USR1", "shop@green.service");
      expect(await child.result()).toEqual(turned("blue", "green"));
    });

    it("and the old instance drains", async () => {
      await ask();
      const answer = shop.systemd.request({ url: "http://127.0.0.1/hold/reexec", timeout: 20_000 });
      await shop.systemd.waitForJournal("shop@blue.service", /^holds \/hold\/reexec$/);
      await release({ version: 2 });
      const child = roll();
      await shop.systemd.waitForUnit("shop@blue.service", "ActiveState", "deactivating");
      await shop.systemd.systemctl("daemon-reexec");
      await shop.systemd.systemctl("kill", "--signal=USR1", "shop@blue.service");
      expect((await answer).body).toBe('{"version":1}');
      expect(await child.result()).toEqual(turned("blue", "green"));
    });
  });

  describe("that was killed itself is finished by the next one:", { tags: "campaign" }, () => {
    it("at the event ready", async () => {
      await ask();
      await release({ version: 2 });
      // The stand-in keeps it from going on.
      const standIn = await StandIn.hanging("systemctl", "*' stop '*");
      const child = roll("shop", standIn.env);
      const pids = await standIn.pids();
      child.child.kill("SIGKILL");
      await shop.systemd.mustRun(["kill", "-KILL", ...pids]);
      expect(await states()).toEqual(["active", "active"]);
      await release({ version: 3 });
      expect(await roll().result()).toEqual(turned("green", "blue"));
      expect(await ask()).toBe(3);
    });

    it("while the old instance drains", async () => {
      await ask();
      const answer = shop.systemd.request({ url: "http://127.0.0.1/hold/killed", timeout: 20_000 });
      await shop.systemd.waitForJournal("shop@blue.service", /^holds \/hold\/killed$/);
      await release({ version: 2 });
      const child = roll();
      await shop.systemd.waitForUnit("shop@blue.service", "ActiveState", "deactivating");
      child.child.kill("SIGKILL");
      await release({ version: 3 });
      const next = roll();
      await next.until("starting");
      expect(await ask()).toBe(2);
      await shop.systemd.systemctl("kill", "--signal=USR1", "shop@blue.service");
      expect((await answer).body).toBe('{"version":1}');
      expect(await next.result()).toEqual(turned("green", "blue"));
      expect(await ask()).toBe(3);
    });

    it("while it waits for another restart", async () => {
      await ask();
      await release({ version: 50, silent: true });
      const first = roll();
      await shop.systemd.waitForJournal("shop@green.service", /^version 50 says nothing$/);
      const standIn = await StandIn.known("flock", "*sockact-shop.lock*");
      const waiting = roll("shop", standIn.env);
      await shop.systemd.waitUntil(async () => (await standIn.pids()).length > 1, "it waits");
      waiting.child.kill("SIGKILL");
      await shop.systemd.waitUntil(async () => (await standIn.left()).length === 0, "no flock waits");
      await shop.systemd.systemctl("kill", "--signal=USR1", "shop@green.service");
      expect(await first.result()).toEqual(turned("blue", "green"));
      await release({ version: 3 });
      expect(await roll().result()).toEqual(turned("green", "blue"));
    });
  });
});
