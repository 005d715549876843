import { once } from "node:events";
import { expect, test } from "vitest";
import { bootPrivateSystemd, connectInside, describeWith } from "@sockact/testkit";
import { WebSocket } from "ws";
import { startService } from "./moving.ts";

describeWith({ privateSystemd: true, systemd: 253 }, "a WebSocket of @fastify/websocket", () => {
  test("stays open over two handovers, and restore knows what the route has found", async () => {
    await using systemd = await bootPrivateSystemd();
    await using service = await startService(systemd, "fastify-app.mjs");
    const ws = new WebSocket("ws://127.0.0.1:80/chat/ada", {
      createConnection: () => connectInside(systemd, "127.0.0.1:80"),
    });
    await once(ws, "open");
    const ask = async (text: string): Promise<string> => {
      const answer = once(ws, "message");
      ws.send(text);
      return String((await answer)[0]);
    };
    let pid = await service.pid();
    expect(await ask("one")).toBe(`one ${pid} ada`);
    for (const text of ["two", "three"]) {
      const after = await service.reload();
      await service.untilGone(pid);
      expect(await ask(text)).toBe(`${text} ${after} ada`);
      pid = after;
    }
    ws.close();
    expect((await once(ws, "close"))[0]).toBe(1005);
  });
});
