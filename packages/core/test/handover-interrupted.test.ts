import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CommandResult, describeWith, randomFrom } from "@sockact/testkit";
import { type Clients, good, VersionedService } from "./versioned-service.ts";

/** A version that another process starts, and that is not ready before /run/hold is gone. */
const HELD = `import { untilGone } from "/run/sockact/project/packages/testing/programs/until-gone.mjs";
${good("2", `onListen: async () => { if (process.connected) { console.log("held"); await untilGone("/run/hold"); } }`)}`;

/** A process that was started by the one before it, and not by systemd, has a channel to it. */
const IS_SUCCESSOR = "process.connected";
const KILL_SELF = `process.kill(process.pid, "SIGKILL")`;
/** Kills the old process, whose ID the test writes into the file. It may have ended already. */
const KILL_OLD = `try { process.kill(OLD, "SIGKILL"); } catch {}`;

/** Runs code when the third connection has moved. */
const whileMoving = (code: string): string =>
  `let connections = 0;\n${good("2", `onConnection: () => { if (${IS_SUCCESSOR} && ++connections === 3) { ${code} } }`)}`;

/** Which process is killed when, and the sources of the old and the new version. */
const kills: [what: string, old: string, next: string][] = [
  [
    "the old process before the new one is ready",
    good("1"),
    good("2", `onListen: () => { if (${IS_SUCCESSOR}) { ${KILL_OLD} } }`),
  ],
  [
    "the old process right after it has handed over",
    good("1", `onEvent: ({ type }) => { if (type === "handover") ${KILL_SELF}; }`),
    good("2"),
  ],
  ["the old process while connections move", good("1"), whileMoving(KILL_OLD)],
  [
    "the new process before it is ready",
    good("1"),
    good("2", `onListen: () => { if (${IS_SUCCESSOR}) ${KILL_SELF}; }`),
  ],
  [
    "the new process right after it became the main process",
    good("1", `onEvent: ({ type, pid }) => { if (type === "handover") process.kill(pid, "SIGKILL"); }`),
    good("2"),
  ],
  [
    "the new process when it serves",
    good("1"),
    good("2", `onEvent: ({ type, predecessor }) => { if (type === "ready" && predecessor) ${KILL_SELF}; }`),
  ],
  ["the new process while connections move", good("1"), whileMoving(KILL_SELF)],
];

describeWith({ privateSystemd: true, systemd: 253 }, "during a handover", () => {
  let service: VersionedService;
  beforeAll(async () => {
    service = await VersionedService.boot();
  });
  afterAll(() => service?.systemd.close());
  const install = async (version = good("1"), more = ""): Promise<void> => {
    await service.install(more);
    await service.deploy(version);
    await service.start();
    await service.newLines();
  };
  const release = async (): Promise<void> => void (await service.systemd.mustRun(["rm", "/run/hold"]));
  /** Starts a reload. Resolves when the new process waits before it is ready. */
  const reloadHeld = async (): Promise<{ reloaded: Promise<CommandResult> }> => {
    await service.systemd.write("/run/hold", "");
    await service.deploy(HELD);
    const reloaded = service.reload();
    await service.systemd.waitUntil(async () => (await service.newLines()).includes("held"), "it waits");
    return { reloaded };
  };
  /** How many processes have handed over since the last call. */
  const handovers = async (): Promise<number> =>
    (await service.newLines()).filter((line) => line.startsWith("sockact: handed over")).length;
  const systemctl = (...args: string[]): Promise<CommandResult> =>
    service.systemd.run(["systemctl", ...args]);

  test("a second systemctl reload succeeds too, and no request fails", async () => {
    await install();
    await using clients = await service.clients();
    await service.deploy(good("2"));
    expect(await Promise.all([service.reload(), service.reload()])).toMatchObject([{ code: 0 }, { code: 0 }]);
    await service.untilOneProcess();
    await clients.round();
    expect(await clients.failures()).toEqual({ failed: {}, connections: 8 });
    expect(await service.version()).toBe("2");
  });

  test("more SIGHUPs change nothing", async () => {
    await install();
    const pid = String(await service.pid());
    const { reloaded } = await reloadHeld();
    for (let count = 0; count < 5; count++) await service.systemd.mustRun(["kill", "-HUP", pid]);
    await release();
    expect(await reloaded).toMatchObject({ code: 0 });
    await service.untilOneProcess();
    expect(await handovers()).toBe(1);
  });

  test("a SIGHUP that the new process gets before it knows that it serves is not lost", async () => {
    await install();
    await service.deploy(`import { existsSync, writeFileSync } from "node:fs";
const flag = \`\${process.env.RUNTIME_DIRECTORY}/signalled\`;
const signal = () => {
  if (!process.connected || existsSync(flag)) return;
  writeFileSync(flag, "");
  setTimeout(() => process.kill(process.pid, "SIGHUP"));
};
${good("2", "onListen: signal")}`);
    expect(await service.reload()).toMatchObject({ code: 0 });
    let count = 0;
    await service.systemd.waitUntil(async () => (count += await handovers()) === 2, "it hands over twice");
    await service.untilOneProcess();
  });

  test.each(["stop", "restart"])(
    "before the new process is ready, systemctl %s loses no request",
    async (command) => {
      await install();
      await using clients = await service.clients();
      const { reloaded } = await reloadHeld();
      expect(await systemctl(command, "app.service")).toMatchObject({ code: 0 });
      await reloaded;
      // The socket starts the service again.
      await clients.round();
      await service.untilOneProcess();
      expect((await clients.result()).failed).toEqual({});
      expect(await service.version()).toBe("2");
      expect(await service.systemd.show("app.service", "NRestarts")).toBe("0");
    },
  );

  test("before the new process is ready, SIGTERM to the old one restarts the service, and loses no request", async () => {
    await install();
    await using clients = await service.clients();
    const { reloaded } = await reloadHeld();
    await service.systemd.mustRun(["kill", "-TERM", String(await service.pid())]);
    await reloaded;
    await service.untilOneProcess();
    await clients.round();
    expect((await clients.result()).failed).toEqual({});
    expect(await service.version()).toBe("2");
  });

  test.each([
    ["the new process", () => "process.pid"],
    ["the old process", async () => String(await service.pid())],
  ])("while connections move, SIGTERM to %s loses no request", async (_, idOf) => {
    await install();
    const pid = await idOf();
    await using clients = await service.clients(48);
    await service.deploy(`let connections = 0;
${good("2", `onConnection: () => { if (process.connected && ++connections === 3) process.kill(${pid}, "SIGTERM"); }`)}`);
    await service.reload();
    await service.untilOneProcess();
    await clients.round();
    expect((await clients.result()).failed).toEqual({});
    expect(await service.version()).toBe("2");
    expect(await service.servedTwice()).toEqual([]);
  });

  test.each(["control-group", "mixed"])(
    "KillMode=%s: systemctl stop cuts no response of the old process, and loses no request after it",
    async (mode) => {
      await install(good("1"), `KillMode=${mode}`);
      await service.systemd.write("/run/hold", "");
      await using clients = service.startClients(16, "/held");
      const old = await service.pid();
      let count = 0;
      await service.systemd.waitUntil(
        async () => (count += (await service.newLines()).filter((line) => line === "/held").length) === 16,
        "the requests have arrived",
      );
      await service.deploy(good("2"));
      expect(await service.reload()).toMatchObject({ code: 0 });
      const next = await service.pid();
      const stopped = systemctl("stop", "app.service");
      await service.systemd.waitUntil(
        async () => (await service.newLines()).some((line) => line.includes("SIGTERM: draining")),
        "it drains",
      );
      expect(await service.processes()).toEqual([old, next]);
      await release();
      expect(await stopped).toMatchObject({ code: 0 });
      await clients.untilAnswered();
      // The socket has started the service again.
      await clients.round();
      expect((await clients.result()).failed).toEqual({});
      expect(await service.servedTwice()).toEqual([]);
      expect(await service.processes()).not.toContain(next);
    },
  );

  test.each(["daemon-reload", "daemon-reexec"])(
    "after systemctl %s the new process takes over",
    async (command) => {
      await install();
      await using clients = await service.clients();
      const { reloaded } = await reloadHeld();
      expect(await systemctl(command)).toMatchObject({ code: 0 });
      await release();
      await reloaded;
      await service.systemd.waitForUnit("app.service", "SubState", "running");
      const pid = await service.untilOneProcess();
      expect(await service.status()).toMatch(/^Serving .*; took over from process \d+/);
      await service.deploy(good("3"));
      expect(await service.reload()).toMatchObject({ code: 0 });
      expect(await service.untilOneProcess()).not.toBe(pid);
      await clients.round();
      expect(await clients.failures()).toEqual({ failed: {}, connections: 8 });
      expect(await service.version()).toBe("3");
    },
  );

  /**
   * Waits until the service has one process. Resolves with what must not have happened, and with the versions
   * that answer at both sockets.
   */
  const outcome = async (clients: Clients): Promise<Record<string, unknown>> => {
    await service.untilOneProcess();
    const versions = [await service.version(), await service.version(81)];
    await clients.round();
    const { failed } = await clients.result();
    return {
      versions,
      // A killed process resets its connections.
      failed: Object.keys(failed).filter((code) => !["ECONNRESET", "EPIPE"].includes(code)),
      servedTwice: await service.servedTwice(),
    };
  };
  const version = expect.stringMatching(/^[12]$/);
  const fine = { versions: [version, version], failed: [], servedTwice: [] };

  async function isSurvived(_what: string, old: string, next: string): Promise<void> {
    await install(old);
    await using clients = await service.clients();
    await service.deploy(next.replaceAll("OLD", String(await service.pid())));
    await service.reload();
    expect(await outcome(clients)).toEqual(fine);
    // The next reload works as usual.
    await service.deploy(good("3"));
    expect(await service.reload()).toMatchObject({ code: 0 });
    await service.untilOneProcess();
    expect(await service.version()).toBe("3");
  }

  test.each(kills.slice(0, 2))("SIGKILL of %s: the service goes on", isSurvived);
  test.each(kills.slice(2))("SIGKILL of %s: the service goes on", { tags: "campaign" }, isSurvived);

  test(
    "SIGKILL at 50 random moments: the service goes on",
    { tags: "campaign", timeout: 300_000 },
    async () => {
      const random = randomFrom(17);
      await install();
      for (let turn = 0; turn < 50; turn++) {
        await using clients = await service.clients();
        const reloaded = service.reload();
        await delay(random() * 400);
        const processes = await service.processes();
        const victim = processes[Math.floor(random() * processes.length)];
        await service.systemd.run(["kill", "-KILL", String(victim)]);
        await reloaded;
        expect(await outcome(clients)).toEqual(fine);
      }
    },
  );
});
