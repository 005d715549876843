import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect as connectTls } from "node:tls";
import { describe, expect, test } from "vitest";
import { openRequest, readAnswer } from "@sockact/testkit";
import {
  acceptedClient,
  appOnSocket,
  heldClient,
  idleClient,
  RawClient,
  rawClient,
  sha256,
  startApp,
  systemdSocket,
  terminate,
} from "./lifecycle-app.ts";

const CLOSE = /^HTTP\/1\.1 200 OK\r\n(?:.*\r\n)*Connection: close\r\n/i;

describe.concurrent("on SIGTERM", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "a request that is under way is answered with `Connection: close`, and the process ends with 0: %s",
    async (signal) => {
      const { app, address } = await appOnSocket();
      await using running = app;
      await using client = await heldClient(running, address);
      running.kill(signal);
      expect(await running.event("draining")).toEqual({ event: "draining", signal, connections: 1 });
      running.write("answer");
      expect(await client.receives(/done$/)).toMatch(CLOSE);
      expect(await client.closed).toBe("end");
      expect(await running.event("drained")).toEqual({ event: "drained", cut: 0 });
      expect(await running.ended).toBe(0);
    },
  );

  test.each(["peeking", "peekingLater"] as const)(
    "a connection counts that the app itself looks at before HTTP (%s), and its request is answered",
    async (kind) => {
      const { app, address } = await appOnSocket({ kind });
      await using running = app;
      await using client = await acceptedClient(running, address);
      running.kill("SIGTERM");
      expect(await running.event("draining")).toMatchObject({ connections: 1 });
      client.get("/");
      expect(await client.receives(/hello$/)).toMatch(CLOSE);
      expect(await running.ended).toBe(0);
    },
  );

  test("a server without connections ends at once", async () => {
    const { app } = await appOnSocket();
    await using running = app;
    await terminate(running);
    expect(await running.ended).toBe(0);
    expect(running.stderr).toBe("");
  });

  test("the next request of an idle keep-alive connection is answered, with `Connection: close`", async () => {
    const { app, address } = await appOnSocket({ properties: { keepAliveTimeout: 60_000 } });
    await using running = app;
    await using client = await idleClient(running, address);
    await terminate(running);
    client.get("/");
    expect(await client.receives(/hello$/)).toMatch(CLOSE);
    expect(await client.closed).toBe("end");
    expect(await running.ended).toBe(0);
  });

  test("an idle connection is closed after its keepAliveTimeout, and not before", async () => {
    // The two servers have different times. The order shows that each waits for its own.
    const [short, long] = [await systemdSocket(), await systemdSocket()];
    const keepAlive = (keepAliveTimeout: number) => ({ properties: { keepAliveTimeout } });
    await using app = await startApp(
      [short[0], long[0]],
      {
        apps: [
          { ...keepAlive(300), options: { name: "short" } },
          { ...keepAlive(1200), options: { name: "long" } },
        ],
      },
      { names: ["short", "long"] },
    );
    await using shortClient = await idleClient(app, short[1]);
    await using longClient = await idleClient(app, long[1]);
    await terminate(app);
    const order: string[] = [];
    void shortClient.closed.then(() => order.push("short"));
    void longClient.closed.then(() => order.push("long"));
    expect(await shortClient.closed).toBe("end");
    expect(order).toEqual(["short"]);
    longClient.get("/");
    expect(await longClient.receives(/hello$/)).toMatch(CLOSE);
    expect(await app.ended).toBe(0);
  });

  test("a connection that was accepted before the signal, and sends its first request after it, is answered", async () => {
    const { app, address } = await appOnSocket();
    await using running = app;
    await using client = await acceptedClient(running, address);
    await terminate(running);
    client.get("/");
    expect(await client.receives(/hello$/)).toMatch(CLOSE);
    expect(await running.ended).toBe(0);
  });

  test("a request that has arrived in part is awaited, and answered", async () => {
    const { app, address } = await appOnSocket();
    await using running = app;
    await using client = await acceptedClient(running, address);
    client.send("GET / HTTP/1.1\r\nHost: local");
    await terminate(running);
    client.send("host\r\n\r\n");
    expect(await client.receives(/hello$/)).toMatch(CLOSE);
    expect(await running.ended).toBe(0);
  });

  test("with several sockets and servers, each server answers its requests", async () => {
    const sockets = [await systemdSocket(), await systemdSocket(), await systemdSocket()];
    await using app = await startApp(
      sockets.map(([fd]) => fd),
      { apps: [{ options: { name: ["a", "b"] } }, { options: { name: "c" } }] },
      { names: ["a", "b", "c"] },
    );
    const clients = [];
    for (const [, address] of sockets) clients.push(await heldClient(app, address));
    await terminate(app);
    for (const client of clients) {
      app.write("answer");
      expect(await client.receives(/done$/)).toMatch(CLOSE);
    }
    expect(await app.ended).toBe(0);
    expect(app.stdout.match(/"draining"/g), "each app is told once").toHaveLength(2);
  });

  test("a response that has started is finished", async () => {
    const { app, address } = await appOnSocket({ properties: { keepAliveTimeout: 60_000 } });
    await using running = app;
    await using client = await heldClient(running, address, "/stream");
    await client.receives(/first/);
    await terminate(running);
    for (const _ of [1, 2, 3]) {
      running.write("write");
      await client.receives(/more/);
    }
    running.write("answer");
    await client.receives(/done\r\n0\r\n\r\n$/);
    // Its headers promised to keep the connection, so the connection stays until the next response.
    client.get("/");
    expect(await client.receives(/hello$/)).toMatch(CLOSE);
    expect(await client.closed).toBe("end");
    expect(await running.ended).toBe(0);
  });

  test("an upload is received to its end, byte for byte", async () => {
    const { app, address } = await appOnSocket();
    await using running = app;
    const data = randomBytes(1_000_000);
    const request = openRequest(address, "/upload", {
      method: "POST",
      headers: { "content-length": String(data.length) },
    });
    request.write(data.subarray(0, 1000));
    await running.event("request");
    await terminate(running);
    for (let start = 1000; start < data.length; start += 111_000) {
      if (!request.write(data.subarray(start, start + 111_000))) await once(request, "drain");
    }
    request.end();
    const answer = await readAnswer(request);
    expect(answer.json()).toEqual({ bytes: data.length, sha256: sha256(data) });
    expect(answer.headers.connection).toBe("close");
    expect(await running.ended).toBe(0);
  });

  test("a client whose upload is answered before its end gets the answer, and no reset", async () => {
    const { app, address } = await appOnSocket();
    await using running = app;
    await using client = await acceptedClient(running, address);
    // Some clients keep sending while they read the answer.
    client.socket.allowHalfOpen = true;
    await terminate(running);
    client.send("POST /early HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8000000\r\n\r\n");
    await running.event("request");
    // Without the fix, the bytes after the answer would reset the connection.
    for (let sent = 0; sent < 8; sent++) {
      if (!client.socket.write(Buffer.alloc(1_000_000))) await once(client.socket, "drain");
    }
    await client.receives(/^HTTP\/1\.1 413 [^]*Connection: close[^]*too large\r\n0\r\n\r\n$/i);
    client.socket.end();
    expect(await client.closed).toBe("end");
    expect(await running.ended).toBe(0);
  });

  test("an upload that is answered before its end, and whose client then gives up, does not delay the stop", async () => {
    const { app, address } = await appOnSocket();
    await using running = app;
    await using client = await acceptedClient(running, address);
    await terminate(running);
    client.send("POST /early HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8000000\r\n\r\nsome");
    await client.receives(/too large/);
    client.socket.destroy();
    expect(await running.ended).toBe(0);
  });

  test.each(["before", "after", "before and after"])(
    "requests that were sent without waiting for the answers are all answered: sent %s the signal",
    async (when) => {
      const { app, address } = await appOnSocket();
      await using running = app;
      await using client = await acceptedClient(running, address);
      const send = async (...paths: string[]): Promise<void> => {
        client.send(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join(""));
        for (const _ of paths) await running.event("request");
      };
      if (when !== "after") await send("/held", "/held", "/held");
      await terminate(running);
      if (when !== "before") await send("/held", "/held", "/");
      const requests = running.stdout.match(/"\/held"/g)?.length ?? 0;
      let received = "";
      for (let count = 0; count < requests; count++) {
        running.write("answer");
        received += await client.receives(/done/);
      }
      expect(await client.closed).toBe("end");
      const answers = (received + client.received).split(/(?=HTTP\/1\.1 )/);
      expect(answers.map((each) => each.split("\r\n\r\n")[1])).toEqual([
        ...Array.from({ length: requests }, () => "done"),
        ...(when === "before" ? [] : ["hello"]),
      ]);
      expect(answers.map((each) => /^Connection: close/im.test(each))).toEqual(
        answers.map((_, index) => index === answers.length - 1),
      );
      expect(await running.ended).toBe(0);
    },
  );

  test.each(["set", "object", "message", "both", "flat", "pairs"])(
    "the connection ends even if the app sets `Connection: keep-alive`: %s",
    async (form) => {
      const { app, address } = await appOnSocket({ properties: { keepAliveTimeout: 60_000 } });
      await using running = app;
      await using client = await acceptedClient(running, address);
      await terminate(running);
      client.get(`/${form}`);
      const answer = await client.receives(new RegExp(`${form}\\b[^]*$`));
      expect(answer.match(/^connection:.*$/gim)).toEqual([expect.stringMatching(/^connection: close$/i)]);
      const others = { set: [], flat: ["X-A: b", "X-A: c"] }[form] ?? ["X-A: b"];
      expect(answer.match(/^X-A: .*$/gm) ?? []).toEqual(others);
      expect(await client.closed).toBe("end");
      expect(await running.ended).toBe(0);
    },
  );

  test.each([
    ["204", "GET /204", 204],
    ["304", "GET /304", 304],
    ["HEAD", "HEAD /", 200],
  ])("an answer without a body closes the connection too: %s", async (_, line, status) => {
    const { app, address } = await appOnSocket({ properties: { keepAliveTimeout: 60_000 } });
    await using running = app;
    await using client = await idleClient(running, address);
    await terminate(running);
    client.send(`${line} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    expect(await client.closed).toBe("end");
    expect(client.received).toMatch(
      new RegExp(`^HTTP/1\\.1 ${status} (.*\r\n)*Connection: close\r\n(.*\r\n)*\r\n$`, "i"),
    );
    expect(await running.ended).toBe(0);
  });

  test.each([false, true])(
    "`Expect: 100-continue` is answered twice, as usual; handled by the app: %s",
    async (continues) => {
      const { app, address } = await appOnSocket({ continues, properties: { keepAliveTimeout: 60_000 } });
      await using running = app;
      await using client = await idleClient(running, address);
      await terminate(running);
      client.send(
        "POST /upload HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
      );
      await client.receives(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
      client.send("12345");
      expect(await client.receives(/"bytes":5/)).toMatch(CLOSE);
      expect(await client.closed).toBe("end");
      expect(await running.ended).toBe(0);
    },
  );

  test("HTTP/1.0: a client that asks for keep-alive gets Connection: close", async () => {
    const { app, address } = await appOnSocket({ properties: { keepAliveTimeout: 60_000 } });
    await using running = app;
    await using client = await acceptedClient(running, address);
    client.send("GET /held HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    await running.event("request");
    await terminate(running);
    running.write("answer");
    expect(await client.closed).toBe("end");
    expect(client.received).toMatch(/^Connection: close\r\n/im);
    expect(client.received).not.toMatch(/keep-alive/i);
    expect(await running.ended).toBe(0);
  });

  test("a client that has closed its side (a half-closed connection) gets its answer", async () => {
    const { app, address } = await appOnSocket({ properties: { httpAllowHalfOpen: true } });
    await using running = app;
    await using client = await heldClient(running, address);
    client.socket.end();
    await terminate(running);
    running.write("answer");
    expect(await client.receives(/done$/)).toMatch(CLOSE);
    expect(await running.ended).toBe(0);
  });

  test("https: idle, busy, and still in the handshake", async () => {
    const { app, address } = await appOnSocket({ kind: "https", properties: { keepAliveTimeout: 60_000 } });
    await using running = app;
    const secure = async (): Promise<RawClient> => {
      const port = Number(address.split(":").at(-1));
      const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
      const client = new RawClient(socket);
      await once(socket, "secureConnect");
      await running.event("connection");
      return client;
    };
    await using idle = await secure();
    idle.get("/");
    await idle.receives(/hello$/);
    await running.event("request");
    await using silent = await secure();
    await using busy = await secure();
    busy.get("/held");
    await running.event("request");
    const plain = await acceptedClient(running, address);
    await terminate(running);
    idle.get("/");
    expect(await idle.receives(/hello$/)).toMatch(CLOSE);
    silent.get("/");
    expect(await silent.receives(/hello$/)).toMatch(CLOSE);
    await using late = new RawClient(connectTls({ socket: plain.socket, rejectUnauthorized: false }));
    late.get("/");
    expect(await late.receives(/hello$/)).toMatch(CLOSE);
    running.write("answer");
    expect(await busy.receives(/done$/)).toMatch(CLOSE);
    expect(await running.ended).toBe(0);
  });
});

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
    // The shorter drainTimeout is over by now.
    await using waiting = await heldClient(app, b[1]);
    await terminate(app);
    const short = await appOnSocket({ options: { drainTimeout: "10ms" } });
    await using another = short.app;
    await using _cut = await heldClient(another, short.address);
    await terminate(another);
    expect(await another.event("drained")).toMatchObject({ cut: 1 });
    app.write("answer");
    expect(await client.receives(/done$/)).toMatch(CLOSE);
    app.write("answer");
    expect(await waiting.receives(/done$/)).toMatch(CLOSE);
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
  await using client = await acceptedClient(running, address);
  client.send("POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\nhalf");
  await running.event("request");
  await terminate(running);
  await client.receives(/^HTTP\/1\.1 408 /);
  expect(await running.event("drained")).toEqual({ event: "drained", cut: 0 });
  await running.ended;
});

describe("a server that does not speak HTTP", () => {
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

describe("onDrain", () => {
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

describe("onStop", () => {
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

describe("server.close() of the app", () => {
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

test("not activated, server.close() is Node's own, which closes idle connections at once", async () => {
  const { freeAddress } = await import("@sockact/testkit");
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
