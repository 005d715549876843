import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import type { Socket } from "node:net";
import process from "node:process";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import {
  type AddressKind,
  type AppProcess,
  certificateOf,
  closeAll,
  describeWith,
  freeAddress,
  openConnection,
  rawSocket,
  requestOver,
  socketActivate,
  startWithFds,
} from "@sockact/testkit";
import { RawClient, rawClient, untilAnotherSleeps } from "./lifecycle-app.ts";
import { binary, FAMILY, inet6, line, unix } from "./proxy-headers.ts";

const program = [process.execPath, fileURLToPath(new URL("programs/proxy-protocol.mjs", import.meta.url))];

const opened: number[] = [];
afterAll(() => closeAll(opened));

interface Facts {
  remoteAddress?: string;
  remotePort?: number;
  remoteFamily?: string;
  localPort?: number;
  encrypted: boolean;
  url: string;
  bytes: number;
  header?: { command: string; version: number; family: string; tlvs: [number, string][] };
}

type ProxyOption = boolean | { from?: string[]; timeout?: string };

interface AppOptions {
  proxyProtocol?: ProxyOption;
  options?: object;
  kind?: AddressKind;
  /** More variables of the program. */
  env?: Record<string, string>;
}

/** Starts the program on one socket. */
async function start({
  proxyProtocol = true,
  options = {},
  kind = "tcp4",
  env = {},
}: AppOptions = {}): Promise<{
  app: AppProcess;
  address: string;
}> {
  const address = await freeAddress(kind);
  const family = { tcp4: "ipv4", tcp6: "ipv6", unix: "unix", abstract: "unix" } as const;
  const fd = rawSocket(family[kind], "stream", { bound: address, listening: true });
  opened.push(fd);
  const listenOptions = { sockets: { web: { proxyProtocol } }, ...options };
  const app = startWithFds([fd], program, {
    names: ["web"],
    env: { LISTEN_OPTIONS: JSON.stringify(listenOptions), ...env },
  });
  await app.event("ready");
  return { app, address };
}

/** What the app says about a connection with one request. */
async function ask(client: RawClient, path = "/"): Promise<Facts> {
  return factsOf(await client.get(path).receives(/\}$/));
}

function factsOf(text: string): Facts {
  return JSON.parse(text.slice(text.indexOf("{"))) as Facts;
}

/** A connection that begins with a header. */
async function openWith(address: string, header: Buffer | string): Promise<Socket> {
  const socket = openConnection(address).on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  socket.write(header);
  return socket;
}

/** Speaks TLS on a connection. The app may end before the connection. */
function secured(socket: Socket, options: ConnectionOptions = {}): TLSSocket {
  return connectTls({ socket, rejectUnauthorized: false, ...options }).on("error", () => {});
}

const client = { remoteAddress: "192.0.2.1", remotePort: 56_324, remoteFamily: "IPv4" };
const client6 = { remoteAddress: "2001:db8::1", remotePort: 56_324, remoteFamily: "IPv6" };

const headers = { "version 1": line, "version 2": binary({ checksum: true }) };

describe("the app sees the client's address, with version 1 and with version 2", () => {
  test.each<[what: string, AppOptions, encrypted: boolean]>([
    ["http", {}, false],
    [
      "http with the option tls",
      { options: { sockets: { web: { proxyProtocol: true, tls: certificateOf("localhost") } } } },
      true,
    ],
    ["https", { env: { SERVER: "https" } }, true],
  ])("over %s, in each request of a connection", async (_, options, encrypted) => {
    const { app, address } = await start(options);
    await using _app = app;
    for (const header of Object.values(headers)) {
      const socket = await openWith(address, header);
      const stream = encrypted ? secured(socket) : socket;
      for (const url of ["/first", "/second"]) {
        const localPort = Number(address.split(":")[1]);
        const { json } = await requestOver(stream, url);
        expect(json()).toMatchObject({ ...client, encrypted, url, localPort });
      }
    }
    for (let count = 0; count < Object.keys(headers).length; count++) await app.event("connection");
    expect(app.stdout.match(/"event":"connection"/g)).toHaveLength(2);
  });

  test.each(["h2c", "http2"])("over %s", async (server) => {
    const { app, address } = await start({ env: { SERVER: server } });
    await using _app = app;
    const isSecure = server === "http2";
    for (const header of Object.values(headers)) {
      const socket = await openWith(address, header);
      const session = connectHttp2(isSecure ? "https://localhost" : "http://localhost", {
        createConnection: () => (isSecure ? secured(socket, { ALPNProtocols: ["h2"] }) : socket),
      });
      session.on("error", () => {});
      onTestFinished(() => session.destroy());
      const stream = session.request({ ":path": "/" });
      const text = (await stream.setEncoding("utf8").toArray()).join("");
      expect(JSON.parse(text)).toMatchObject({
        ...client,
        encrypted: isSecure,
        header: { command: "proxy" },
      });
    }
  });

  test.each(["net", "tls"])("over %s, where the server speaks first", async (server) => {
    const { app, address } = await start({ env: { SERVER: server } });
    await using _app = app;
    for (const header of Object.values(headers)) {
      const socket = await openWith(address, header);
      await using echo = new RawClient(server === "tls" ? secured(socket) : socket);
      expect(factsOf(await echo.receives(/\}$/))).toMatchObject({ ...client, bytes: 0 });
      echo.send("hello");
      await echo.receives(/^hello$/);
    }
  });
});

describe("what a header says", () => {
  test("IPv4, IPv6, UNKNOWN, LOCAL and TLVs", async () => {
    const { app, address } = await start();
    await using _app = app;
    const cases: [what: string, header: Buffer | string, seen: object][] = [
      ["IPv6, version 1", "PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n", client6],
      ["IPv6, version 2", binary({ family: FAMILY.tcp6, addresses: inet6 }), client6],
      [
        "UNKNOWN",
        "PROXY UNKNOWN\r\n",
        { remoteAddress: "127.0.0.1", header: { command: "proxy", family: "unknown" } },
      ],
      ["LOCAL", binary({ command: 0x20 }), { remoteAddress: "127.0.0.1", header: { command: "local" } }],
      [
        "TLVs",
        binary({
          tlvs: [
            [0x02, "example.org"],
            [0xe0, "mine"],
          ],
        }),
        {
          ...client,
          header: {
            tlvs: [
              [0x02, "example.org"],
              [0xe0, "mine"],
            ],
          },
        },
      ],
    ];
    for (const [what, header, seen] of cases) {
      await using connection = await rawClient(address);
      expect({ what, ...(await ask(connection.send(header))) }).toMatchObject({ what, ...seen });
    }
  });

  test("a client of a unix socket of the proxy has no address, as any client of a unix socket", async () => {
    const { app, address } = await start();
    await using _app = app;
    await using connection = await rawClient(address);
    const header = binary({ family: FAMILY.unix, addresses: unix("/run/client", "/run/proxy") });
    const seen = await ask(connection.send(header));
    expect(seen).toMatchObject({ header: { family: "unix", source: { address: "/run/client" } } });
    expect(seen).not.toHaveProperty("remoteAddress");
  });

  test("the app may listen on a unix socket", async () => {
    const { app, address } = await start({ kind: "unix" });
    await using _app = app;
    await using connection = await rawClient(address);
    expect(await ask(connection.send(line))).toMatchObject(client);
  });
});

describe("a header", () => {
  test("may come byte by byte, and together with the first request", async () => {
    const { app, address } = await start();
    await using _app = app;
    for (const header of [Buffer.from(line), binary({ tlvs: [[0x02, "example.org"]] })]) {
      await using slow = await rawClient(address);
      slow.socket.setNoDelay(true);
      for (const byte of header) {
        slow.send(Buffer.from([byte]));
        await new Promise((resolve) => slow.socket.write("", resolve));
      }
      expect(await ask(slow)).toMatchObject(client);
      await using fast = await rawClient(address);
      fast.send(Buffer.concat([header, Buffer.from("GET /same HTTP/1.1\r\nHost: localhost\r\n\r\n")]));
      expect(factsOf(await fast.receives(/\}$/))).toMatchObject({ ...client, url: "/same" });
    }
  });

  test("may come together with a large upload, of which each byte arrives", async () => {
    const { app, address } = await start();
    await using _app = app;
    await using upload = await rawClient(address);
    const bytes = 3 * 2 ** 20;
    upload.send(
      `${line}POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${bytes}\r\n\r\n${"x".repeat(bytes)}`,
    );
    expect(factsOf(await upload.receives(/\}$/))).toMatchObject({ ...client, bytes });
  });

  test("comes once: a second one is not a valid request", async () => {
    const { app, address } = await start();
    await using _app = app;
    await using connection = await rawClient(address);
    await ask(connection.send(line));
    connection.send("PROXY TCP4 203.0.113.9 198.51.100.2 1 2\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(await connection.receives(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 400 /);
  });

  test("may be followed by the end of what the client sends, and the answer still comes", async () => {
    const { app, address } = await start({
      env: { SERVER: "net", SERVER_OPTIONS: '{"allowHalfOpen":true}' },
    });
    await using _app = app;
    await using half = await rawClient(address);
    half.socket.end(`${line}bye`);
    expect(await half.receives(/\}bye$/)).toContain(client.remoteAddress);
    expect(await half.closed).toBe("end");
  });

  test("does not get past a server that waits with pauseOnConnect", async () => {
    const { app, address } = await start({
      env: { SERVER: "net", SERVER_OPTIONS: '{"pauseOnConnect":true}' },
    });
    await using _app = app;
    await using connection = await rawClient(address);
    connection.send(`${line}hello`);
    expect(await connection.receives(/\}hello$/)).toContain(client.remoteAddress);
  });

  test("of a client in the blockList of the server closes the connection", async () => {
    const { app, address } = await start({ env: { BLOCKED: client.remoteAddress } });
    await using _app = app;
    await using blocked = await rawClient(address);
    blocked.send(line).get("/");
    expect(await blocked.closed).not.toBe("close");
    expect(blocked.received).toBe("");
    await using other = await rawClient(address);
    expect(await ask(other.send("PROXY UNKNOWN\r\n"))).toMatchObject({ remoteAddress: "127.0.0.1" });
  });
});

describe("a connection is closed without an answer, and one event says why", () => {
  test("no header, a malformed one, a wrong checksum, or a TLS handshake", async () => {
    const { app, address } = await start();
    await using _app = app;
    const cases: [what: string, sent: (string | Buffer)[], message: string][] = [
      [
        "no header",
        ["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        "It begins with 'GET / HT', which is not a PROXY header",
      ],
      [
        "a malformed header",
        [line.replace("TCP4", "TCP5"), "GET / HTTP/1.1\r\n"],
        "The line of the PROXY header is malformed",
      ],
      ["a wrong checksum", [binary({ tlvs: [[0x03, "abcd"]] })], "The checksum of the PROXY header is wrong"],
      [
        "a TLS handshake",
        ["\u0016\u0003\u0001\u0002"],
        "It begins with '\\x16\\x03\\x01\\x02', which is not a PROXY header",
      ],
    ];
    for (const [, sent, message] of cases) {
      await using hostile = await rawClient(address);
      for (const each of sent) hostile.send(each);
      expect(await hostile.closed).not.toBe("close");
      expect(hostile.received).toBe("");
      expect(await app.event("rejected")).toEqual({
        event: "rejected",
        name: "web",
        sender: "127.0.0.1",
        code: "SOCKACT_ERR_PROXY_HEADER",
        message,
        hint: expect.stringMatching(/^Make each client of this socket send a PROXY header/) as string,
      });
    }
    await using next = await rawClient(address);
    expect(await ask(next.send(line))).toMatchObject(client);
    // It has printed this before it answered, but the answer may be read first.
    await app.event("connection");
    expect(app.stdout.match(/"rejected"/g)).toHaveLength(cases.length);
    expect(app.stdout.match(/"event":"connection"/g)).toHaveLength(1);
  });

  test("a header that does not come in time, or not to its end", async () => {
    const { app, address } = await start({ proxyProtocol: { timeout: "200ms" } });
    await using _app = app;
    await using silent = await rawClient(address);
    await using slow = await rawClient(address);
    slow.send(line.slice(0, 20));
    for (const each of [silent, slow]) {
      expect(await each.closed).toBe("end");
      expect(await app.event("rejected")).toMatchObject({
        message: "The PROXY header has not arrived within 0.2 s",
      });
    }
    await using half = await rawClient(address);
    half.socket.end(line.slice(0, 20));
    expect(await app.event("rejected")).toMatchObject({
      message: "The connection closed within the PROXY header",
    });
    await using reset = await rawClient(address);
    reset.send(line.slice(0, 20));
    reset.socket.resetAndDestroy();
    expect(await app.event("rejected")).toMatchObject({
      message: "The connection closed within the PROXY header",
    });
    await using next = await rawClient(address);
    expect(await ask(next.send(line))).toMatchObject(client);
  });

  test("a health check that connects and sends nothing causes no event", async () => {
    const { app, address } = await start();
    await using _app = app;
    for (const end of [(socket: Socket) => socket.end(), (socket: Socket) => socket.resetAndDestroy()]) {
      await using check = await rawClient(address);
      end(check.socket);
      await check.closed;
    }
    await using next = await rawClient(address);
    expect(await ask(next.send(line))).toMatchObject(client);
    expect(app.stdout).not.toContain("rejected");
  });
});

describe("only the proxies in the option `from` may connect", () => {
  test.each<[from: string[], kind: AddressKind]>([
    [["127.0.0.1"], "tcp4"],
    [["::1", "10.0.0.0/8", "127.0.0.0/8"], "tcp4"],
    [["::/64"], "tcp6"],
    [["unix"], "unix"],
  ])("%j, over %s", async (from, kind) => {
    const { app, address } = await start({ proxyProtocol: { from }, kind });
    await using _app = app;
    await using connection = await rawClient(address);
    expect(await ask(connection.send(line))).toMatchObject(client);
  });

  test.each<[from: string[], kind: AddressKind, sender: string]>([
    [["10.0.0.0/8", "unix", "::1"], "tcp4", "127.0.0.1"],
    [["127.0.0.1", "unix"], "tcp6", "::1"],
    [["0.0.0.0/0", "::/0"], "unix", "unix"],
  ])("%j, over %s: the connection is closed", async (from, kind, sender) => {
    const { app, address } = await start({ proxyProtocol: { from }, kind });
    await using _app = app;
    await using connection = await rawClient(address);
    connection.send(line).get("/");
    expect(await connection.closed).not.toBe("close");
    expect(connection.received).toBe("");
    expect(await app.event("rejected")).toMatchObject({
      sender,
      message: `${sender} is not in proxyProtocol.from`,
    });
  });

  test("any other client is refused each time it connects", async () => {
    const { app, address } = await start({ proxyProtocol: { from: ["10.0.0.0/8"] } });
    await using _app = app;
    for (let count = 0; count < 3; count++) {
      await using connection = await rawClient(address);
      connection.send(line).get("/");
      expect(await connection.closed).not.toBe("close");
      expect(connection.received).toBe("");
      expect(await app.event("rejected")).toMatchObject({ sender: "127.0.0.1" });
    }
  });

  test("an IPv4 client of an IPv6 socket is named by its IPv4 address, and the hint is to add it", async () => {
    const address = (await freeAddress("tcp6")).replace("[::1]", "[::]");
    const fd = rawSocket("ipv6", "stream", { bound: address, listening: true });
    opened.push(fd);
    const options = { sockets: { web: { proxyProtocol: { from: ["10.0.0.0/8"] } } } };
    await using app = startWithFds([fd], program, {
      names: ["web"],
      env: { LISTEN_OPTIONS: JSON.stringify(options) },
    });
    await app.event("ready");
    await using connection = await rawClient(address.replace("[::]", "127.0.0.1"));
    expect(await connection.closed).not.toBe("close");
    expect(await app.event("rejected")).toMatchObject({
      sender: "127.0.0.1",
      message: "127.0.0.1 is not in proxyProtocol.from",
      hint: expect.stringContaining("add 127.0.0.1 to from"),
    });
  });
});

describe("a stop", () => {
  test("waits for a header that is on its way, and answers its request", async () => {
    const { app, address } = await start();
    await using _app = app;
    await using idle = await rawClient(address);
    await ask(idle.send(line));
    await using pending = await rawClient(address);
    pending.send(line.slice(0, 20));
    await using later = await rawClient(address);
    await ask(later.send(line));
    app.kill("SIGTERM");
    expect(await app.event("draining")).toMatchObject({ connections: 3 });
    pending.send(line.slice(20)).get("/");
    expect(await pending.receives(/\}$/)).toMatch(/connection: close/i);
    for (const each of [idle, later])
      expect(await each.get("/").receives(/\}$/)).toMatch(/connection: close/i);
    expect(await app.ended).toBe(0);
  });

  test("waits for a header in front of a TLS handshake, whose name chooses the certificate", async () => {
    const tls = { ...certificateOf("localhost"), sni: { "example.org": certificateOf("example.org") } };
    const { app, address } = await start({
      options: { sockets: { web: { proxyProtocol: true, tls } }, idleTimeout: "100ms" },
    });
    await using _app = app;
    const socket = await openWith(address, line.slice(0, 20));
    await untilAnotherSleeps(400);
    app.kill("SIGTERM");
    expect(await app.event("draining")).toMatchObject({ connections: 1 });
    socket.write(line.slice(20));
    const stream = secured(socket, { servername: "example.org" });
    await once(stream, "secureConnect");
    expect(stream.getPeerCertificate().subject.CN).toBe("example.org");
    const { json } = await requestOver(stream, "/");
    expect(json()).toMatchObject({ ...client, encrypted: true });
    expect(await app.ended).toBe(0);
  });

  test("ends a connection whose header never comes", async () => {
    const { app, address } = await start({ options: { drainTimeout: "1s" } });
    await using _app = app;
    await using silent = await rawClient(address);
    await using other = await rawClient(address);
    await ask(other.send(line));
    app.kill("SIGTERM");
    expect(await app.event("draining")).toMatchObject({ connections: 2 });
    expect(await silent.closed).not.toBe("close");
    expect(await app.ended).toBe(0);
  });

  test("a connection whose header has not come keeps the app awake", async () => {
    const { app, address } = await start({ options: { idleTimeout: "100ms" } });
    await using _app = app;
    await using pending = await rawClient(address);
    pending.send(line.slice(0, 20));
    await untilAnotherSleeps(400);
    expect(app.stdout).not.toContain("idle");
    expect(await ask(pending.send(line.slice(20)))).toMatchObject(client);
    pending.socket.end();
    await app.event("idle");
  });
});

test("workers of node:cluster read the headers", async () => {
  const { app, address } = await start({ env: { WORKERS: "2" } });
  await using _app = app;
  for (let count = 0; count < 4; count++) {
    await using connection = await rawClient(address);
    expect(await ask(connection.send(line))).toMatchObject(client);
  }
  await using hostile = await rawClient(address);
  hostile.send("GET / HTTP/1.1\r\n\r\n");
  expect(await app.event("rejected")).toMatchObject({ sender: "127.0.0.1" });
});

test("a socket without the option is served as usual, beside one with it", async () => {
  const addresses = [await freeAddress("tcp4"), await freeAddress("tcp4")] as const;
  const fds = addresses.map((bound) => rawSocket("ipv4", "stream", { bound, listening: true }));
  opened.push(...fds);
  await using app = startWithFds(fds, program, {
    names: ["balanced", "direct"],
    env: { LISTEN_OPTIONS: '{"sockets":{"balanced":{"proxyProtocol":true},"direct":{}}}' },
  });
  await app.event("ready");
  await using balanced = await rawClient(addresses[0]);
  expect(await ask(balanced.send(line))).toMatchObject(client);
  await using direct = await rawClient(addresses[1]);
  expect(await ask(direct)).toMatchObject({ remoteAddress: "127.0.0.1" });
  await using hostile = await rawClient(addresses[1]);
  hostile.send(line);
  await hostile.receives(/^HTTP\/1\.1 400 /);
});

describeWith({ commands: ["systemd-socket-activate"] }, "systemd-socket-activate", () => {
  const env = { LISTEN_OPTIONS: '{"sockets":{"web":{"proxyProtocol":true}}}' };

  test("Accept=yes: the process ends with its connection, also if it has no header", async () => {
    const address = await freeAddress("tcp4");
    await using app = await socketActivate([address], program, { names: ["web"], env, how: ["--accept"] });
    await using connection = await rawClient(address);
    expect(await ask(connection.send(line))).toMatchObject(client);
    connection.socket.end();
    await app.event("served");
    await using hostile = await rawClient(address);
    hostile.send("GET / HTTP/1.1\r\n\r\n");
    expect(await hostile.closed).not.toBe("close");
    expect(hostile.received).toBe("");
    expect(await app.event("rejected")).toMatchObject({ name: "web" });
    await app.event("served");
  });
});
