import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  bootPrivateSystemd,
  describeWith,
  type PrivateSystemd,
  randomFrom,
  watchProcess,
} from "@sockact/testkit";
// By its path: it is only for tests of this repository.
import type { HandoverService } from "../../core/test/reloaded-service.ts";
import { CountingClients, programInside, startService } from "./moving.ts";

/** On a slow machine, all of them need more than the default time, and moments without a message. */
const DRAIN_SECONDS = 300;
const patient = (slowly: number) => ({ SLOWLY: String(slowly), SOCKACT_DRAIN_TIMEOUT: `${DRAIN_SECONDS}s` });

describeWith({ privateSystemd: true, systemd: 253 }, "WebSockets with messages at random moments", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(async () => systemd?.close());

  test("stay open over five handovers, and no message is lost, repeated or out of order", async () => {
    await using service = await startService(systemd, "counting-app.mjs", { env: patient(4) });
    await using clients = await CountingClients.start(systemd, 100, 4);
    expect(new Set(await handOver(service, 5)).size).toBe(6);
    const seen = await clients.end();
    expect(await service.printed("wrong")).toEqual([]);
    expect(seen.closed).toEqual({});
    expect(seen).toMatchObject({ opened: 100, wrong: [], errors: [] });
  }, 300_000);

  test.each(["ws", "ws-oldest"])(
    "stay open although each one always has messages: %s",
    async (ws) => {
      await using service = await startService(systemd, "echo-app.mjs", { env: { WS: ws } });
      const program = programInside(systemd, "flooding-clients.mjs");
      await using clients = watchProcess(systemd.spawn([systemd.node, program, "80", "20", "2000"]));
      await clients.event("running");
      await handOver(service, 2);
      clients.write("end");
      const { opened, closed, wrong, messages } = await clients.event<Flood>("result");
      expect({ opened, closed, wrong }).toEqual({ opened: 20, closed: {}, wrong: [] });
      expect(messages).toBeGreaterThan(40_000);
    },
    300_000,
  );
});

describeWith(
  { privateSystemd: true, systemd: 253, tags: "campaign" },
  "WebSockets with messages at random moments, many times",
  () => {
    let systemd: PrivateSystemd;
    beforeAll(async () => {
      systemd = await bootPrivateSystemd();
    });
    afterAll(async () => systemd?.close());

    test("1,000 stay open over 20 handovers, and no message is lost, repeated or out of order", async () => {
      await using service = await startService(systemd, "counting-app.mjs", { env: patient(40) });
      await using clients = await CountingClients.start(systemd, 1000, 40);
      await handOver(service, 20);
      const seen = await clients.end();
      expect(await service.printed("wrong")).toEqual([]);
      expect(seen.closed).toEqual({});
      expect(seen).toMatchObject({ opened: 1000, wrong: [], errors: [] });
    }, 1_200_000);

    test("stay open beside those that do not read, and those that have ended their half", async () => {
      await using service = await startService(systemd, "counting-app.mjs", { env: patient(4) });
      await using clients = await CountingClients.start(systemd, 200, 4, true);
      await handOver(service, 3);
      const { opened, closed, wrong, errors } = await clients.end();
      expect(await service.printed("wrong")).toEqual([]);
      expect({ opened, wrong, errors }).toEqual({ opened: 200, wrong: [], errors: [] });
      // Five have ended their half. The kernel keeps what five others do not read.
      expect(closed).toEqual({ "1006": 5 });
    }, 200_000);

    test("after kills at 30 random moments, each one is open and complete, or has closed with 1001 or 1006", async () => {
      const random = randomFrom(39);
      for (let turn = 0; turn < 30; turn += 1) {
        await using service = await startService(systemd, "counting-app.mjs", { lines: "Restart=always" });
        await using clients = await CountingClients.start(systemd, 50, 1, true);
        const before = await service.pid();
        const reloaded = service.tryReload();
        await delay(random() * 500);
        const processes = await processesOf(service);
        const victim = processes[Math.floor(random() * processes.length)] ?? before;
        await systemd.run(["kill", "-KILL", String(victim)]);
        await reloaded;
        const { closed, wrong } = await clients.end();
        expect(wrong).toEqual([]);
        expect(await service.printed("wrong")).toEqual([]);
        expect(Object.keys(closed).filter((code) => !["1001", "1006"].includes(code))).toEqual([]);
      }
    }, 400_000);
  },
);

/** What flooding-clients.mjs has seen. */
interface Flood extends Record<string, unknown> {
  opened: number;
  closed: Record<string, number>;
  wrong: string[];
  messages: number;
}

/** Hands over several times. Resolves with the process IDs, the first one included. */
async function handOver(service: HandoverService, times: number): Promise<number[]> {
  const pids = [await service.pid()];
  for (let count = 0; count < times; count += 1) {
    pids.push(await service.reload());
    await service.untilGone(pids[count]!, DRAIN_SECONDS * 1000 + 20_000);
  }
  return pids;
}

async function processesOf({ systemd, unit }: HandoverService): Promise<string[]> {
  const { stdout } = await systemd.run(["cat", `/sys/fs/cgroup/system.slice/${unit}/cgroup.procs`]);
  return stdout.split("\n").filter(Boolean);
}
