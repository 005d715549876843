import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import {
  type AppProcess,
  DEADLINE,
  httpRequest,
  type ListenAddress,
  openConnection,
  openRequest,
  readAnswer,
} from "@sockact/testkit";
import {
  acceptedClient,
  appOnSocket,
  heldClient,
  idleClient,
  rawClient,
  startApp,
  systemdSocket,
  terminate,
} from "./lifecycle-app.ts";

const LONG_KEPT = { properties: { keepAliveTimeout: 60_000 }, options: { drainTimeout: "2min" } };

/** Sends a request on a new connection, and returns the answer with its header `Connection`. */
async function ask(address: ListenAddress): Promise<{ body: string; connection: string | undefined }> {
  const { body, headers } = await httpRequest(address);
  return { body, connection: headers.connection };
}

/** Resolves when no server of the app accepts any more. */
async function untilNothingIsAccepted(app: AppProcess): Promise<void> {
  const deadline = AbortSignal.timeout(DEADLINE);
  for (;;) {
    app.write("is listening");
    const { listening } = await app.event<{ listening: boolean[] }>("is listening");
    if (!listening.includes(true)) return;
    deadline.throwIfAborted();
  }
}

describe.concurrent("after SIGTERM, while a connection from before is open", () => {
  test("new clients are served at once, and each response says Connection: close", async () => {
    const { app, address } = await appOnSocket(LONG_KEPT);
    await using running = app;
    await using idle = await idleClient(running, address);
    await terminate(running);
    for (let count = 0; count < 5; count++)
      expect(await ask(address)).toEqual({ body: "hello", connection: "close" });
    idle.get("/");
    await idle.receives(/hello$/);
    expect(await running.event("drained")).toEqual({ event: "drained", cut: 0 });
    expect(await running.ended).toBe(0);
  });

  test("every server of the process accepts, also one that has no earlier connection itself", async () => {
    const [a, b] = [await systemdSocket(), await systemdSocket()];
    await using app = await startApp(
      [a[0], b[0]],
      {
        apps: [{ ...LONG_KEPT, options: { ...LONG_KEPT.options, name: "a" } }, { options: { name: "b" } }],
      },
      { names: ["a", "b"] },
    );
    await using idle = await idleClient(app, a[1]);
    await terminate(app);
    for (const [, address] of [a, b, a, b])
      expect(await ask(address)).toEqual({ body: "hello", connection: "close" });
    idle.get("/");
    expect(await app.ended).toBe(0);
  });

  test("a slow new request is answered, even after the last connection from before has gone", async () => {
    const { app, address } = await appOnSocket(LONG_KEPT);
    await using running = app;
    await using idle = await idleClient(running, address);
    await terminate(running);
    await using late = await heldClient(running, address);
    idle.get("/");
    expect(await idle.closed).toBe("end");
    await untilNothingIsAccepted(running);
    running.write("answer");
    expect(await late.receives(/done$/)).toMatch(/Connection: close/i);
    expect(await running.ended).toBe(0);
  });

  test("a WebSocket from before gets its close frame at once, and a new one gets it when the server stops accepting", async () => {
    const { app, address } = await appOnSocket({ ...LONG_KEPT, webSockets: true });
    await using running = app;
    const connect = async (): Promise<WebSocket> => {
      const socket = new WebSocket("ws://test/", { createConnection: () => openConnection(address) });
      await once(socket, "open", { signal: AbortSignal.timeout(DEADLINE) });
      await running.event("webSocket");
      return socket;
    };
    const closed = async (socket: WebSocket): Promise<unknown> =>
      ((await once(socket, "close", { signal: AbortSignal.timeout(DEADLINE) })) as [number])[0];
    await using idle = await idleClient(running, address);
    const early = await connect();
    const earlyClosed = closed(early);
    await terminate(running);
    expect(await earlyClosed).toBe(1001);
    const late = await connect();
    late.send("hello");
    await running.event("message");
    expect(late.readyState).toBe(WebSocket.OPEN);
    const lateClosed = closed(late);
    idle.get("/");
    expect(await lateClosed).toBe(1001);
    expect(await running.ended).toBe(0);
  });
});

describe.concurrent("onDrain", () => {
  test("is called again for event streams that were opened since the signal, when the server stops accepting", async () => {
    const { app, address } = await appOnSocket({ ...LONG_KEPT, hooks: ["onEvent", "onDrain"] });
    await using running = app;
    await using idle = await idleClient(running, address);
    await using early = await heldClient(running, address, "/events");
    await terminate(running);
    await early.receives(/over/);
    // Its headers were sent before the stop, and promised to keep the connection.
    early.socket.end();
    await using late = await heldClient(running, address, "/events");
    await late.receives(/event-stream/);
    idle.get("/");
    await late.receives(/over/);
    expect(await running.ended).toBe(0);
    expect(running.stdout.match(/"onDrain"/g)?.length).toBeGreaterThanOrEqual(2);
  });

  test("is called again for an event stream that is opened after the server has stopped accepting", async () => {
    const { app, address } = await appOnSocket({ ...LONG_KEPT, hooks: ["onEvent", "onDrain"] });
    await using running = app;
    await using idle = await idleClient(running, address);
    await terminate(running);
    await using late = await heldClient(running, address, "/unopened");
    idle.get("/");
    expect(await idle.closed).toBe("end");
    await untilNothingIsAccepted(running);
    running.write("open stream");
    await late.receives(/over/);
    expect(await running.event("drained")).toEqual({ event: "drained", cut: 0 });
    expect(await running.ended).toBe(0);
  });

  test("is called once when there is nothing to wait for", async () => {
    const { app } = await appOnSocket({ hooks: ["onEvent", "onDrain"] });
    await using running = app;
    running.kill("SIGTERM");
    expect(await running.ended).toBe(0);
    expect(running.stdout.match(/"onDrain"/g)).toHaveLength(1);
  });
});

describe.concurrent("when the last connection from before has gone", () => {
  test("no socket accepts any more: a new connection waits, and the next process answers it", async () => {
    const [one, two] = [await systemdSocket(), await systemdSocket()];
    await using app = await startApp([one[0], two[0]], { options: { drainTimeout: "2min" } });
    await using early = await heldClient(app, two[1]);
    await terminate(app);
    await using late = await heldClient(app, one[1]);
    app.write("answer");
    await early.receives(/done$/);
    await untilNothingIsAccepted(app);
    const waiting = [one, two].map(([, address]) => openRequest(address));
    for (const request of waiting) request.end();
    await Promise.all(waiting.map(async (request) => (await once(request, "socket"))[0]));
    await using _next = await startApp([one[0], two[0]]);
    for (const request of waiting)
      expect(await readAnswer(request)).toMatchObject({ status: 200, body: "hello" });
    expect(app.stdout.match(/"connection"/g)).toHaveLength(2);
    app.write("answer");
    await late.receives(/done$/);
    expect(await app.ended).toBe(0);
  });

  test.each<[string, (address: ListenAddress, app: AppProcess) => Promise<void>]>([
    ["at once", async () => {}],
    [
      "after others have been served in the meantime",
      async (address) => {
        // Longer than it takes to notice that no earlier connection is left.
        for (let count = 0; count < 20; count++)
          expect(await ask(address)).toEqual({ body: "hello", connection: "close" });
      },
    ],
    [
      "after more than a second",
      async (_, app) => {
        app.write("clock 1200");
        await app.event("clock");
      },
    ],
  ])("a client that had connected by then, and sends its request %s, is answered", async (_, meanwhile) => {
    const { app, address } = await appOnSocket(LONG_KEPT);
    await using running = app;
    await using idle = await idleClient(running, address);
    await terminate(running);
    await using late = await acceptedClient(running, address);
    idle.get("/");
    expect(await idle.closed).toBe("end");
    await meanwhile(address, running);
    late.get("/");
    expect(await late.receives(/hello$/)).toMatch(/Connection: close/i);
    expect(await running.ended).toBe(0);
  });

  test("a client that connects and stays silent does not hold up the end", async () => {
    const { app, address } = await appOnSocket(LONG_KEPT);
    await using running = app;
    await using idle = await idleClient(running, address);
    await terminate(running);
    await using silent = await acceptedClient(running, address);
    idle.get("/");
    expect(await silent.closed).toBe("end");
    expect(await running.ended).toBe(0);
  });

  test("clients that always come back do not hold up the end", async () => {
    const { app, address } = await appOnSocket(LONG_KEPT);
    await using running = app;
    await using idle = await idleClient(running, address);
    await terminate(running);
    let isOver = false;
    const comeBack = async (): Promise<number> => {
      for (let count = 0; ; count++) {
        if (isOver) return count;
        // The last connection waits in the queue. It is closed with the listener of this test.
        await Promise.race([ask(address).catch(() => {}), running.ended]);
      }
    };
    const clients = Promise.all(Array.from({ length: 8 }, comeBack));
    await running.event("connection");
    idle.get("/");
    expect(await running.ended).toBe(0);
    isOver = true;
    for (const count of await clients) expect(count).toBeGreaterThan(0);
  });
});

test.concurrent("a server that starts to listen after SIGTERM is drained too", async () => {
  const [a, b] = [await systemdSocket(), await systemdSocket()];
  await using app = await startApp(
    [a[0], b[0]],
    {
      apps: [{ ...LONG_KEPT, options: { ...LONG_KEPT.options, name: "a" } }],
      late: { options: { name: "b" }, hooks: ["onEvent"] },
    },
    { names: ["a", "b"] },
  );
  await using idle = await idleClient(app, a[1]);
  await terminate(app);
  app.write("serve late");
  await using late = await heldClient(app, b[1]);
  idle.get("/");
  expect(await idle.closed).toBe("end");
  app.write("answer");
  expect(await late.receives(/done$/)).toMatch(/Connection: /i);
  late.socket.end();
  expect(await app.ended).toBe(0);
});

test.concurrent("a connection that is a Duplex instead of a socket ends like the others", async () => {
  const { app } = await appOnSocket({ options: { drainTimeout: "600ms" } });
  await using running = app;
  running.write("duplex");
  running.write("duplex");
  await running.event("request");
  await running.event("request");
  running.write("answer");
  await terminate(running);
  running.write("answer");
  expect(await running.event("drained")).toEqual({ event: "drained", cut: 0 });
  expect(await running.ended).toBe(0);
});

describe.concurrent("half of drainTimeout", () => {
  test("is the longest time that a stop waits for an idle connection; a request that is under way has the other half too", async () => {
    const { app, address } = await appOnSocket({
      properties: { keepAliveTimeout: 0 },
      options: { drainTimeout: "6000ms" },
    });
    await using running = app;
    await using idle = await idleClient(running, address);
    await using busy = await heldClient(running, address);
    await terminate(running);
    expect(await idle.closed).toBe("end");
    expect(running.stdout).not.toContain('"drained"');
    await untilNothingIsAccepted(running);
    running.write("answer");
    expect(await busy.receives(/done$/)).toMatch(/Connection: close/i);
    expect(await running.ended).toBe(0);
  });

  test("does not end a request that has arrived in part", async () => {
    const { app, address } = await appOnSocket({
      properties: { keepAliveTimeout: 0 },
      options: { drainTimeout: "6000ms" },
    });
    await using running = app;
    await using idle = await idleClient(running, address);
    await using half = await idleClient(running, address);
    await terminate(running);
    half.send("GET / HTTP/1.1\r\nHost: local");
    expect(await idle.closed).toBe("end");
    half.send("host\r\n\r\n");
    expect(await half.receives(/hello$/)).toMatch(/Connection: close/i);
    expect(await running.ended).toBe(0);
  });
});

test.concurrent("a client that always has more requests under way learns that its connection ends, and is not reset", async () => {
  const { app, address } = await appOnSocket();
  await using running = app;
  await using client = await rawClient(address);
  const request = "GET /queue HTTP/1.1\r\nHost: localhost\r\n\r\n";
  let answers = 0;
  client.socket.on("data", (text: string) => {
    const more = text.match(/HTTP\/1\.1 200/g)?.length ?? 0;
    answers += more;
    // The client sends a request for each answer, so three more are always on their way.
    if (!client.socket.destroyed) client.send(request.repeat(more));
  });
  client.send(request.repeat(4));
  while (answers < 20) await once(client.socket, "data");
  await terminate(running);
  expect(await client.closed).toBe("end");
  expect(client.received.slice(client.received.lastIndexOf("HTTP/1.1 200"))).toMatch(
    /Connection: close[^]*next$/i,
  );
  expect(await running.event("drained")).toEqual({ event: "drained", cut: 0 });
  expect(await running.ended).toBe(0);
});
