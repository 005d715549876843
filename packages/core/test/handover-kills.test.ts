import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { setTimeout as delay } from "node:timers/promises";
import { describeWith, isLongRun, LONG_ONLY } from "@sockact/testkit";
import { randomFrom } from "../../testkit/src/load/random.mjs";
import { type Clients, good, VersionedService } from "./versioned-service.ts";

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
    good("2", `ready: () => { if (${IS_SUCCESSOR}) { ${KILL_OLD} } }`),
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
    good("2", `ready: () => { if (${IS_SUCCESSOR}) ${KILL_SELF}; }`),
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

describeWith({ privateSystemd: true, systemd: 253 }, "SIGKILL during a handover", () => {
  let service: VersionedService;
  beforeAll(async () => {
    service = await VersionedService.boot();
  });
  afterAll(() => service?.systemd.close());
  beforeEach(async () => {
    await service.install("Environment=SOCKACT_HANDOVER_TIMEOUT=10s");
  });

  /** Waits until the service has one process. Fulfils with what must not have happened, and with the versions that answer at both sockets. */
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

  // A usual run has each second one.
  const killsOfRun = isLongRun ? kills : kills.filter((_, index) => index % 2 === 0);
  test.each(killsOfRun)("of %s: the service goes on", async (_, old, next) => {
    await service.deploy(old);
    await service.start();
    await using clients = await service.clients();
    await service.deploy(next.replaceAll("OLD", String(await service.pid())));
    // The limit of `handoverTimeout` and `drainTimeout` has no part in it.
    await service.reload(9000);
    expect(await outcome(clients)).toEqual(fine);
    // The next reload works as usual.
    await service.deploy(good("3"));
    expect(await service.reload()).toMatchObject({ code: 0 });
    await service.untilOneProcess();
    expect(await service.version()).toBe("3");
  });

  test.runIf(isLongRun)(
    `at 50 random moments: the service goes on${LONG_ONLY}`,
    { timeout: 300_000 },
    async () => {
      const random = randomFrom(17);
      await service.deploy(good("1"));
      await service.start();
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
