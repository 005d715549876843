import { once } from "node:events";
import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { type AppProcess, freeAddress, httpRequest, openConnection, startWithFds } from "@sockact/testkit";
import { WebSocket } from "ws";
import {
  acceptedClient,
  appOnSocket,
  heldClient,
  rawClient,
  RawClient,
  startApp,
  untilAnotherSleeps,
  systemdSocket,
} from "./lifecycle-app.ts";

// These tests mostly wait.
vi.setConfig({ maxConcurrency: 8 });

const TIMEOUT = 600;
const idleTimeout = { options: { idleTimeout: `${TIMEOUT}ms` } };

/** The output of the app after three times its timeout. */
async function afterAWhile(app: AppProcess): Promise<string> {
  for (let times = 0; times < 3; times++) await untilAnotherSleeps(TIMEOUT);
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

describe.concurrent("idleTimeout", () => {
  test("ends a process without clients, with 0", async () => {
    const { app } = await appOnSocket(idleTimeout);
    await using running = app;
    expect(await sleeping(running)).toEqual(ASLEEP);
  });

  test("starts again with the last connection", async () => {
    const { app, address } = await appOnSocket(idleTimeout);
    await using running = app;
    let isOver = false;
    const over = untilAnotherSleeps(TIMEOUT).then(() => (isOver = true));
    while (!isOver)
      expect((await httpRequest(address, "/", { headers: { connection: "close" } })).body).toBe("hello");
    await over;
    expect(running.stdout).not.toContain('"idle"');
    await running.event("idle");
    expect(await running.ended).toBe(0);
  });

  test("does not run while a WebSocket is open, even a silent one", async () => {
    const { app, address } = await appOnSocket({ ...idleTimeout, webSockets: true });
    await using running = app;
    const socket = new WebSocket("ws://localhost/", { createConnection: () => openConnection(address) });
    await once(socket, "open");
    expect(await afterAWhile(running)).not.toMatch(ENDING);
    socket.close();
    expect(await sleeping(running)).toEqual(ASLEEP);
  });

  test.each(["/events", "/held"])(
    "does not run while a response is under way, even a silent one: %s",
    async (path) => {
      const { app, address } = await appOnSocket(idleTimeout);
      await using running = app;
      await using client = await heldClient(running, address, path);
      expect(await afterAWhile(running)).not.toMatch(ENDING);
      client.socket.destroy();
      expect(await sleeping(running)).toEqual(ASLEEP);
    },
  );

  test("does not run while an upload or half a request is under way", async () => {
    const { app, address } = await appOnSocket(idleTimeout);
    await using running = app;
    await using client = await acceptedClient(running, address);
    client.send(
      "POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nConnection: close\r\n\r\n1",
    );
    await using half = await acceptedClient(running, address);
    half.send("GET /");
    expect(await afterAWhile(running)).not.toMatch(ENDING);
    half.socket.destroy();
    expect(await afterAWhile(running)).not.toMatch(ENDING);
    client.send("2345");
    await client.receives(/"bytes":5/);
    expect(await sleeping(running)).toEqual(ASLEEP);
  });

  test("does not run while a TLS handshake is under way", async () => {
    const { app, address } = await appOnSocket({ ...idleTimeout, kind: "https" });
    await using running = app;
    await using client = await acceptedClient(running, address);
    // The start of a ClientHello.
    client.send(Buffer.from([22, 3, 1, 2, 0, 1, 0]));
    expect(await afterAWhile(running)).not.toMatch(ENDING);
    client.socket.destroy();
    expect(await sleeping(running)).toEqual(ASLEEP);
  });

  test("an HTTP connection that has never sent anything does not keep the process awake, and is closed", async () => {
    const { app, address } = await appOnSocket(idleTimeout);
    await using running = app;
    await using client = await acceptedClient(running, address);
    expect(await sleeping(running)).toEqual(ASLEEP);
    expect(await client.closed).toBe("end");
  });

  test.each(["https", "h2c", "http2"] as const)(
    "a connection of %s that has never sent anything is closed too",
    async (kind) => {
      const { app, address } = await appOnSocket({ ...idleTimeout, kind });
      await using running = app;
      await using client = await acceptedClient(running, address);
      expect(await sleeping(running)).toEqual(ASLEEP);
      // HTTP/2 sends frames before it closes.
      await client.closed;
    },
  );

  test("an HTTPS connection without a request after its handshake is closed too", async () => {
    const { app, address } = await appOnSocket({ ...idleTimeout, kind: "https" });
    await using running = app;
    const port = Number(address.split(":").at(-1));
    const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
    await using client = new RawClient(socket);
    await once(socket, "secureConnect");
    expect(await sleeping(running)).toEqual(ASLEEP);
    expect(await client.closed).toBe("end");
  });

  test.each(["/held", "/events"])(
    "a request that arrives while the app falls asleep waits for the next start, and is not cut: %s",
    async (path) => {
      const options = { ...idleTimeout.options, drainTimeout: "400ms" };
      const { app, address, fd } = await appOnSocket({ options });
      await using running = app;
      await using silent = await acceptedClient(running, address);
      await running.event("idle");
      await using client = await rawClient(address);
      client.get(path);
      expect(await running.ended).toBe(0);
      expect(await silent.closed).toBe("end");
      await using next = await startApp([fd], { options });
      await next.event("request");
      next.write("answer");
      await client.receives(/done/);
    },
  );

  test("a request that a busy process has not read yet keeps it awake", async () => {
    const { app, address } = await appOnSocket(idleTimeout);
    await using running = app;
    await using client = await acceptedClient(running, address);
    running.write("block");
    await running.event("blocked");
    client.get("/held");
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

  test("does not run while a connection is open whose protocol may let the server speak first", async () => {
    const { app, address } = await appOnSocket({ ...idleTimeout, kind: "net" });
    await using running = app;
    await using client = await acceptedClient(running, address);
    expect(await afterAWhile(running)).not.toMatch(ENDING);
    client.socket.end();
    expect(await sleeping(running)).toEqual(ASLEEP);
  });

  test("a process that goes to sleep calls onStop", async () => {
    const { app } = await appOnSocket({ ...idleTimeout, hooks: ["onEvent", "onStop"] });
    await using running = app;
    await running.event("onStop");
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
      code: "ERR_STOP_TIMEOUT",
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
          { options: { name: "a", idleTimeout: "400ms" } },
          { options: { name: "b", idleTimeout: "50ms" } },
        ],
      },
      { names: ["a", "b"] },
    );
    expect(await app.event("idle")).toEqual({ event: "idle", timeout: 400 });
    expect(await app.ended).toBe(0);
  });

  test.each(["off", "infinity", "no"])("is overridden by the unit: SOCKACT_IDLE_TIMEOUT=%s", async (text) => {
    const { app } = await appOnSocket(
      { options: { idleTimeout: "50ms" } },
      { env: { SOCKACT_IDLE_TIMEOUT: text } },
    );
    await using running = app;
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
    const { app } = await appOnSocket({ options: { idleTimeout: `${TIMEOUT}ms`, idleExitStatus: 42 } });
    await using running = app;
    running.write("exit code");
    await running.event("exit code");
    expect(await running.event("error")).toMatchObject({
      code: "ERR_EXIT_STATUS",
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
      code: "ERR_EXIT_STATUS",
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
      options: { host: "127.0.0.1", port, idleTimeout: "50ms", signals: true },
    });
    expect(await afterAWhile(app)).not.toMatch(ENDING);
    expect((await httpRequest(address)).status).toBe(200);
  });
});

describe.concurrent("hold()", () => {
  test("keeps a process awake until it is released; each call counts, and a second release has no effect", async () => {
    const { app } = await appOnSocket(idleTimeout);
    await using running = app;
    running.write("hold");
    running.write("hold");
    await running.event("held");
    await running.event("held");
    expect(await afterAWhile(running)).not.toMatch(ENDING);
    // The first hold is released twice, and the second one is not.
    running.write("release");
    await running.event("released");
    expect(await afterAWhile(running)).not.toMatch(ENDING);
    running.write("release");
    await running.event("released");
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
    expect(await afterAWhile(running)).toContain('"held"');
    running.write("release");
    await running.event("released");
    expect(await running.ended).toBe(0);
  });

  test("does not delay a stop by a signal", async () => {
    const { app } = await appOnSocket(idleTimeout);
    await using running = app;
    running.write("hold");
    await running.event("held");
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

test.concurrent("a connection at the last moment is answered by this process or the next one", async () => {
  const [fd, address] = await systemdSocket();
  const idle = 25;
  let over = false;
  let starts = 0;
  // Like the service manager, this starts the next process for a waiting connection.
  const manager = (async () => {
    while (!over) {
      starts++;
      await using app = await startApp([fd], { options: { idleTimeout: `${idle}ms` } });
      expect(await app.ended).toBe(0);
    }
  })();
  const agents = [new Agent(), new Agent({ keepAlive: true })];
  const outcomes: Record<string, number> = {};
  const ask = async (agent: Agent): Promise<void> => {
    const [host, port] = address.split(":") as [string, string];
    const sent = request({ host, port, agent, headers: agent === agents[0] ? { connection: "close" } : {} });
    const outcome = await new Promise<string>((resolve) => {
      sent.on("response", (response) =>
        response.resume().on("end", () => resolve(String(response.statusCode))),
      );
      sent.on("error", (error: NodeJS.ErrnoException) => resolve(String(error.code)));
      sent.end();
    });
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  };
  const rounds = process.env["SOCKACT_LONG"] ? 100 : 20;
  for (let round = 0; round < rounds; round++) {
    // Around the moment at which it falls asleep, a little earlier or later each time.
    await delay(idle - 10 + (round % 20));
    await Promise.all([ask(agents[0] as Agent), ask(agents[0] as Agent), ask(agents[0] as Agent)]);
  }
  over = true;
  for (const agent of agents) agent.destroy();
  await manager;
  expect(outcomes).toEqual({ 200: 3 * rounds });
  expect(starts, "it did fall asleep between").toBeGreaterThan(rounds / 8);
}, 120_000);
