import { afterAll, beforeAll, expect, test } from "vitest";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { CountingClients, startService } from "./moving.ts";

describeWith({ privateSystemd: true, systemd: 253 }, "WebSockets with messages at random moments", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(async () => systemd?.close());

  test("stay open over five handovers, and no message is lost, repeated or out of order", async () => {
    await using service = await startService(systemd, "counting-app.mjs");
    await using clients = await CountingClients.start(systemd, 100);
    const pids = [await service.pid()];
    for (let count = 0; count < 5; count += 1) {
      pids.push(await service.reload());
      await service.untilGone(pids[count]!);
    }
    const seen = await clients.end();
    expect(new Set(pids).size).toBe(6);
    expect(await service.printed("wrong")).toEqual([]);
    expect(seen).toMatchObject({ opened: 100, closed: {}, wrong: [], errors: [] });
    for (const event of await service.printed("sockact")) if (event["type"] === "drained") console.log(event);
    console.log(seen);
  }, 120_000);
});
