import { closeSync } from "node:fs";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { type AddressInfo, createServer, Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { expect, test } from "vitest";
import {
  type ActivationOptions,
  type AppProcess,
  describeWith,
  freeAddress,
  openConnection,
  rawSocket,
  rawSocketPair,
  requestOver,
  socketActivate,
  certificateOf,
} from "@sockact/testkit";
import { WebSocket } from "ws";
import { type LifecycleApp, program, RawClient, startApp, terminate } from "./lifecycle-app.ts";

/** Starts the program for one connection, and returns the client's end of it. */
async function appOnConnection(
  app: LifecycleApp = {},
  { kind = "tcp4", names = ["connection"], ...options }: ActivationOptions & { kind?: "tcp4" | "unix" } = {},
): Promise<{ app: AppProcess; socket: Socket; client: RawClient }> {
  const [fd, socket] = await connection(kind);
  const started = await startApp([fd], { hooks: ["onEvent", "onStop"], ...app }, { names, ...options });
  closeSync(fd);
  let client: RawClient | undefined;
  return {
    app: started,
    socket,
    // Some tests read from the socket themselves.
    get client() {
      return (client ??= new RawClient(socket));
    },
  };
}

/**
 * The server's end of a connection, as the descriptor that systemd would have accepted, and the client's end.
 */
async function connection(kind: "tcp4" | "unix"): Promise<[fd: number, client: Socket]> {
  if (kind === "unix") {
    const [fd, other] = rawSocketPair();
    return [fd, new Socket({ fd: other })];
  }
  const clients = createServer().listen(0, "127.0.0.1");
  await once(clients, "listening");
  const accepted = once(clients, "connection");
  const { port } = clients.address() as AddressInfo;
  const fd = rawSocket("ipv4", "stream", { connectedTo: `127.0.0.1:${port}` });
  const [socket] = (await accepted) as [Socket];
  clients.close();
  return [fd, socket];
}

/**
 * Waits until the app ends with its connection. Checks what it does at the end, and returns how it has ended.
 */
async function endOf(app: AppProcess): Promise<unknown> {
  await app.event("served");
  // A framework may ask for the address only now: Fastify, which looks up localhost first, would throw.
  expect((await app.event("server closed"))["address"]).not.toBeNull();
  await app.event("onStop");
  app.write("answer");
  await app.event("onStop done");
  const code = await app.ended;
  return { code, stderr: app.stderr, drained: app.stdout.includes('"draining"') };
}

const inOrder = { code: 0, stderr: "", drained: false };

test.concurrent.each(["tcp4", "unix"] as const)(
  "a %s connection is served request by request, and the process ends with it",
  async (kind) => {
    const { app, client } = await appOnConnection({ input: true }, { kind });
    await using _app = app;
    await using _client = client;
    for (const _ of [1, 2]) {
      client.get("/");
      expect(await client.receives(/hello$/)).toMatch(/connection: keep-alive/i);
    }
    client.socket.end();
    // Standard input keeps the process alive here, as a timer or a database pool would.
    expect(await endOf(app)).toEqual(inOrder);
    expect(app.stdout.match(/"event":"connection"/g)).toHaveLength(1);
  },
);

test.concurrent("a request with Connection: close ends the process, and so does a client that closes its side at once", async () => {
  for (const headers of [["Connection: close"], []]) {
    const { app, client } = await appOnConnection();
    await using _app = app;
    await using _client = client;
    client.get("/", headers);
    if (headers.length === 0) client.socket.end();
    await client.receives(/hello$/);
    expect(await client.closed).toBe("end");
    expect(await endOf(app)).toEqual(inOrder);
  }
});

test.concurrent("a client that has closed its side gets a late answer, if the server allows half-open connections", async () => {
  const { app, client } = await appOnConnection({ properties: { httpAllowHalfOpen: true } });
  await using _app = app;
  await using _client = client;
  client.get("/held");
  await app.event("request");
  client.socket.end();
  app.write("clock 50");
  await app.event("clock");
  app.write("answer");
  await client.receives(/done$/);
  expect(await endOf(app)).toEqual(inOrder);
});

test.concurrent.each([
  ["keepAliveTimeout", { keepAliveTimeout: 1, keepAliveTimeoutBuffer: 0 }, "/", /hello$/],
  ["headersTimeout", { headersTimeout: 50, connectionsCheckingInterval: 20 }, undefined, /408 Request Time/],
  ["timeout", { properties: { timeout: 50 } }, "/held", undefined],
] as const)("%s of the server holds", async (_, { ...options }, path, answer) => {
  const { properties = {}, ...serverOptions } = options as {
    properties?: Record<string, unknown>;
  };
  const { app, client } = await appOnConnection({ serverOptions, properties, hooks: ["onEvent"] });
  await using _app = app;
  await using _client = client;
  if (path === undefined) client.send("GET / HTTP/1.1\r\nHo");
  else client.get(path);
  if (answer) await client.receives(answer);
  await app.event("served");
  expect(await app.ended).toBe(0);
});

test.concurrent("at SIGTERM the request is answered, and the connection ends after it", async () => {
  const { app, client } = await appOnConnection({ hooks: ["onEvent"] });
  await using _app = app;
  await using _client = client;
  client.get("/held");
  await app.event("request");
  await terminate(app);
  app.write("answer");
  expect(await client.receives(/done$/)).toMatch(/connection: close/i);
  expect(await app.ended).toBe(0);
  expect(app.stdout).not.toContain('"served"');
});

test.concurrent("a silent WebSocket keeps the process alive", async () => {
  const { app, socket } = await appOnConnection({
    webSockets: true,
    options: { idleTimeout: "20ms" },
    hooks: ["onEvent"],
  });
  await using _app = app;
  const webSocket = new WebSocket("ws://localhost/", { createConnection: () => socket });
  await once(webSocket, "open");
  await app.event("webSocket");
  app.write("clock 100");
  await app.event("clock");
  webSocket.send("hello");
  await app.event("message");
  webSocket.close();
  await app.event("served");
  expect(await app.ended).toBe(0);
});

test.concurrent("other servers of Node serve a connection too", async () => {
  const echo = await appOnConnection({ kind: "net" });
  await using _echo = echo.app;
  await using _client = echo.client;
  echo.client.send("hello");
  await echo.client.receives(/^hello$/);
  echo.client.socket.end();
  expect(await endOf(echo.app)).toEqual(inOrder);

  const https = await appOnConnection({ kind: "https" });
  await using _https = https.app;
  const secure = await handshake(https.socket);
  expect((await requestOver(secure)).body).toBe("hello");
  secure.end();
  expect(await endOf(https.app)).toEqual(inOrder);

  const http2 = await appOnConnection({ kind: "http2" });
  await using _http2 = http2.app;
  const stream = await handshake(http2.socket, ["h2"]);
  const session = connectHttp2("https://localhost", { createConnection: () => stream });
  const answer = session.request({ ":path": "/" }).setEncoding("utf8");
  expect((await answer.toArray()).join("")).toBe("hello");
  session.close();
  expect(await endOf(http2.app)).toEqual(inOrder);
});

test.concurrent("a connection whose name has TLS begins with the handshake", async () => {
  const tls = certificateOf("localhost");
  const { app, socket } = await appOnConnection({ options: { sockets: { connection: { tls } } } });
  await using _app = app;
  const secure = await handshake(socket);
  expect((await requestOver(secure)).body).toBe("hello");
  secure.end();
  expect(await endOf(app)).toEqual(inOrder);
});

test.concurrent("READY=1 is sent before the process ends, because the service manager would otherwise report a failure", async () => {
  const { app, client } = await appOnConnection({ hooks: ["onEvent", "onListen"] });
  await using _app = app;
  client.socket.destroy();
  await app.event("asked whether ready");
  app.write("clock 100");
  await app.event("clock");
  expect(app.stdout).not.toContain('"served"');
  app.write("answer");
  await app.event("ready");
  await app.event("served");
  expect(await app.ended).toBe(0);
});

test.concurrent("with signals: false the process ends when nothing keeps it alive", async () => {
  const { app, client } = await appOnConnection({ options: { signals: false } });
  await using _app = app;
  client.socket.destroy();
  expect(await endOf(app)).toEqual(inOrder);
});

test.concurrent("a connection that the server refuses is closed, and the process ends", async () => {
  const { app, client } = await appOnConnection({ properties: { maxConnections: -1 } });
  await using _app = app;
  await client.closed;
  await app.event("served");
  await app.event("onStop");
  app.write("answer");
  expect(await app.ended).toBe(0);
});

test.concurrent("a client that has gone before the start causes no error", async () => {
  for (const kind of ["tcp4", "unix"] as const) {
    const [fd, client] = await connection(kind);
    if (kind === "tcp4") client.resetAndDestroy();
    else client.destroy();
    await once(client, "close");
    // systemd sets this when it accepts. Afterwards the address of the client can't be found out.
    const env = kind === "tcp4" ? { REMOTE_ADDR: "127.0.0.1" } : {};
    await using app = await startApp([fd], { hooks: ["onEvent"] }, { names: ["connection"], env });
    closeSync(fd);
    await app.event("served");
    expect(await app.ended).toBe(0);
    expect(app.stderr).toBe("");
  }
});

test.concurrent("one server can't serve a connection and a listener, because it must go on when the connection has ended", async () => {
  const [fd] = await connection("tcp4");
  const listener = rawSocket("ipv4", "stream", { bound: await freeAddress("tcp4"), listening: true });
  await using app = await startApp([fd, listener], {}, { names: ["connection", "http"] });
  for (const each of [fd, listener]) closeSync(each);
  expect(await app.event("listening")).toMatchObject({ sockets: [{ name: "http" }] });
});

describeWith({ commands: ["systemd-socket-activate"] }, "behind systemd-socket-activate --accept", () => {
  test("each connection has a process, and its client's address", async () => {
    const address = await freeAddress("tcp4");
    const command = program.map((part) => part.replace("lifecycle.mjs", "listen.mjs"));
    await using activator = await socketActivate([address], command, { how: ["--accept"] });
    const clients = [openConnection(address), openConnection(address)];
    for (const client of clients) {
      expect((await requestOver(client)).json()).toMatchObject({ remoteAddress: "127.0.0.1", server: true });
      expect(await activator.event("listening")).toMatchObject({ address: { address: "127.0.0.1" } });
    }
    const pids = new Set(Array.from(activator.stderr.matchAll(/as PID (\d+)/g), ([, pid]) => pid));
    expect(pids.size).toBe(2);
    for (const client of clients) client.destroy();
    for (const pid of pids) await activator.line(new RegExp(`Child ${pid} died with code 0`));
  });
});

async function handshake(socket: Socket, ALPNProtocols: string[] = []): Promise<TLSSocket> {
  const secure = connectTls({ socket, rejectUnauthorized: false, ALPNProtocols });
  await once(secure, "secureConnect");
  return secure;
}
