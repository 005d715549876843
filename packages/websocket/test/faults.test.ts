import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bootPrivateSystemd, connectInside, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { WebSocket } from "ws";
// By its path: it is only for tests of this repository.
import type { HandoverService } from "../../core/test/reloaded-service.ts";
import { startService } from "./moving.ts";

interface Client {
  ws: WebSocket;
  /** The code with which the WebSocket has closed. */
  closed: Promise<number>;
  /** Sends a string. Resolves with the process that answers, and the number of its answer. */
  ask(text?: string): Promise<{ pid: number; count: number }>;
}

/** The rest of a request that has begun with `GET /`, and keeps the old process alive. Then it acts. */
const GO = "go HTTP/1.1\r\nHost: app\r\n\r\n";

const untilRestored = (service: HandoverService) =>
  expect.poll(() => service.printed("restored")).toHaveLength(1);

describeWith({ privateSystemd: true, systemd: 253 }, "at a handover, a WebSocket", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(async () => systemd?.close());

  const start = (fault: string, drainTimeout = "4s"): Promise<HandoverService> =>
    startService(systemd, "faulty-app.mjs", { env: { FAULT: fault, SOCKACT_DRAIN_TIMEOUT: drainTimeout } });

  async function connect(): Promise<Client> {
    const ws = new WebSocket("ws://127.0.0.1:80/chat", {
      createConnection: () => connectInside(systemd, "127.0.0.1:80"),
    });
    ws.on("error", () => {});
    const closed = new Promise<number>((resolve) => ws.once("close", resolve));
    await once(ws, "open");
    return {
      ws,
      closed,
      async ask(text = "hello") {
        const answer = once(ws, "message");
        ws.send(text);
        const [said, pid, count] = String((await answer)[0]).split(" ");
        expect(said).toBe(text);
        return { pid: Number(pid), count: Number(count) };
      },
    };
  }

  test("stays open, with its state", async () => {
    await using service = await start("");
    const client = await connect();
    const before = await service.pid();
    expect(await client.ask()).toEqual({ pid: before, count: 1 });
    const after = await service.reload();
    await service.untilGone(before);
    expect(await client.ask()).toEqual({ pid: after, count: 2 });
    // It moves again, and closes as usual.
    const last = await service.reload();
    await service.untilGone(after);
    expect(await client.ask()).toEqual({ pid: last, count: 3 });
    client.ws.close();
    expect(await client.closed).toBe(1005);
    expect(await service.printed("warning")).toEqual([]);
    for (const { url } of await service.printed("restored")) expect(url).toBe("/chat");
    // It has not closed in the processes that it has left.
    await expect.poll(() => service.printed("close")).toMatchObject([{ pid: last }]);
  });

  test("gets the answer of a handler that still runs in the old process", async () => {
    await using service = await start("");
    const client = await connect();
    // Keeps the old process alive.
    await using slow = await service.connect();
    slow.send("GET /");
    const before = await service.pid();
    const answer = once(client.ws, "message");
    client.ws.send("late");
    await service.reload();
    await untilRestored(service);
    slow.send(GO);
    expect(String((await answer)[0])).toBe(`late ${before} 1`);
    expect(client.ws.readyState).toBe(WebSocket.OPEN);
    expect(await service.printed("not sent")).toEqual([]);
  });

  test("gets what was sent during its move, although the new process is busy when the old one ends", async () => {
    await using service = await start("blocked");
    const client = await connect();
    const before = await service.pid();
    const message = once(client.ws, "message");
    await service.reload();
    await service.untilGone(before);
    expect(String((await message)[0])).toHaveLength(900_000);
  });

  test("gets the pong of a handler that still runs in the old process", async () => {
    await using service = await start("pong is late");
    const client = await connect();
    // Keeps the old process alive.
    await using slow = await service.connect();
    slow.send("GET /");
    const pong = once(client.ws, "pong");
    client.ws.ping("how are you");
    // Answered after the ping was read.
    await client.ask();
    await service.reload();
    await untilRestored(service);
    slow.send(GO);
    expect(String((await pong)[0])).toBe("how are you");
  });

  test("closes with the code of a handler that still runs in the old process", async () => {
    await using service = await start("");
    const client = await connect();
    await using slow = await service.connect();
    slow.send("GET /");
    client.ws.send("wrong password");
    await service.reload();
    await untilRestored(service);
    slow.send(GO);
    expect(await client.closed).toBe(4001);
  });

  test("closes with 1001 if it moved, and its client has sent nothing since", async () => {
    await using service = await start("busy later");
    const client = await connect();
    const before = await service.pid();
    await service.reload();
    await service.untilGone(before);
    await service.reload();
    expect(await client.closed).toBe(1001);
  });

  test("moves without a limit of time", async () => {
    await using service = await start("", "infinity");
    const client = await connect();
    const before = await service.pid();
    const after = await service.reload();
    await service.untilGone(before);
    expect(await client.ask()).toEqual({ pid: after, count: 1 });
    expect(await service.printed("warning")).toEqual([]);
  });

  test("closes if the old process sends more than its client reads, and waits meanwhile", async () => {
    await using service = await start("streams", "60s");
    const client = await connect();
    client.ws.pause();
    await using slow = await service.connect();
    slow.send("GET /");
    // The old process sends for as long as it has this one.
    await using slower = await service.connect();
    slower.send("GET /");
    await service.reload();
    await untilRestored(service);
    slow.send(GO);
    await expect.poll(() => service.printed("streamed")).toHaveLength(1);
    client.ws.resume();
    expect(await client.closed).toBe(1001);
    expect((await service.printed("streamed"))[0]?.["turns"]).toBeGreaterThan(0);
  });

  test("moves when restore has finished, and the client's message waits for that", async () => {
    await using service = await start("restore takes long");
    const client = await connect();
    const before = await service.pid();
    const after = await service.reload();
    await service.untilGone(before);
    const answer = client.ask();
    await systemd.request("http://127.0.0.1:80/go");
    // At its end, restore adds 10.
    expect(await answer).toEqual({ pid: after, count: 11 });
  });

  test.each([
    ["not kept", ""],
    ["busy", ""],
    ["canMove throws", "undefined"],
    ["other path", "The new version of the app answers its request with"],
    ["restore throws", "restore() has failed: Error: from restore"],
    ["large state", "SOCKACT_ERR_WEBSOCKET_STATE"],
    ["save throws", "save() has failed: Error: from save"],
    ["save is asynchronous", "it has returned a promise"],
  ])("closes with 1001, and the client sees nothing else: %s", async (fault, reason) => {
    await using service = await start(fault);
    const client = await connect();
    const messages: string[] = [];
    client.ws.on("message", (data: Buffer) => messages.push(data.toString()));
    await service.reload();
    expect(await client.closed).toBe(1001);
    expect(messages).toEqual([]);
    const said = JSON.stringify([
      ...(await service.printed("warning")),
      ...(await service.printed("sockact")),
    ]);
    expect(said).toContain(reason);
  });

  test(
    "closes with 1011 if the promise of restore is pending for too long",
    { tags: "campaign" },
    async () => {
      await using service = await start("restore never ends");
      const client = await connect();
      await service.reload();
      expect(await client.closed).toBe(1011);
      const said = JSON.stringify(await service.printed("warning"));
      expect(said).toContain("SOCKACT_ERR_WEBSOCKET_RESTORE");
    },
  );

  test("closes with 1001 if the new process has a listener that throws, and is not counted there", async () => {
    await using service = await start("connection throws", "60s");
    const client = await connect();
    const after = await service.reload();
    expect(await client.closed).toBe(1001);
    await service.reload();
    await service.untilGone(after);
  });

  test.each([
    ["restore rejects", "restore() has failed: Error: from restore"],
    ["restore rejects with nothing", "restore() has failed: undefined"],
  ])("closes with 1011 if the promise of restore rejects: %s", async (fault, reason) => {
    await using service = await start(fault);
    const client = await connect();
    const after = await service.reload();
    expect(await client.closed).toBe(1011);
    expect(await service.pid()).toBe(after);
    expect(JSON.stringify(await service.printed("warning"))).toContain(reason);
  });

  test("does not move while the app has paused it", async () => {
    await using service = await start("");
    const client = await connect();
    client.ws.send("pause");
    await once(client.ws, "message");
    await using slow = await service.connect();
    slow.send("GET /");
    const answer = client.ask();
    const before = await service.pid();
    const after = await service.reload();
    slow.send(GO);
    expect(await answer).toEqual({ pid: before, count: 1 });
    await service.untilGone(before);
    expect(await client.ask()).toEqual({ pid: after, count: 2 });
  });

  test("does not move before the client has what canMove sends", async () => {
    await using service = await start("canMove sends");
    const client = await connect();
    const farewell = once(client.ws, "message");
    const after = await service.reload();
    expect(String((await farewell)[0])).toHaveLength(10_000_000);
    await untilRestored(service);
    expect(await client.ask()).toEqual({ pid: after, count: 1 });
  });

  test("closes with 1001 if its client has sent half of a message", async () => {
    await using service = await start("");
    const client = await connect();
    client.ws.send("one half", { fin: false });
    await service.reload();
    expect(await client.closed).toBe(1001);
  });

  test.each(["new process killed", "old process killed"])(
    "stays open or closes, and never hangs: %s",
    async (fault) => {
      await using service = await start(fault);
      const clients = await Promise.all(Array.from({ length: 20 }, connect));
      await service.tryReload();
      const ends = await Promise.all(
        clients.map(({ closed, ask }) =>
          Promise.race([
            closed,
            ask().then(
              () => "open",
              () => closed,
            ),
          ]),
        ),
      );
      for (const end of ends) expect(["open", 1001, 1006]).toContain(end);
    },
  );
});
