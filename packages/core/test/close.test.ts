import { describe, expect, test } from "vitest";
import { freeAddress } from "@sockact/testkit";
import {
  acceptedClient,
  appOnSocket,
  heldClient,
  idleClient,
  rawClient,
  startApp,
  terminate,
} from "./lifecycle-app.ts";

const CLOSE = /^HTTP\/1\.1 200 OK\r\n(?:.*\r\n)*Connection: close\r\n/i;

describe.concurrent("server.close() of the app", () => {
  test("drains: an idle connection is answered once more, and the callback is called once", async () => {
    const { app, address } = await appOnSocket({
      options: { signals: false },
      properties: { keepAliveTimeout: 60_000 },
    });
    await using running = app;
    await using idle = await idleClient(running, address);
    await using busy = await heldClient(running, address);
    running.write("close");
    await running.event("close called");
    idle.get("/");
    expect(await idle.receives(/hello$/)).toMatch(CLOSE);
    expect(running.stdout).not.toContain("called back");
    running.write("answer");
    expect(await busy.receives(/done$/)).toMatch(CLOSE);
    expect(await running.event("close called back")).toEqual({ event: "close called back", count: 1 });
    expect(await running.ended, "the process ends by itself").toBe(0);
    expect(running.stdout.match(/called back/g)).toHaveLength(1);
  });

  test("called a second time is an error, as in Node, and the first call still drains", async () => {
    const { app, address } = await appOnSocket({
      options: { signals: false },
      properties: { keepAliveTimeout: 60_000 },
    });
    await using running = app;
    await using idle = await idleClient(running, address);
    running.write("close");
    running.write("close");
    await running.event("close called");
    await running.event("close called");
    idle.get("/");
    expect(await idle.receives(/hello$/)).toMatch(CLOSE);
    const calledBack = [await running.event("close called back"), await running.event("close called back")];
    expect(calledBack.toSorted((a, b) => Number(a["count"]) - Number(b["count"]))).toMatchObject([
      { count: 1 },
      { count: 2, code: "ERR_SERVER_NOT_RUNNING" },
    ]);
    expect(await running.ended).toBe(0);
  });

  test("called many times prints no warning of too many listeners", async () => {
    const { app, address } = await appOnSocket({ options: { signals: false } });
    await using running = app;
    await using busy = await heldClient(running, address);
    for (let count = 0; count < 15; count++) running.write("close");
    for (let count = 0; count < 15; count++) await running.event("close called");
    running.write("answer");
    await busy.receives(/done$/);
    for (let count = 0; count < 15; count++) await running.event("close called back");
    expect(await running.ended).toBe(0);
    expect(running.stderr).toBe("");
  });

  test("closes idle connections after drainTimeout, and keeps busy ones", async () => {
    const { app, address } = await appOnSocket({
      options: { signals: false, drainTimeout: "200ms" },
      properties: { keepAliveTimeout: 0 },
    });
    await using running = app;
    await using idle = await idleClient(running, address);
    await using busy = await heldClient(running, address);
    running.write("close");
    await idle.closed;
    running.write("answer");
    expect(await busy.receives(/done$/)).toMatch(CLOSE);
    await running.event("close called back");
    expect(await running.ended).toBe(0);
  });

  test("called after a signal is not an error, because the app does not know of the drain", async () => {
    const { app, address } = await appOnSocket({
      properties: { keepAliveTimeout: 60_000 },
      after: ["on"],
      input: true,
    });
    await using running = app;
    await using idle = await idleClient(running, address);
    await terminate(running);
    running.write("close");
    await running.event("close called");
    idle.get("/");
    expect(await idle.receives(/hello$/)).toMatch(CLOSE);
    expect(await running.event("close called back")).toEqual({ event: "close called back", count: 1 });
    running.write("close");
    expect(await running.event("close called back")).toMatchObject({ code: "ERR_SERVER_NOT_RUNNING" });
  });

  test("called after the server has stopped accepting is not an error either", async () => {
    const { app, address } = await appOnSocket({
      hooks: ["onEvent", "onDrain"],
      options: { drainTimeout: "4s" },
      after: ["on"],
      input: true,
    });
    await using running = app;
    await using client = await idleClient(running, address);
    await terminate(running);
    client.send("GET / HTTP/1.1\r\n");
    // onDrain is called at the start of the drain, and when the server stops accepting.
    await running.event("onDrain");
    await running.event("onDrain");
    running.write("close");
    await running.event("close called");
    client.send("Host: a\r\n\r\n");
    expect(await client.receives(/hello$/)).toMatch(CLOSE);
    expect(await running.event("close called back")).toEqual({ event: "close called back", count: 1 });
  });

  test("called before a signal: the signal waits for the same connections", async () => {
    const { app, address } = await appOnSocket();
    await using running = app;
    await using busy = await heldClient(running, address);
    running.write("close");
    await running.event("close called");
    await terminate(running);
    running.write("answer");
    await busy.receives(/done$/);
    expect(await running.event("close called back")).toEqual({ event: "close called back", count: 1 });
    expect(await running.ended).toBe(0);
  });

  test("`await using server` drains too", async () => {
    const { app, address } = await appOnSocket({
      options: { signals: false },
      properties: { keepAliveTimeout: 60_000 },
    });
    await using running = app;
    await using idle = await idleClient(running, address);
    running.write("dispose");
    running.write("listeners");
    await running.event("listeners");
    idle.get("/");
    expect(await idle.receives(/hello$/)).toMatch(CLOSE);
    await running.event("disposed");
    expect(await running.ended).toBe(0);
  });

  test("closeIdleConnections() resets no client while a drain waits for its next request", async () => {
    const { app, address } = await appOnSocket();
    await using running = app;
    await using idle = await idleClient(running, address);
    await terminate(running);
    running.write("closeIdleConnections");
    await running.event("idle closed");
    idle.get("/");
    expect(await idle.receives(/hello$/)).toMatch(CLOSE);
    expect(await running.ended).toBe(0);
  });

  test("closeAllConnections() ends a drain at once", async () => {
    const { app, address } = await appOnSocket();
    await using running = app;
    await using busy = await heldClient(running, address);
    await terminate(running);
    running.write("closeAllConnections");
    expect(await running.event("drained")).toEqual({ event: "drained", cut: 0 });
    expect(await running.ended).toBe(0);
    expect(await busy.closed).not.toBe("close");
  });

  test("of a server that does not speak HTTP is Node's own", async () => {
    const { app, address } = await appOnSocket({ kind: "net", options: { signals: false } });
    await using running = app;
    await using client = await acceptedClient(running, address);
    running.write("close");
    await running.event("close called");
    client.send("echo");
    await client.receives(/^echo$/);
    client.socket.end();
    expect(await running.event("close called back")).toEqual({ event: "close called back", count: 1 });
    expect(await running.ended).toBe(0);
  });
});

test.concurrent("not activated, server.close() is Node's own, which closes idle connections at once", async () => {
  const address = await freeAddress("tcp4");
  const port = Number(address.split(":").at(-1));
  await using app = await startApp([], {
    options: { host: "127.0.0.1", port },
    properties: { keepAliveTimeout: 60_000 },
  });
  await using client = await rawClient(address);
  client.get("/");
  await client.receives(/hello$/);
  app.write("close");
  expect(await client.closed).toBe("end");
  expect(await app.ended).toBe(0);
  expect(app.stderr).toBe("");
});
