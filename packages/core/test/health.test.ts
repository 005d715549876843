import { once } from "node:events";
import { connect } from "node:http2";
import { connect as connectTls } from "node:tls";
import { describe, expect, test } from "vitest";
import {
  type AppProcess,
  certificateOf,
  describeWith,
  freeAddress,
  httpRequest,
  type ListenAddress,
  openConnection,
  requestOver,
  socketActivate,
  startWithFds,
} from "@sockact/testkit";
import { programOf } from "./cluster-app.ts";
import {
  appOnSocket,
  idleClient,
  type LifecycleServer,
  program,
  rawClient,
  startApp,
  systemdSocket,
  terminate,
} from "./lifecycle-app.ts";

const health = "/healthz";
const options = { health };

const headersOf = (state: string): object => ({
  "content-type": "text/plain",
  "content-length": String(state.length),
  "cache-control": "no-store",
});

/** The state that a probe on a new connection gets. */
async function probe(address: ListenAddress): Promise<string> {
  const { status, body } = await httpRequest(address, health);
  expect(status).toBe(body === "ready" ? 200 : 503);
  return body;
}

/** Makes requests over one HTTP/2 session, with the status and the body of each. */
async function http2Requests(
  address: ListenAddress,
  requests: readonly [method: string, path: string][],
  secure: boolean,
): Promise<unknown[]> {
  const socket = openConnection(address);
  const session = connect(secure ? "https://localhost" : "http://localhost", {
    createConnection: () =>
      secure ? connectTls({ socket, rejectUnauthorized: false, ALPNProtocols: ["h2"] }) : socket,
  });
  const answers: unknown[] = [];
  for (const [method, path] of requests) {
    const stream = session.request({ ":method": method, ":path": path });
    const [{ ":status": status, ...headers }] = (await once(stream, "response")) as [Record<string, unknown>];
    const body = (await stream.setEncoding("utf8").toArray()).join("");
    answers.push({ status, headers, body });
  }
  session.destroy();
  return answers;
}

test("the documentation shows the response", async () => {
  const { app, address } = await appOnSocket({ options });
  await using _ = app;
  await using client = await rawClient(address);
  const response = await client.get(health).receives(/ready$/);
  const shown = response.replaceAll("\r", "").replaceAll(/^(?:Date|Connection|Keep-Alive): .*\n/gm, "");
  await expect(`${shown}\n`).toMatchFileSnapshot("../../../docs/outputs/health.txt");
});

describe.concurrent("the option health", () => {
  const tls = { key: certificateOf("localhost").key, cert: certificateOf("localhost").cert };

  test.each<[what: string, LifecycleServer, secure: boolean]>([
    ["node:http", { kind: "http", options }, false],
    ["node:https", { kind: "https", options }, true],
    ["the option tls", { kind: "http", options: { ...options, tls } }, true],
    [
      "HTTP/1 of http2.createSecureServer()",
      { kind: "http2", serverOptions: { allowHTTP1: true }, options },
      true,
    ],
  ])(
    "%s: GET and HEAD of the path are answered, and the app does not see them",
    async (_, server, secure) => {
      const { app, address } = await appOnSocket(server);
      await using running = app;
      const socket = openConnection(address);
      const stream = secure ? connectTls({ socket, rejectUnauthorized: false }) : socket;
      for (const path of [health, `${health}?`, `${health}?from=balancer`])
        expect(await requestOver(stream as never, path)).toMatchObject({
          status: 200,
          headers: { ...headersOf("ready"), connection: "keep-alive" },
          body: "ready",
        });
      // The connection is kept, and everything else is the app's.
      expect(await requestOver(stream as never, "/healthz/more")).toMatchObject({ body: "hello" });
      stream.destroy();
      await running.event("request");
      expect(running.stdout.match(/"request"/g)).toHaveLength(1);
    },
  );

  test.each<[what: string, LifecycleServer, secure: boolean]>([
    ["http2.createServer()", { kind: "h2c", options }, false],
    ["http2.createSecureServer()", { kind: "http2", options }, true],
    ["a listener of `stream`", { kind: "streams", options }, false],
    [
      "the option tls with h2",
      { kind: "http", options: { ...options, tls: { ...tls, ALPNProtocols: ["h2"] } } },
      true,
    ],
  ])("%s: GET and HEAD of HTTP/2 are answered, and the app does not see them", async (_, server, secure) => {
    const { app, address } = await appOnSocket(server);
    await using running = app;
    const answers = await http2Requests(
      address,
      [
        ["GET", `${health}?a`],
        ["HEAD", health],
        ["GET", "/"],
      ],
      secure,
    );
    const headers = expect.objectContaining(headersOf("ready")) as unknown;
    expect(answers).toEqual([
      { status: 200, headers, body: "ready" },
      { status: 200, headers, body: "" },
      expect.objectContaining({ status: 200, body: "hello" }),
    ]);
    await running.event("request");
    expect(running.stdout.match(/"request"/g)).toHaveLength(1);
  });

  test("another method, another path, and a path with other letters are the app's", async () => {
    const { app, address } = await appOnSocket({ options });
    await using _ = app;
    for (const [method, path] of [
      ["POST", health],
      ["OPTIONS", health],
      ["GET", "/health"],
      ["GET", "/healthz/"],
      ["GET", "/Healthz"],
      ["GET", "/a/healthz"],
      ["GET", "/?/healthz"],
    ] as const) {
      expect(await httpRequest(address, path, { method })).toMatchObject({ status: 200, body: "hello" });
      expect(await app.event("request")).toMatchObject({ url: path });
    }
  });

  test("the absolute form of a target is a probe too", async () => {
    const { app, address } = await appOnSocket({ options });
    await using _ = app;
    await using client = await rawClient(address);
    const bodyFor = async (target: string): Promise<string> =>
      (await client.get(target).receives(/\r\n\r\n(ready|hello)$/)).split("\r\n\r\n")[1] as string;
    for (const target of ["http://localhost/healthz", "HTTPS://a.example:8080/healthz?x"])
      expect([target, await bodyFor(target)]).toEqual([target, "ready"]);
    for (const target of ["http://localhost", "http://localhost/?/healthz", "ftp://localhost/healthz"])
      expect([target, await bodyFor(target)]).toEqual([target, "hello"]);
  });

  test("HTTP/1.0, HEAD, a body, Expect: 100-continue and pipelining work as usual", async () => {
    const { app, address } = await appOnSocket({ options, continues: true });
    await using _ = app;
    await using old = await rawClient(address);
    old.send("GET /healthz HTTP/1.0\r\n\r\n");
    expect(await old.closed).toBe("end");
    expect(old.received).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nready$/);
    await using client = await rawClient(address);
    client.send("HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").get("/1").get(health).get("/2");
    const head = /200 OK\r\n[^]*?Content-Length: 5\r\n[^]*?\r\n\r\n/.source;
    expect(await client.receives(/hello[^]*ready[^]*hello$/)).toMatch(
      new RegExp(`^HTTP/1\\.1 ${head}HTTP/1\\.1 200 OK[^]*hello[^]*ready[^]*hello$`),
    );
    client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody").get("/3");
    await client.receives(/ready[^]*hello$/);
    client.get(health, ["Expect: 100-continue", "Content-Length: 4"]);
    expect(await client.receives(/ready$/)).not.toContain("100 Continue");
  });

  test("503 starting until `onListen` is fulfilled, then 200", async () => {
    const { app, address } = await appOnSocket({ options, hooks: ["onEvent", "onListen"] });
    await using _ = app;
    expect(await probe(address)).toBe("starting");
    expect((await httpRequest(address, "/own")).json()).toEqual({ healthy: false, state: "starting" });
    app.write("answer");
    await app.event("ready");
    expect(await probe(address)).toBe("ready");
    expect((await httpRequest(address, "/own")).json()).toEqual({ healthy: true, state: "ready" });
  });

  test("a probe that waits for the start gets 200 at once if there is nothing else to wait for", async () => {
    const [fd, address] = await systemdSocket();
    const waiting = probe(address);
    await using _ = await startApp([fd], { options });
    expect(await waiting).toBe("ready");
  });

  test("503 stopping after SIGTERM, on an open connection and on a new one, and the connection closes", async () => {
    const { app, address } = await appOnSocket({ options });
    await using _ = app;
    await using other = await idleClient(app, address);
    const balancer = openConnection(address);
    await requestOver(balancer, health);
    await terminate(app);
    const stopping = {
      status: 503,
      headers: { ...headersOf("stopping"), connection: "close" },
      body: "stopping",
    };
    expect(await requestOver(balancer, health)).toMatchObject(stopping);
    expect(await httpRequest(address, health)).toMatchObject(stopping);
    other.get("/");
    await other.receives(/hello/);
    expect(await app.ended).toBe(0);
  });

  test.each(["healthCheck that fails", "healthCheck that rejects"])(
    "503 unhealthy with a %s",
    async (hook) => {
      const { app, address } = await appOnSocket({ options, hooks: ["onEvent", hook] });
      await using running = app;
      await running.event("ready");
      running.write("check");
      await running.event("checked");
      // An answer of the last second counts.
      expect(running.stdout.match(/"healthCheck"/g)).toHaveLength(1);
      expect(await Promise.all([probe(address), probe(address), probe(address)])).toEqual(
        Array(3).fill("unhealthy"),
      );
      expect((await httpRequest(address, "/own")).json()).toEqual({ healthy: false, state: "unhealthy" });
      await running.event("health");
      const errors = running.stdout.match(/"error"[^\n]*from healthCheck/g) ?? [];
      expect(errors).toHaveLength(hook.endsWith("rejects") ? 1 : 0);
      expect(running.stdout.match(/"event":"health"[^\n]*/g)).toEqual([
        '"event":"health","state":"unhealthy"}',
      ]);
    },
  );

  test("a healthCheck that rejects again is reported once", async () => {
    const { app, address } = await appOnSocket({ options, hooks: ["onEvent", "healthCheck that rejects"] });
    await using running = app;
    for (let asked = 0; asked < 2; asked++) {
      while ((running.stdout.match(/"healthCheck"/g) ?? []).length <= asked) await probe(address);
    }
    expect(await probe(address)).toBe("unhealthy");
    await running.line(/from healthCheck/);
    expect(running.stdout.match(/from healthCheck/g)).toHaveLength(1);
  });

  test("503 unhealthy while a healthCheck hangs, which is not called again", async () => {
    const { app, address } = await appOnSocket({ options, hooks: ["onEvent", "healthCheck that waits"] });
    await using running = app;
    expect(await Promise.all([probe(address), probe(address)])).toEqual(["unhealthy", "unhealthy"]);
    expect(await probe(address)).toBe("unhealthy");
    await running.line(/"healthCheck"/);
    expect(running.stdout.match(/"healthCheck"/g)).toHaveLength(1);
    app.write("answer");
    let state = "unhealthy";
    while (state === "unhealthy") state = await probe(address);
    expect(state).toBe("ready");
  });

  test("a probe that waits for healthCheck does not delay the stop", async () => {
    const { app, address } = await appOnSocket({
      // Shorter than the time that healthCheck has.
      options: { ...options, drainTimeout: "3s" },
      hooks: ["onEvent", "healthCheck that waits"],
    });
    await using _ = app;
    const waiting = httpRequest(address, health);
    await app.event("healthCheck");
    app.kill("SIGTERM");
    expect(await waiting).toMatchObject({ status: 503, headers: { connection: "close" }, body: "stopping" });
    expect(await app.ended).toBe(0);
  });

  test.each([
    ["sets the path", {}, "/alive", [404, 200]],
    ["overrides the path of the option", options, "/alive", [404, 200]],
    ["turns the option off", options, "no", [404, 404]],
    ["has no effect when it is empty", options, "", [200, 404]],
  ])("SOCKACT_HEALTH %s", async (_, own, SOCKACT_HEALTH, expected) => {
    const { app, address } = await appOnSocket(
      { options: own, hooks: ["onEvent"] },
      { env: { SOCKACT_HEALTH } },
    );
    await using _running = app;
    const answers = await Promise.all([health, "/alive"].map((path) => httpRequest(address, path)));
    expect(answers.map(({ body }) => (body === "hello" ? 404 : 200))).toEqual(expected);
  });

  test("started by hand, it answers as well, and a signal ends the process as usual", async () => {
    const port = Number((await freeAddress("tcp4")).split(":").at(-1));
    await using app = await startApp([], {
      options: { ...options, port, host: "127.0.0.1" },
      hooks: ["healthCheck that fails", "onListen"],
    });
    expect(await probe(`127.0.0.1:${port}`)).toBe("unhealthy");
    expect(app.stdout).not.toContain("asked whether ready");
    app.kill("SIGTERM");
    expect(await app.ended).toBe("SIGTERM");
  });

  test("with `signals`, an app that you start yourself answers as under systemd", async () => {
    const port = Number((await freeAddress("tcp4")).split(":").at(-1));
    const address = `127.0.0.1:${port}`;
    await using app = await startApp([], {
      options: { ...options, port, host: "127.0.0.1", signals: true },
      hooks: ["onEvent", "onListen"],
    });
    expect(await probe(address)).toBe("starting");
    app.write("answer");
    await app.event("ready");
    await using client = await rawClient(address);
    client.get("/held");
    await app.event("request");
    expect(await probe(address)).toBe("ready");
    await terminate(app);
    expect(await probe(address)).toBe("stopping");
    app.write("answer");
    expect(await app.ended).toBe(0);
  });

  test("each worker of a cluster answers for itself", async () => {
    const [fd, address] = await systemdSocket();
    await using app = startWithFds([fd], programOf("cluster"), {
      env: { LISTEN_OPTIONS: JSON.stringify(options) },
    });
    await app.event("up");
    expect(await probe(address)).toBe("ready");
    app.kill("SIGTERM");
    expect(await app.ended).toBe(0);
  });
});

describeWith({ commands: ["systemd-socket-activate"] }, "the option health with Accept=yes", () => {
  test("a probe is answered, and its process ends", async () => {
    const address = await freeAddress("tcp4");
    await using activator = await socketActivate([address], program, {
      env: { APP: JSON.stringify({ options }) },
      how: ["--accept"],
    });
    expect(await httpRequest(address, health, { headers: { connection: "close" } })).toMatchObject({
      status: 200,
      body: "ready",
    });
    await activator.line(/died with code 0/);
  });
});

describe.concurrent("probes and sleep", () => {
  const idleTimeout = "600ms";
  const sleepy = { options: { ...options, idleTimeout } };

  /**
   * Probes until the process has ended, and returns the answers and how connections ended. A probe that stays
   * in the queue of the socket has neither.
   */
  async function probeUntilEnd(app: AppProcess, once_: () => Promise<string>): Promise<Set<string>> {
    const seen = new Set<string>();
    let hasEnded = false;
    const ended = app.ended.then(() => (hasEnded = true));
    while (!hasEnded) {
      const answer = await Promise.race([once_(), ended.then(() => undefined)]);
      if (answer !== undefined) seen.add(answer);
    }
    return seen;
  }

  test("probes on new connections do not keep an idle app awake, and none is lost", async () => {
    const { app, address } = await appOnSocket({ ...sleepy, held: true });
    await using running = app;
    const endedProbe = async () => {
      const client = await rawClient(address);
      client.get(health);
      return `${await client.closed} ${client.received.slice(-5)}`;
    };
    expect(await endedProbe()).toBe("end ready");
    running.write("release");
    const seen = await probeUntilEnd(running, endedProbe);
    // On a slow machine, it falls asleep before the next one.
    expect([...seen].filter((answer) => answer !== "end ready")).toEqual([]);
    expect(await running.ended).toBe(0);
    expect(running.stdout).toContain('"idle"');
  });

  test("an app that may sleep ends the connection of a probe, in HTTP/1 and in HTTP/2", async () => {
    const { app, address } = await appOnSocket({ ...sleepy, held: true });
    await using _ = app;
    await app.event("ready");
    expect(await requestOver(openConnection(address), health)).toMatchObject({
      headers: { connection: "close" },
    });
    const h2 = await appOnSocket({ kind: "h2c", ...sleepy, held: true });
    await using other = h2.app;
    await other.event("ready");
    const session = connect("http://localhost", { createConnection: () => openConnection(h2.address) });
    const stream = session.request({ ":path": health });
    await once(stream.resume(), "response");
    await once(session, "close");
    other.write("release");
    expect(await other.ended).toBe(0);
  });

  test.each([
    ["before the app is ready", true],
    ["after that", false],
  ])("a connection that has carried a request and a probe starts the time again: %s", async (_, isBefore) => {
    const { app, address } = await appOnSocket({ ...sleepy, held: true, hooks: ["onEvent", "onListen"] });
    await using running = app;
    await running.event("asked whether ready");
    const becomeReady = async (): Promise<void> => {
      running.write("answer");
      await running.event("ready");
    };
    if (!isBefore) await becomeReady();
    await using client = await rawClient(address);
    client.get("/held").get(health);
    await running.event("request");
    if (isBefore) await becomeReady();
    running.write("release");
    // The time of the app is over by then, too.
    running.write("clock 900");
    await running.event("clock");
    running.write("clock at close 300");
    running.write("answer");
    await client.closed;
    expect(client.received).toMatch(/done[^]*(ready|starting)$/);
    await running.event("idle");
    expect(running.stdout).toMatch(/"clock"[^]*"clock"[^]*"idle"/);
    expect(await running.ended).toBe(0);
  });

  test("a worker of a cluster sleeps too", async () => {
    const [fd, address] = await systemdSocket();
    await using app = startWithFds([fd], programOf("cluster"), {
      env: { LISTEN_OPTIONS: JSON.stringify(sleepy.options), WORKERS: "1" },
    });
    await app.event("up");
    const seen = await probeUntilEnd(app, async () => {
      const client = await rawClient(address);
      client.get(health);
      return `${await client.closed} ${client.received.slice(-5)}`;
    });
    expect([...seen]).toEqual(["end ready"]);
    expect(await app.ended).toBe(0);
  });
});
