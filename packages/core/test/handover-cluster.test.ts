import { existsSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { answerOf, ask, HandoverService } from "./reloaded-service.ts";

const RELOADS = 2;
const CLIENTS = 16;
const CRASH = "/run/crash";

describeWith({ privateSystemd: true, systemd: 253 }, "when a cluster is reloaded", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(async () => systemd?.close());
  beforeEach(() => systemd.mustRun(["rm", "-f", CRASH]));

  function start(env: Record<string, string> = {}, lines = ""): Promise<HandoverService> {
    return HandoverService.start(systemd, { program: "handover-cluster.mjs", env: { CRASH, ...env }, lines });
  }

  /**
   * Asks over new connections, and over connections that each client keeps until the server closes them,
   * until `action` is done.
   */
  async function underLoad(service: HandoverService, action: () => Promise<void>): Promise<Set<number>> {
    let isOver = false;
    const pids = new Set<number>();
    const keepAlive = async (): Promise<void> => {
      while (!isOver) {
        await using client = await service.connect();
        let text: string;
        do {
          text = await client.get("/").receives(/\}$/);
          pids.add(answerOf(text).pid);
        } while (!isOver && !/^Connection: close\r$/im.test(text));
      }
    };
    const once = async (): Promise<void> => {
      while (!isOver) {
        await using client = await service.connect();
        pids.add((await ask(client, "/", ["Connection: close"])).pid);
        expect(await client.closed).toBe("end");
      }
    };
    const clients = Promise.all(
      Array.from({ length: CLIENTS }, (_, index) => (index % 2 ? keepAlive() : once())),
    );
    await Promise.race([action(), clients]);
    isOver = true;
    await clients;
    return pids;
  }

  test(`${RELOADS} times, no request fails, and each new primary serves by its own workers`, async () => {
    await using service = await start();
    const pids = await underLoad(service, async () => {
      for (let count = 0; count < RELOADS; count++) {
        const before = await service.pid();
        await service.reload();
        await service.untilGone(before);
      }
    });
    expect(pids.size).toBeGreaterThanOrEqual(RELOADS);
    expect((await service.printed("stopped")).length).toBe(2 * RELOADS);
  });

  test("the new workers are up before an old one stops, and an old one answers what is under way", async () => {
    await using service = await start();
    await using busy = await service.connect();
    busy.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n12");
    await using idle = await service.idle();
    const before = await service.pid();
    const after = await service.reload();
    expect(await idle.closed).toBe("end");
    const response = await busy.send("345").receives(/\}$/);
    expect(answerOf(response)).toMatchObject({ pid: before });
    expect(await busy.closed).toBe("end");
    await service.untilGone(before);
    const lines = (await systemd.journal("app.service", "service")).join("\n");
    const up = lines.search(new RegExp(`"event":"up",.*"primary":${after}`));
    expect(up).toBeGreaterThan(0);
    expect(lines.indexOf(`"event":"stopped"`)).toBeGreaterThan(up);
    expect((await service.printed("stopped")).map(({ primary }) => primary)).toEqual([before, before]);
  });

  test("it hands over also if the workers alone ask for that, and SIGHUP ends the primary otherwise", async () => {
    await using service = await start({ WORKERS_ASK: "yes" }, "UnsetEnvironment=SOCKACT_HANDOVER");
    await underLoad(service, async () => {
      for (let count = 0; count < 2; count++) {
        const before = await service.pid();
        expect(await service.reload()).not.toBe(before);
        await service.untilGone(before);
      }
    });
    expect((await service.printed("stopped")).length).toBe(4);
    expect(await systemd.show("app.service", "NRestarts")).toBe("0");
  });

  test("the handover fails when its time is over, if the new workers crash before they are ready", async () => {
    await using service = await start({ SOCKACT_HANDOVER_TIMEOUT: "2s" });
    const before = await service.pid();
    await systemd.write(CRASH, "");
    await underLoad(service, async () => {
      expect(await service.tryReload()).toMatchObject({ code: 1 });
    });
    expect(await service.pid()).toBe(before);
    expect((await systemd.journal("app.service")).join("\n")).toContain("SOCKACT_ERR_HANDOVER_TIMEOUT");
    await systemd.mustRun(["rm", CRASH]);
    expect(await service.reload()).not.toBe(before);
  });

  test("the handover fails when the new primary ends", async () => {
    await using service = await start({ END_WITH_WORKER: "yes" });
    const areUp = async (): Promise<boolean> => (await service.printed("up")).length === 2;
    await systemd.waitUntil(areUp, "both workers of the first primary are up");
    const before = await service.pid();
    await systemd.write(CRASH, "");
    expect(await service.tryReload()).toMatchObject({ code: 1 });
    expect(await service.pid()).toBe(before);
    expect((await systemd.journal("app.service")).join("\n")).toMatch(
      /SOCKACT_ERR_HANDOVER_EXITED: .* exit status 4/,
    );
    await using client = await service.connect();
    expect(await ask(client)).toMatchObject({ pid: before });
  });

  test("a stop in the meantime ends both primaries and all workers", async () => {
    await using service = await start();
    await systemd.write(CRASH, "");
    const reloaded = service.tryReload();
    const result = systemd.hostPath("/run/app-reload/result");
    await systemd.waitUntil(async () => existsSync(result), "systemctl waits for the result");
    await systemd.stop("app.service");
    await reloaded;
    expect(await systemd.show("app.service", "Result")).toBe("success");
    await using client = await service.connect();
    await systemd.mustRun(["rm", CRASH]);
    await ask(client);
  });
});
