import { createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createHttpsServer } from "node:https";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { WebSocketServer } from "ws";
import { freeAddress } from "../../testing/src/addresses.ts";
import { type AppProcess, startProcess } from "../../testing/src/app-process.ts";
import { AppUnderLoad } from "../../testing/src/app-under-load.ts";
import { certificateOf } from "../../testing/src/certificates.ts";
import { during } from "../../testing/src/during.ts";
import type { LoadResult, Loads } from "../../testing/src/loads.ts";
import { describeWith } from "../src/requires.ts";

const loadProgram = fileURLToPath(new URL("../../testing/programs/load-program.mjs", import.meta.url));
const plainApp = fileURLToPath(new URL("./programs/plain.mjs", import.meta.url));

describe("clients of a server that answers one request after the other", () => {
  const whole = 'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"pid":123}';
  /** The reactions of the server to its first requests. It answers all later ones. */
  const script: ((socket: Socket) => void)[] = [
    (socket) => socket.write(whole),
    (socket) => socket.write(whole.replace("\r\n", "\r\nConnection: close\r\n")),
    (socket) => socket.end(whole.replace("\r\n", "\r\nConnection: close\r\n")),
    (socket) => socket.end(),
    (socket) => socket.end(whole.slice(0, -3)),
    (socket) => socket.resetAndDestroy(),
    (socket) => socket.write(whole.replace("200", "503")),
    (socket) => socket.write(whole.replace("pid", "uid")),
  ];
  const failed = { closed: 2, ECONNRESET: 1, "status 503": 1, "another body": 1 };

  test.each([
    ["busy", { connections: 1, keepAlive: true }],
    ["browsers", { host: "127.0.0.1", perSecond: 100 }],
    ["thinking", { host: "127.0.0.1", clients: 1, keepAlive: true, think: 0, away: 1, seed: 1 }],
  ])("%s: each request that was lost is counted, and nothing else", async (kind, options) => {
    const port = await serve(script);
    const all = { ...options, port, url: `http://127.0.0.1:${port}` };
    await using load = startProcess([process.execPath, loadProgram, kind, JSON.stringify(all)]);
    await load.event("running");
    for (let count = 0; count < script.length; count++) {
      load.write("round");
      await load.event("round");
    }
    load.endInput();
    const result = await load.event<LoadResult>("result");
    expect(result).toMatchObject({ failed, lost: 5, resets: 1 });
    // Each answer that ends the connection, and each failure of the connection, lets the client open another
    // one.
    expect(result.connections).toBe(kind === "browsers" ? result.sent : 6);
    expect(result.phases).toHaveLength(script.length + 1);
    const waits = result.phases.map(({ longest }) => longest);
    expect(result.longest).toBeGreaterThanOrEqual(Math.max(...waits));
    expect(Math.max(...waits)).toBeGreaterThan(0);
  });

  test.each([
    ["busy", { url: "http://localhost", connections: 1, keepAlive: true }],
    ["thinking", { clients: 1, keepAlive: true, think: 0, away: 1, seed: 1 }],
  ])("%s: the clients also connect to a unix socket", async (kind, options) => {
    const socketPath = await freeAddress("unix");
    await serve([], socketPath);
    const all = JSON.stringify({ ...options, socketPath });
    await using load = startProcess([process.execPath, loadProgram, kind, all]);
    await load.event("running");
    load.endInput();
    const { lost, answered } = await load.event<LoadResult>("result");
    expect(lost).toBe(0);
    expect(answered).toBeGreaterThan(0);
  });

  test("together: several loads run in one process, and each has its own result", async () => {
    const ports = [await serve(script), await serve([])];
    const loads = ports.map((port) => [
      "thinking",
      { host: "127.0.0.1", port, clients: 1, keepAlive: true, think: 0, away: 0, seed: 1 },
    ]);
    await using load = startProcess([process.execPath, loadProgram, "together", JSON.stringify({ loads })]);
    await load.event("running");
    for (let count = 0; count < script.length; count++) {
      load.write("round");
      await load.event("round");
    }
    load.endInput();
    const { results } = await load.event<Loads["together"]["result"]>("result");
    expect(results).toMatchObject([
      { failed, lost: 5 },
      { failed: {}, lost: 0 },
    ]);
  });

  test("busy: after a request that failed, the client waits on until it has an answer", async () => {
    const port = await serve([
      (socket) => socket.write(whole),
      (socket) => void setTimeout(() => socket.end(), 100),
    ]);
    const options = { connections: 1, keepAlive: true, url: `http://127.0.0.1:${port}` };
    await using load = startProcess([process.execPath, loadProgram, "busy", JSON.stringify(options)]);
    await load.event("running");
    load.write("round");
    await load.event("round");
    load.endInput();
    const result = await load.event<LoadResult>("result");
    expect(result.failed).toEqual({ closed: 1 });
    expect(result.phases[1]?.longest).toBeGreaterThan(90);
  });

  test("thinking, over TLS: a full handshake is counted apart from the resumptions, and each phase has the processes that answered", async () => {
    const { key, cert } = certificateOf("localhost");
    let pid = 7;
    const tls = { key: readFileSync(key), cert: readFileSync(cert) };
    const server = createHttpsServer(tls, (_request, response) => {
      response.writeHead(200, { "x-pid": pid, connection: "close" }).end('{"pid":123}');
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const options = {
      host: "127.0.0.1",
      port,
      clients: 1,
      keepAlive: true,
      think: 0,
      away: 0,
      secure: true,
      seed: 1,
    };
    await using load = startProcess([process.execPath, loadProgram, "thinking", JSON.stringify(options)]);
    await load.event("running");
    pid = 8;
    for (let count = 0; count < 2; count++) {
      load.write("round");
      await load.event("round");
    }
    load.endInput();
    const result = await load.event<Loads["thinking"]["result"]>("result");
    expect(result).toMatchObject({ failed: {}, connections: result.sent, fullHandshakes: 1 });
    expect(result.resumptions).toBe(result.sent - 1);
    expect(result.phases.map(({ pids }) => pids)).toEqual([[7], expect.arrayContaining([8]), [8]]);
  });

  /** Clients like browsers, and a server that gets each of their connections. */
  async function browse(perSecond: number, behaviors: ((socket: Socket) => void)[]): Promise<AppProcess> {
    const options = { host: "127.0.0.1", port: await serve(behaviors), perSecond };
    return startProcess([process.execPath, loadProgram, "browsers", JSON.stringify(options)]);
  }

  test("browsers: the longest wait is from the connection to the end of its answer", async () => {
    const held: Socket[] = [];
    await using load = await browse(10, [
      (socket) => socket.write(whole),
      // The next client comes a tenth of a second later.
      (socket) => void held.push(socket.on("data", () => {})),
      (socket) => {
        socket.write(whole);
        held[0]?.write(whole);
      },
    ]);
    await load.event("running");
    for (let count = 0; count < 3; count++) {
      load.write("round");
      await load.event("round");
    }
    load.endInput();
    const result = await load.event<Loads["browsers"]["result"]>("result");
    expect(result).toMatchObject({ failed: {}, lost: 0, resets: 0 });
    expect(result.longest).toBeGreaterThan(50);
    expect(result.median).toBeLessThan(result.longest);
  });

  test("browsers: a connection gets one request and stays open, and its reset is counted although it is idle", async () => {
    const sockets: Socket[] = [];
    let ended = 0;
    const answer = (socket: Socket): void => {
      sockets.push(socket.on("end", () => ended++));
      socket.write(whole);
    };
    await using load = await browse(100, Array<typeof answer>(1000).fill(answer));
    await load.event("running");
    while (sockets.length < 3) {
      load.write("round");
      await load.event("round");
    }
    expect({ connections: new Set(sockets).size, ended }).toEqual({ connections: sockets.length, ended: 0 });
    sockets[0]?.resetAndDestroy();
    sockets[1]?.end();
    load.write("round");
    await load.event("round");
    load.endInput();
    expect(await load.event("result")).toMatchObject({ failed: {}, lost: 0, resets: 1 });
  });

  test("WebSockets: a message without an echo has failed after the time that the options allow", async () => {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
    await once(server, "listening");
    onTestFinished(() => server.close());
    const { port } = server.address() as { port: number };
    const options = { url: `http://127.0.0.1:${port}`, clients: 1, think: 0, seed: 1, timeout: 3 };
    await using load = startProcess([process.execPath, loadProgram, "webSockets", JSON.stringify(options)]);
    await load.event("running");
    load.endInput();
    const result = await load.event<LoadResult>("result");
    expect(result).toMatchObject({ answered: 0, failed: { timeout: result.sent } });
  });

  test("WebSockets: a server that is not one fails them", async () => {
    const port = await serve([]);
    const options = { url: `http://127.0.0.1:${port}`, clients: 1, think: 0, seed: 1 };
    await using load = startProcess([process.execPath, loadProgram, "webSockets", JSON.stringify(options)]);
    load.endInput();
    expect((await load.event<LoadResult>("result")).lost).toBeGreaterThan(0);
  });
});

describeWith(
  { privateSystemd: true, systemd: 253, tags: "campaign" },
  "clients of an app that is restarted",
  () => {
    let app: AppUnderLoad;
    beforeAll(async () => {
      app = await AppUnderLoad.boot();
    });
    afterAll(() => app?.[Symbol.asyncDispose]());

    /** All kinds of load over restarts of an app that stops in this way. */
    async function restart(stop: "drain" | "close" | "exit") {
      await app.install(plainApp, { environment: { STOP: stop } });
      const loads = {
        busy: app.load("busy", { connections: 32, keepAlive: true }),
        fresh: app.load("busy", { connections: 32, keepAlive: false }),
        thinking: app.load("thinking", { clients: 64, keepAlive: true, think: 250, away: 20 }),
        webSockets: app.load("webSockets", { clients: 16, think: 200 }),
      };
      return during(loads, 2, () => app.systemd.restart("app.service"));
    }

    test("notice nothing when it drains", async () => {
      for (const result of Object.values(await restart("drain")))
        expect(result).toMatchObject({ failed: {}, lost: 0, resets: 0 });
    });

    test("lose requests when it exits at SIGTERM, and see no close frame", async () => {
      const { busy, thinking, webSockets } = await restart("exit");
      for (const { lost } of [busy, thinking]) expect(lost).toBeGreaterThan(0);
      expect(webSockets.closed).toEqual({ 1006: 32 });
    });

    test("lose requests where they think, when it calls Node's own close()", async () => {
      const { thinking } = await restart("close");
      expect(thinking.lost).toBeGreaterThan(0);
    });
  },
);

/**
 * A server that reads one request at a time, and reacts to each by the next item of the script. Resolves to
 * its port.
 */
async function serve(script: ((socket: Socket) => void)[], path?: string): Promise<number> {
  const left = [...script];
  const answer = (socket: Socket): void =>
    void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"pid":123}');
  const server: Server = createServer((socket) => {
    socket.on("error", () => {});
    let text = "";
    socket.setEncoding("latin1").on("data", (chunk: string) => {
      text += chunk;
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      const head = text.indexOf("\r\n\r\n");
      if (head === -1 || text.length < head + 4 + length) return;
      text = "";
      (left.shift() ?? answer)(socket);
    });
  });
  await once(path === undefined ? server.listen(0, "127.0.0.1") : server.listen(path), "listening");
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}
