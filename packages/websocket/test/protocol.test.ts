import { afterAll, beforeAll, expect, test } from "vitest";
import { bootPrivateSystemd, connectInside, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { startService } from "./moving.ts";
import { cases } from "./protocol-cases.ts";
import { frame, RawWebSocket } from "./raw-web-socket.ts";

describeWith({ privateSystemd: true, systemd: 253, tags: "campaign" }, "a WebSocket that has moved", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(async () => systemd?.close());

  test.each([
    ["ws", "ws"],
    ["ws 8.0.0", "ws-oldest"],
  ])(
    `answers as RFC 6455 and RFC 7692 say, and as one that has not moved, with %s: ${cases.length} cases`,
    async (_, ws) => {
      await using service = await startService(systemd, "echo-app.mjs", { env: { WS: ws } });
      const connectAll = (): Promise<RawWebSocket[]> =>
        Promise.all(
          cases.map(async ({ deflate = false }) => {
            const client = new RawWebSocket(connectInside(systemd, "127.0.0.1:80"));
            await client.open(deflate);
            const first = deflate
              ? frame(0xc1, await client.compress("the message before the move"))
              : frame(0x81, "first");
            expect(await client.exchange([first])).toHaveLength(1);
            return client;
          }),
        );
      const moved = await connectAll();
      const before = await service.pid();
      const after = await service.reload();
      await service.untilGone(before);
      const fresh = await connectAll();
      for (const [index, { name, send, expected }] of cases.entries()) {
        const [one, other] = [moved[index]!, fresh[index]!];
        expect([name, await other.exchange(await send(other))]).toEqual([name, expected]);
        expect([name, await one.exchange(await send(one))]).toEqual([name, expected]);
        const last = expected.includes("end") ? after : await one.exchange([frame(0x81, "pid")]);
        expect(String(last)).toContain(String(after));
        one.destroy();
        other.destroy();
      }
    },
  );
});
