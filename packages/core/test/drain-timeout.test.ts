import { describe, expect, test } from "vitest";
import {
  acceptedClient,
  appOnSocket,
  heldClient,
  idleClient,
  startApp,
  systemdSocket,
  terminate,
} from "./lifecycle-app.ts";

const CLOSE = /^HTTP\/1\.1 200 OK\r\n(?:.*\r\n)*Connection: close\r\n/i;

describe.concurrent("drainTimeout", () => {
  test("cuts a request that is still held: the exit code is 1, and `drained` has the number", async () => {
    const { app, address } = await appOnSocket({ options: { drainTimeout: "300ms" } });
    await using running = app;
    await using one = await heldClient(running, address);
    await using two = await heldClient(running, address, "/stream");
    await using idle = await idleClient(running, address);
    await terminate(running);
    expect(await running.event("drained")).toEqual({ event: "drained", cut: 2 });
    expect(await running.ended).toBe(1);
    expect(await Promise.all([one, two, idle].map(({ closed }) => closed))).not.toContain("close");
  });

  test("that closes only idle connections is not a failure", async () => {
    const { app, address } = await appOnSocket({
      options: { drainTimeout: "300ms" },
      properties: { keepAliveTimeout: 0 },
    });
    await using running = app;
    await using idle = await idleClient(running, address);
    await using silent = await acceptedClient(running, address);
    await terminate(running);
    expect(await running.event("drained")).toEqual({ event: "drained", cut: 0 });
    expect(await running.ended).toBe(0);
    expect(await Promise.all([idle, silent].map(({ closed }) => closed))).not.toContain("close");
  });

  test("of several apps: the longest applies", async () => {
    const [a, b] = [await systemdSocket(), await systemdSocket()];
    await using app = await startApp(
      [a[0], b[0]],
      {
        apps: [
          { options: { name: "a", drainTimeout: "10ms" } },
          { options: { name: "b", drainTimeout: "1min" } },
        ],
      },
      { names: ["a", "b"] },
    );
    await using client = await heldClient(app, a[1]);
    await using waiting = await heldClient(app, b[1]);
    await terminate(app);
    // A timer of the app that ends after the shorter drainTimeout.
    app.write("clock 100");
    await app.event("clock");
    for (const each of [client, waiting]) {
      app.write("answer");
      expect(await each.receives(/done$/)).toMatch(CLOSE);
    }
    expect(await app.ended).toBe(0);
  });

  test("silent connections are closed after 5 s, the time that Node keeps an idle connection", async () => {
    const { app, address } = await appOnSocket({ options: { drainTimeout: "1min" } });
    await using running = app;
    await using silent = await acceptedClient(running, address);
    await terminate(running);
    expect(await silent.closed).toBe("end");
    expect(await running.event("drained")).toMatchObject({ cut: 0 });
    expect(await running.ended).toBe(0);
  });

  test("the 5 s count from when a connection was accepted, not from the stop", async () => {
    const { app, address } = await appOnSocket({ options: { drainTimeout: "1min" } });
    await using running = app;
    await using older = await acceptedClient(running, address);
    await using idle = await idleClient(running, address);
    // Node closes it after its keepAliveTimeout of 5 s.
    await idle.closed;
    await using newer = await acceptedClient(running, address);
    await terminate(running);
    expect(await older.closed).toBe("end");
    newer.get("/");
    expect(await newer.receives(/hello$/)).toMatch(CLOSE);
    expect(await running.ended).toBe(0);
  });
});

test.concurrent("a request that takes longer than the server's requestTimeout ends then, and does not delay the stop", async () => {
  const { app, address } = await appOnSocket({
    serverOptions: { requestTimeout: 500, headersTimeout: 400, connectionsCheckingInterval: 50 },
    options: { drainTimeout: "1min" },
  });
  await using running = app;
  // Node counts the time of a later request from its first byte on, however slow the client is.
  await using client = await idleClient(running, address);
  client.send("POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\nhalf");
  await running.event("request");
  await terminate(running);
  await client.receives(/^HTTP\/1\.1 408 /);
  expect(await running.event("drained")).toEqual({ event: "drained", cut: 0 });
  await running.ended;
});

describe.concurrent("a server that does not speak HTTP", () => {
  test("waits for its connections, because only the app knows their protocol", async () => {
    const { app, address } = await appOnSocket({ kind: "net" });
    await using running = app;
    await using client = await acceptedClient(running, address);
    await terminate(running);
    client.send("echo");
    await client.receives(/^echo$/);
    client.socket.end();
    expect(await running.ended).toBe(0);
  });

  test.each(["net", "tls"] as const)(
    "cuts its connections at drainTimeout, which is a failure: %s",
    async (kind) => {
      const { app, address } = await appOnSocket({ kind, options: { drainTimeout: "200ms" } });
      await using running = app;
      await using client = await acceptedClient(running, address);
      await terminate(running);
      expect(await running.event("drained")).toEqual({ event: "drained", cut: 1 });
      expect(await running.ended).toBe(1);
      expect(await client.closed).not.toBe("close");
    },
  );
});

describe.concurrent("onDrain", () => {
  test("is called at once, so that the app can end its event streams", async () => {
    const { app, address } = await appOnSocket({
      hooks: ["onEvent", "onDrain"],
      options: { drainTimeout: "10min" },
    });
    await using running = app;
    await using client = await heldClient(running, address, "/events");
    running.kill("SIGTERM");
    expect(await client.receives(/0\r\n\r\n$/)).toMatch(/over/);
    expect(await running.event("drained")).toEqual({ event: "drained", cut: 0 });
    expect(await running.ended).toBe(0);
  });

  test("that fails is an error event, and the stop goes on", async () => {
    const { app } = await appOnSocket({ hooks: ["onEvent", "onDrain that fails"] });
    await using running = app;
    running.kill("SIGTERM");
    expect(await running.event("error")).toMatchObject({ error: "Error: from onDrain" });
    expect(await running.ended).toBe(0);
  });
});

describe.concurrent("onStop", () => {
  test("is called when all connections have ended, and the process waits for it", async () => {
    const { app, address } = await appOnSocket({ hooks: ["onEvent", "onStop"] });
    await using running = app;
    await using client = await heldClient(running, address);
    await terminate(running);
    running.write("answer");
    await client.receives(/done$/);
    await running.event("onStop");
    expect(running.stdout).toMatch(/"drained"[^]*"onStop"/);
    running.write("answer");
    expect(await running.ended).toBe(0);
    expect(running.stdout).toContain("onStop done");
  });

  test("that fails makes the exit code 1, and is an error event", async () => {
    const { app } = await appOnSocket({ hooks: ["onStop that fails"] });
    await using running = app;
    running.kill("SIGTERM");
    expect(await running.ended).toBe(1);
    expect(running.stderr).toMatch(/^sockact: Error: from onStop\n {4}at /m);
  });

  test("of each app is called, also when one fails", async () => {
    const [a, b] = [await systemdSocket(), await systemdSocket()];
    await using app = await startApp(
      [a[0], b[0]],
      {
        apps: [
          { options: { name: "a" }, hooks: ["onEvent", "onStop that fails"] },
          { options: { name: "b" }, hooks: ["onEvent", "onStop"] },
        ],
      },
      { names: ["a", "b"] },
    );
    app.kill("SIGTERM");
    expect(await app.event("error")).toMatchObject({ error: "Error: from onStop" });
    await app.event("onStop");
    app.write("answer");
    expect(await app.ended).toBe(1);
  });
});
