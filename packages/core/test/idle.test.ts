import { once } from "node:events";
import { rmSync } from "node:fs";
import { connect as connectTls } from "node:tls";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { type AppProcess, freeAddress, httpRequest, openConnection, startWithFds } from "@sockact/testkit";
import { WebSocket } from "ws";
import { newFile } from "./cluster-app.ts";
import {
  acceptedClient,
  appOnSocket,
  heldClient,
  type LifecycleApp,
  rawClient,
  RawClient,
  startApp,
  systemdSocket,
} from "./lifecycle-app.ts";

// These tests mostly wait.
vi.setConfig({ maxConcurrency: 8 });

const TIMEOUT = 200;
const idleTimeout = { options: { idleTimeout: `${TIMEOUT}ms` } };
/**
 * The time begins when the test has released the hold, however long it takes until its client has connected.
 */
const held = { ...idleTimeout, held: true };

async function release(app: AppProcess): Promise<void> {
  app.write("release");
  await app.event("released");
}

/**
 * The output of the app after the time in which it would have fallen asleep. A timer of the app itself ends
 * later, and shows that the time is over.
 */
async function afterAWhile(app: AppProcess): Promise<string> {
  app.write(`clock ${2.5 * TIMEOUT}`);
  await app.event("clock");
  return app.stdout;
}

const ENDING = /"(idle|draining)"/;

/** The events of an app that falls asleep by itself, and its exit code. */
async function sleeping(app: AppProcess): Promise<unknown> {
  return { idle: await app.event("idle"), draining: await app.event("draining"), code: await app.ended };
}

const ASLEEP = {
  idle: { event: "idle", timeout: TIMEOUT },
  draining: { event: "draining", signal: null, connections: 0 },
  code: 0,
};

/** Something that keeps the app awake. Returns how to end it. */
type Busy = (app: AppProcess, address: string) => Promise<() => unknown>;

const request =
  (path: string): Busy =>
  async (app, address) => {
    const { socket } = await heldClient(app, address, path);
    return () => socket.destroy();
  };

/** A connection that has sent these bytes. */
const bytes =
  (text: string | Buffer): Busy =>
  async (app, address) => {
    const { socket } = (await acceptedClient(app, address)).send(text);
    return () => socket.destroy();
  };

describe.concurrent("idleTimeout", () => {
  test("ends a process without clients, with 0", async () => {
    const { app } = await appOnSocket(idleTimeout);
    await using running = app;
    expect(await sleeping(running)).toEqual(ASLEEP);
  });

  test("starts again with the end of the last connection", async () => {
    const { app, address } = await appOnSocket(held);
    await using running = app;
    await using client = await heldClient(running, address);
    await release(running);
    expect(await afterAWhile(running)).not.toMatch(ENDING);
    running.write(`clock at close ${TIMEOUT / 2}`);
    client.socket.destroy();
    await running.event("idle");
    expect(await running.ended).toBe(0);
    expect(running.stdout).toMatch(/"clock"[^]*"clock"[^]*"idle"/);
  });

  test.each<[what: string, app: LifecycleApp, busy: Busy]>([
    [
      "a WebSocket is open, even a silent one",
      { webSockets: true },
      async (app, address) => {
        const socket = new WebSocket("ws://localhost/", { createConnection: () => openConnection(address) });
        await once(socket, "open");
        return () => socket.close();
      },
    ],
    ["an event stream is open, even a silent one", {}, request("/events")],
    ["a request is under way", {}, request("/held")],
    ["half a request has arrived", {}, bytes("GET /")],
    // The start of a ClientHello.
    ["a TLS handshake is under way", { kind: "https" }, bytes(Buffer.from([22, 3, 1, 2, 0, 1, 0]))],
    [
      "an upload is under way",
      {},
      async (app, address) => {
        const client = await acceptedClient(app, address);
        const headers = "Host: localhost\r\nContent-Length: 5\r\nConnection: close";
        client.send(`POST /upload HTTP/1.1\r\n${headers}\r\n\r\n1`);
        return async () => client.send("2345").receives(/"bytes":5/);
      },
    ],
    ["a connection is open whose protocol may let the server speak first", { kind: "net" }, bytes("")],
  ])("does not run while %s", async (_, app, busy) => {
    const { app: started, address } = await appOnSocket({ ...held, ...app });
    await using running = started;
    const end = await busy(running, address);
    await release(running);
    expect(await afterAWhile(running)).not.toMatch(ENDING);
    await end();
    expect(await sleeping(running)).toEqual(ASLEEP);
  });

  test.each(["http", "https", "h2c", "http2"] as const)(
    "a connection of %s that has never sent anything does not keep the process awake, and is closed",
    async (kind) => {
      const { app, address } = await appOnSocket({ ...held, kind });
      await using running = app;
      await using client = await acceptedClient(running, address);
      await release(running);
      expect(await sleeping(running)).toEqual(ASLEEP);
      // HTTP/2 sends frames before it closes.
      expect(await client.closed).toMatch(/^(end|reset)/);
    },
  );

  test("an HTTPS connection without a request after its handshake is closed too", async () => {
    const { app, address } = await appOnSocket({ ...held, kind: "https" });
    await using running = app;
    const socket = connectTls({ socket: openConnection(address), rejectUnauthorized: false });
    await using client = new RawClient(socket);
    await once(socket, "secureConnect");
    await release(running);
    expect(await sleeping(running)).toEqual(ASLEEP);
    expect(await client.closed).toBe("end");
  });

  test.each(["/held", "/events"])(
    "a request that arrives while the app falls asleep waits for the next start, and is not cut: %s",
    async (path) => {
      const options = { ...idleTimeout.options, drainTimeout: "400ms" };
      const { app, address, fd } = await appOnSocket({ options, held: true });
      await using running = app;
      await using silent = await acceptedClient(running, address);
      await release(running);
      await running.event("idle");
      await using client = await rawClient(address);
      client.get(path);
      expect(await running.ended).toBe(0);
      expect(await silent.closed).toBe("end");
      await using next = await startApp([fd]);
      await next.event("request");
      next.write("answer");
      await client.receives(/done/);
    },
  );

  test("a request that a busy process has not read yet keeps it awake", async () => {
    const file = newFile();
    const { app, address } = await appOnSocket(held, { env: { BLOCK: file } });
    await using running = app;
    await using client = await acceptedClient(running, address);
    running.write(`block ${2 * TIMEOUT}`);
    await running.event("blocked");
    await new Promise((resolve) =>
      client.socket.write("GET /held HTTP/1.1\r\nHost: localhost\r\n\r\n", resolve),
    );
    rmSync(file);
    await running.event("request");
    expect(running.stdout).not.toMatch(ENDING);
    running.write("answer");
    expect(await client.receives(/done$/)).toMatch(/^Connection: keep-alive\r$/im);
  });

  test("a signal while the app falls asleep does not count as a second signal: it waits for onStop", async () => {
    const { app } = await appOnSocket({ ...idleTimeout, hooks: ["onEvent", "onStop"] });
    await using running = app;
    await running.event("onStop");
    running.kill("SIGTERM");
    running.write("listeners");
    await running.event("listeners");
    running.write("answer");
    expect(await running.ended).toBe(0);
  });

  test("an onStop that never settles does not keep the port closed: the process ends with 1", async () => {
    const { app } = await appOnSocket({
      options: { ...idleTimeout.options, idleExitStatus: 42, drainTimeout: 0 },
      hooks: ["onEvent", "onStop"],
      input: true,
    });
    await using running = app;
    await running.event("onStop");
    expect(await running.event("error")).toMatchObject({
      code: "SOCKACT_ERR_STOP_TIMEOUT",
      error: expect.stringContaining("has not ended within 5 s"),
    });
    expect(await running.ended).toBe(1);
  });

  test("with `signals: false` too, the process ends with its status, even if timers or streams would keep it alive", async () => {
    const { app } = await appOnSocket({
      options: { idleTimeout: `${TIMEOUT}ms`, idleExitStatus: 42, signals: false },
      hooks: ["onEvent", "onStop"],
      input: true,
    });
    await using running = app;
    await running.event("onStop");
    running.write("answer");
    expect(await running.ended).toBe(42);
  });

  test("of several apps: the longest applies", async () => {
    const [a, b] = [await systemdSocket(), await systemdSocket()];
    await using app = await startApp(
      [a[0], b[0]],
      {
        apps: [
          { options: { name: "a", idleTimeout: "200ms" } },
          { options: { name: "b", idleTimeout: "50ms" } },
        ],
      },
      { names: ["a", "b"] },
    );
    expect(await app.event("idle")).toEqual({ event: "idle", timeout: 200 });
    expect(await app.ended).toBe(0);
  });

  test.each(["off", "infinity", "no"])("is overridden by the unit: SOCKACT_IDLE_TIMEOUT=%s", async (text) => {
    const { app } = await appOnSocket(idleTimeout, { env: { SOCKACT_IDLE_TIMEOUT: text } });
    await using running = app;
    await running.event("ready");
    expect(await afterAWhile(running)).not.toMatch(ENDING);
  });

  test("can be set in the unit alone, without a change of the code", async () => {
    const { app } = await appOnSocket({}, { env: { SOCKACT_IDLE_TIMEOUT: `${TIMEOUT}ms` } });
    await using running = app;
    expect(await sleeping(running)).toEqual(ASLEEP);
  });

  test.each([
    { options: { idleExitStatus: 42 }, env: {}, code: 42 },
    { options: {}, env: { SOCKACT_IDLE_EXIT_STATUS: "42" }, code: 42 },
    { options: { idleExitStatus: 7 }, env: { SOCKACT_IDLE_EXIT_STATUS: "0" }, code: 0 },
  ])(
    "ends the process with the exit status that you choose: $options $env",
    async ({ options, env, code }) => {
      const { app } = await appOnSocket({ options: { idleTimeout: `${TIMEOUT}ms`, ...options } }, { env });
      await using running = app;
      expect(await sleeping(running)).toEqual({ ...ASLEEP, code });
    },
  );

  test("an exit code that the app has set is kept, and an error event says so", async () => {
    const { app } = await appOnSocket({
      options: { ...idleTimeout.options, idleExitStatus: 42 },
      held: true,
    });
    await using running = app;
    running.write("exit code");
    running.write("release");
    await running.event("exit code");
    expect(await running.event("error")).toMatchObject({
      code: "SOCKACT_ERR_EXIT_STATUS",
      error: expect.stringContaining("3 instead of 42"),
    });
    expect(await running.ended).toBe(3);
  });

  test.each([
    { hooks: ["onEvent", "onStop that exits"], before: [] },
    { hooks: ["onEvent"], before: ["exit"] },
  ])("an app that ends the process with a status of its own is told so: $hooks $before", async (how) => {
    const options = { idleTimeout: `${TIMEOUT}ms`, idleExitStatus: 42 };
    const { app } = await appOnSocket({ options, ...how });
    await using running = app;
    expect(await running.event("error")).toMatchObject({
      code: "SOCKACT_ERR_EXIT_STATUS",
      error: expect.stringContaining("0 instead of 42"),
    });
    expect(await running.ended).toBe(0);
  });

  test("a stop by a signal, or one that fails, does not end with the status of an idle process", async () => {
    const options = { idleExitStatus: 42 };
    const { app } = await appOnSocket({ options });
    await using stopped = app;
    stopped.kill("SIGTERM");
    expect(await stopped.ended).toBe(0);
    const { app: other } = await appOnSocket({
      options: { ...options, idleTimeout: `${TIMEOUT}ms` },
      hooks: ["onEvent", "onStop that fails"],
    });
    await using failing = other;
    expect(await failing.ended).toBe(1);
  });

  test("does not end a process that was not activated, because nothing would wake it", async () => {
    const address = await freeAddress("tcp4");
    const port = Number(address.split(":").at(-1));
    await using app = await startApp([], {
      options: { host: "127.0.0.1", port, ...idleTimeout.options, signals: true },
    });
    await app.event("ready");
    expect(await afterAWhile(app)).not.toMatch(ENDING);
    expect((await httpRequest(address)).status).toBe(200);
  });
});

describe.concurrent("keepAwake()", () => {
  test("keeps a process awake until it is released; each call counts, and a second release has no effect", async () => {
    const { app } = await appOnSocket(held);
    await using running = app;
    running.write("hold");
    await running.event("held");
    // The first hold is released twice, and the second one is not.
    await release(running);
    expect(await afterAWhile(running)).not.toMatch(ENDING);
    await release(running);
    expect(await sleeping(running)).toEqual(ASLEEP);
  });

  test("called in onEvent at `idle`, keeps the process awake", async () => {
    const { app, address } = await appOnSocket({ ...idleTimeout, hooks: ["onEvent that holds"] });
    await using running = app;
    await running.event("idle");
    expect(await afterAWhile(running)).not.toContain('"draining"');
    expect((await httpRequest(address, "/", { headers: { connection: "close" } })).body).toBe("hello");
    running.write("release");
    await running.event("draining");
    expect(await running.ended).toBe(0);
  });

  test("called in onStop, delays the end of a process that falls asleep until it is released", async () => {
    const { app } = await appOnSocket({ ...idleTimeout, hooks: ["onEvent", "onStop that holds"] });
    await using running = app;
    await running.event("held");
    running.write(`clock ${TIMEOUT}`);
    await running.event("clock");
    running.write("release");
    await running.event("released");
    expect(await running.ended).toBe(0);
  });

  test("does not delay a stop by a signal", async () => {
    const { app } = await appOnSocket(held);
    await using running = app;
    running.kill("SIGTERM");
    expect(await running.ended).toBe(0);
  });
});

test.concurrent("the example of the docs finishes its work, and sleeps afterwards", async () => {
  const [fd] = await systemdSocket();
  const program = fileURLToPath(new URL("programs/newsletter.mjs", import.meta.url));
  await using app = startWithFds([fd], [process.execPath, program]);
  expect(await app.ended).toBe(0);
  expect(app.stdout).toBe("sent\n");
  expect(app.stderr).toContain("idle for 0.3 s, going to sleep");
});
