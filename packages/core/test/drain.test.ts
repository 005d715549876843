import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { connect as connectTls } from "node:tls";
import { describe, expect, test } from "vitest";
import { openRequest, readAnswer } from "@sockact/testkit";
import { newFile } from "./cluster-app.ts";
import {
  acceptedClient,
  appOnSocket,
  heldClient,
  idleClient,
  RawClient,
  sha256,
  startApp,
  systemdSocket,
  terminate,
} from "./lifecycle-app.ts";

const CLOSE = /^HTTP\/1\.1 200 OK\r\n(?:.*\r\n)*Connection: close\r\n/i;

describe.concurrent("on SIGTERM", () => {
  test("a request that is under way is answered with `Connection: close`, and the process ends with 0", async () => {
    const { app, address } = await appOnSocket();
    await using running = app;
    await using client = await heldClient(running, address);
    running.kill("SIGTERM");
    expect(await running.event("draining")).toEqual({
      event: "draining",
      signal: "SIGTERM",
      connections: 1,
    });
    running.write("answer");
    expect(await client.receives(/done$/)).toMatch(CLOSE);
    expect(await client.closed).toBe("end");
    expect(await running.event("drained")).toEqual({ event: "drained", cut: 0 });
    expect(await running.ended).toBe(0);
  });

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

  test("each client that has connected before the signal is answered, with `Connection: close`", async () => {
    const { app, address } = await appOnSocket({ properties: { keepAliveTimeout: 60_000 } });
    await using running = app;
    await using idle = await idleClient(running, address);
    await using silent = await acceptedClient(running, address);
    await using half = await acceptedClient(running, address);
    half.send("GET / HTTP/1.1\r\nHost: local");
    // In HTTP/1.0, a client has to ask for it.
    await using old = await acceptedClient(running, address);
    old.send("GET /held HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    await running.event("request");
    await terminate(running);
    idle.get("/");
    silent.get("/");
    half.send("host\r\n\r\n");
    running.write("answer");
    for (const client of [idle, silent, half, old]) {
      expect(await client.closed).toBe("end");
      expect(client.received).toMatch(CLOSE);
      expect(client.received).not.toMatch(/keep-alive/i);
    }
    expect(await running.ended).toBe(0);
  });

  // Its timers are late then, and come before what has arrived.
  test("a request that a busy process has not read yet when idle connections end is answered", async () => {
    const drainTimeout = 8000;
    const file = newFile();
    const { app, address } = await appOnSocket(
      {
        hooks: ["onEvent that blocks"],
        properties: { keepAliveTimeout: 60_000 },
        options: { drainTimeout: `${drainTimeout}ms` },
      },
      { env: { BLOCK: file, BLOCK_MS: String((drainTimeout * 5) / 8) } },
    );
    await using running = app;
    await using client = await idleClient(running, address);
    running.kill("SIGTERM");
    await running.event("blocked");
    await new Promise((resolve) => client.socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", resolve));
    rmSync(file);
    expect(await client.closed).toBe("end");
    expect(client.received).toMatch(CLOSE);
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

  test("requests that were sent without waiting for the answers are all answered, sent before the signal and after it", async () => {
    const { app, address } = await appOnSocket();
    await using running = app;
    await using client = await acceptedClient(running, address);
    const send = async (...paths: string[]): Promise<void> => {
      client.send(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join(""));
      for (const _ of paths) await running.event("request");
    };
    await send("/held", "/held", "/held");
    await terminate(running);
    await send("/held", "/held", "/");
    let received = "";
    for (let count = 0; count < 5; count++) {
      running.write("answer");
      received += await client.receives(/done/);
    }
    expect(await client.closed).toBe("end");
    const answers = (received + client.received).split(/(?=HTTP\/1\.1 )/);
    const bodies = answers.map((each) => each.split("\r\n\r\n")[1]);
    expect(bodies).toEqual(["done", "done", "done", "done", "done", "hello"]);
    // Only the last answer may close the connection.
    const closing = answers.map((each) => /^Connection: close/im.test(each));
    expect(closing).toEqual([false, false, false, false, false, true]);
    expect(await running.ended).toBe(0);
  });

  test("the connection ends, however the app sets `Connection: keep-alive`, and without a body too", async () => {
    const { app, address } = await appOnSocket({ properties: { keepAliveTimeout: 60_000 } });
    await using running = app;
    const requests: [line: string, others: string[], body: string][] = [
      ["GET /set", [], "set"],
      ["GET /object", ["x-a: b"], "object"],
      ["GET /message", ["x-a: b"], "message"],
      ["GET /both", ["x-a: b"], "both"],
      ["GET /flat", ["x-a: b", "x-a: c"], "flat"],
      ["GET /pairs", ["x-a: b"], "pairs"],
      ["GET /204", [], ""],
      ["GET /304", [], ""],
      ["HEAD /", [], ""],
    ];
    const clients = [];
    for (const _ of requests) clients.push(await acceptedClient(running, address));
    await terminate(running);
    for (const [index, [line, others, body]] of requests.entries()) {
      const client = clients[index] as RawClient;
      client.send(`${line} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      expect(await client.closed).toBe("end");
      const [head = "", text] = client.received.toLowerCase().split(/\r\n\r\n(?:\d\r\n)?/);
      expect({
        line,
        connection: head.match(/^connection: .*$/gm),
        others: head.match(/^x-a: .*$/gm) ?? [],
        body: text?.replace("\r\n0", ""),
      }).toEqual({ line, connection: ["connection: close"], others, body });
    }
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
