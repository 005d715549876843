import { once } from "node:events";
import { Agent, get, type IncomingMessage } from "node:http";
import { describe, expect, test } from "vitest";
import { type AppProcess, openConnection } from "@sockact/testkit";
import { WebSocket } from "ws";
import { acceptedClient, appOnSocket, idleClient, type RawClient, terminate } from "./lifecycle-app.ts";

interface Closed {
  code: number;
  reason: string;
  wasClean: boolean;
}

async function webSocket(
  app: AppProcess,
  address: string,
): Promise<{ socket: WebSocket; closed: Promise<Closed>; messages: string[] }> {
  const socket = new WebSocket("ws://localhost/", { createConnection: () => openConnection(address) });
  const messages: string[] = [];
  socket.on("message", (data: Buffer) => messages.push(data.toString()));
  const closed = new Promise<Closed>((resolve) => {
    socket.addEventListener("close", ({ code, reason, wasClean }) => resolve({ code, reason, wasClean }));
  });
  await once(socket, "open");
  await app.event("webSocket");
  return { socket, closed, messages };
}

const goingAway = { code: 1001, reason: "", wasClean: true };
const UPGRADE = "GET /chat HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";

async function upgraded(app: AppProcess, address: string): Promise<RawClient> {
  const client = await acceptedClient(app, address);
  client.send(UPGRADE);
  await client.receives(/^HTTP\/1\.1 101 /);
  await app.event("upgrade");
  return client;
}

describe.concurrent("a WebSocket of the ws library, on SIGTERM", () => {
  test("gets a close frame with code 1001, and closes cleanly", async () => {
    const { app, address } = await appOnSocket({ webSockets: true });
    await using running = app;
    const clients = [await webSocket(running, address), await webSocket(running, address)];
    await terminate(running);
    for (const { closed } of clients) expect(await closed).toEqual(goingAway);
    for (const _ of clients)
      expect(await running.event("webSocket closed")).toEqual({ event: "webSocket closed", code: 1001 });
    expect(await running.event("drained")).toEqual({ event: "drained", cut: 0 });
    expect(await running.ended).toBe(0);
  });

  test("over TLS gets the close frame too", async () => {
    const { app, address } = await appOnSocket({ kind: "https", webSockets: true });
    await using running = app;
    const socket = new WebSocket(`wss://${address}/`, { rejectUnauthorized: false });
    const closed = new Promise<number>((resolve) => {
      socket.addEventListener("close", ({ code }) => resolve(code));
    });
    await once(socket, "open");
    await running.event("webSocket");
    await terminate(running);
    expect(await closed).toBe(1001);
    expect(await running.event("webSocket closed")).toMatchObject({ code: 1001 });
    expect(await running.ended).toBe(0);
  });

  test("that is sending a long message gets the close frame between two frames of the message", async () => {
    const { app, address } = await appOnSocket({ webSockets: true });
    await using running = app;
    const { socket, closed } = await webSocket(running, address);
    socket.send(Buffer.alloc(100_000), { fin: false });
    await terminate(running);
    // The client answers the frame as soon as the protocol allows it. Its earlier data has arrived.
    expect(await closed).toEqual(goingAway);
    expect(await running.event("webSocket closed")).toEqual({ event: "webSocket closed", code: 1001 });
    expect(await running.ended).toBe(0);
  });

  test("that is receiving a long message gets the close frame where the protocol allows it", async () => {
    const { app, address } = await appOnSocket({ webSockets: true });
    await using running = app;
    const { closed } = await webSocket(running, address);
    running.write("fragment");
    running.write("fragment");
    await terminate(running);
    expect(await closed).toEqual(goingAway);
    expect(await running.ended).toBe(0);
  });

  test("that is opened after the signal, on an earlier connection, gets the close frame too", async () => {
    const { app, address } = await appOnSocket({
      webSockets: true,
      properties: { keepAliveTimeout: 60_000 },
    });
    await using running = app;
    const agent = new Agent({ keepAlive: true });
    const [host, port] = address.split(":");
    const [response] = (await once(get({ agent, host, port }), "response")) as [IncomingMessage];
    response.resume();
    await once(agent, "free");
    await terminate(running);
    // A new connection would not be accepted.
    const socket = new WebSocket(`ws://${address}/`, { agent });
    const closed = new Promise<Closed>((resolve) => {
      socket.addEventListener("close", ({ code, reason, wasClean }) => resolve({ code, reason, wasClean }));
    });
    expect(await closed).toEqual(goingAway);
    expect(await running.ended).toBe(0);
  });

  test("whose client never answers the close frame is cut at drainTimeout, which is not a failure", async () => {
    const { app, address } = await appOnSocket({ webSockets: true, options: { drainTimeout: "400ms" } });
    await using running = app;
    await using client = await acceptedClient(running, address);
    client.get("/", [
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]);
    await client.receives(/^HTTP\/1\.1 101 [^]*\r\n\r\n$/);
    await terminate(running);
    expect(await client.receives(/\x88[^]{3}/)).toBe("\x88\x02\x03\xe9");
    expect(await running.event("drained")).toEqual({ event: "drained", cut: 0 });
    expect(await running.ended).toBe(0);
  });
});

describe.concurrent("an upgraded connection of another protocol, on SIGTERM", () => {
  test("is closed by the app, which has as long as it needs", async () => {
    const { app, address } = await appOnSocket({ upgrades: true, hooks: ["onEvent", "onDrainUpgraded"] });
    await using running = app;
    await using client = await upgraded(running, address);
    await terminate(running);
    expect(await running.event("onDrainUpgraded")).toEqual({
      event: "onDrainUpgraded",
      url: "/chat",
      connection: "127.0.0.1",
    });
    await client.receives(/^bye$/);
    client.send("still here");
    await client.receives(/^still here$/);
    client.socket.end();
    expect(await running.event("drained")).toEqual({ event: "drained", cut: 0 });
    expect(await running.ended).toBe(0);
    expect(running.stdout.match(/"onDrainUpgraded"/g)).toHaveLength(1);
  });

  test("that is opened after the signal, on an earlier connection, is closed by the app too", async () => {
    const { app, address } = await appOnSocket({
      upgrades: true,
      hooks: ["onEvent", "onDrainUpgraded"],
      properties: { keepAliveTimeout: 60_000 },
    });
    await using running = app;
    await using client = await idleClient(running, address);
    await terminate(running);
    client.send(UPGRADE);
    await client.receives(/bye$/);
    client.socket.end();
    expect(await running.ended).toBe(0);
  });

  test("stays open without a hook, and is cut at drainTimeout, which is a failure", async () => {
    const { app, address } = await appOnSocket({ upgrades: true, options: { drainTimeout: "500ms" } });
    await using running = app;
    await using client = await upgraded(running, address);
    await terminate(running);
    client.send("still here");
    await client.receives(/^still here$/);
    expect(await running.event("drained")).toEqual({ event: "drained", cut: 1 });
    expect(await running.ended).toBe(1);
    expect(await client.closed).not.toBe("close");
  });

  test.each(["onDrainUpgraded that throws", "onDrainUpgraded that rejects"])(
    "does not keep the process from draining: %s",
    async (hook) => {
      const { app, address } = await appOnSocket({ upgrades: true, hooks: ["onEvent", hook] });
      await using running = app;
      await using one = await upgraded(running, address);
      await using two = await upgraded(running, address);
      await terminate(running);
      expect(await running.event("error")).toMatchObject({ error: "Error: from onDrainUpgraded" });
      expect(await running.event("error")).toMatchObject({ error: "Error: from onDrainUpgraded" });
      one.socket.end();
      two.socket.end();
      await running.event("drained");
      expect(await running.ended).toBe(0);
    },
  );
});

test("a server that does not upgrade connections gets no upgrade listener", async () => {
  const { app, address } = await appOnSocket();
  await using running = app;
  running.write("listeners");
  expect(await running.event("listeners")).toEqual({ event: "listeners", upgrade: 0, connect: 0 });
  running.write("on upgrade");
  expect(await running.event("listeners")).toEqual({ event: "listeners", upgrade: 0, connect: 0 });
  await using client = await acceptedClient(running, address);
  client.send(UPGRADE);
  expect(await client.receives(/hello$/), "the request is answered as if it asked for nothing").toContain(
    "200 OK",
  );
});
