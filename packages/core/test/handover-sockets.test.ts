import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  bootPrivateSystemd,
  certificateOf,
  connectInside,
  datagramSocketInside,
  DEADLINE,
  describeWith,
  type PrivateSystemd,
} from "@sockact/testkit";
import { ask, HandoverService, type HandoverServer, insidePath } from "./reloaded-service.ts";
import { RawClient } from "./lifecycle-app.ts";

const RELOADS = 5;

/** The addresses of the server with the name `public`. */
const PUBLIC = ["127.0.0.1:80", "[::1]:80", "/run/app.sock", "@app"];

/** The other servers, each with a port of its own. */
const PORTS = {
  admin: 81,
  lines: 82,
  tls: 83,
  https: 84,
  h2c: 85,
  http2: 86,
  plain: 87,
  secure: 88,
  udp: 89,
  taken: 90,
};
const at = (name: keyof typeof PORTS): string => `127.0.0.1:${PORTS[name]}`;

describeWith({ privateSystemd: true, systemd: 253 }, "when the service is reloaded", () => {
  let systemd: PrivateSystemd;
  let service: HandoverService;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    const { key, cert } = certificateOf("localhost");
    const fixture = (path: string): string =>
      insidePath(systemd, `../../testkit/fixtures/${path.slice(path.lastIndexOf("/") + 1)}`);
    const tls = { key: fixture(key), cert: fixture(cert) };
    // An idle connection that can't move closes after this time, as at a stop.
    const short = { properties: { keepAliveTimeout: 500 } };
    const single: HandoverServer[] = [
      { options: { name: "admin" } },
      { kind: "net", options: { name: "lines" } },
      { kind: "tls", options: { name: "tls" } },
      { kind: "https", ...short, options: { name: "https" } },
      { kind: "h2c", options: { name: "h2c" } },
      { kind: "http2", ...short, options: { name: "http2" } },
      { kind: "udp", options: { name: "udp" } },
      { kind: "taken", options: { name: "taken" } },
    ];
    service = await HandoverService.start(systemd, {
      sockets: {
        public: PUBLIC.map((address) => `ListenStream=${address}`).join("\n"),
        ...Object.fromEntries(
          Object.entries(PORTS).map(([name, port]) => [
            name,
            `Listen${name === "udp" ? "Datagram" : "Stream"}=127.0.0.1:${port}`,
          ]),
        ),
      },
      servers: [
        { options: { name: "public" } },
        { properties: { keepAliveTimeout: 2000 }, options: { sockets: { plain: {}, secure: { tls } } } },
        ...single,
      ],
    });
  });
  afterAll(async () => systemd?.close());

  async function secure(name: keyof typeof PORTS, ALPNProtocols?: string[]): Promise<TLSSocket> {
    const socket = connectTls({
      socket: connectInside(systemd, at(name)),
      rejectUnauthorized: false,
      ...(ALPNProtocols && { ALPNProtocols }),
    });
    await once(socket, "secureConnect", { signal: AbortSignal.timeout(DEADLINE) });
    return socket;
  }

  async function reload(): Promise<{ before: number; after: number }> {
    return { before: await service.pid(), after: await service.reload() };
  }

  /** Resolves with the new process when it has all connections. */
  async function reloadAndMove(): Promise<number> {
    const { before, after } = await reload();
    await service.untilGone(before);
    return after;
  }

  test("connections of one server move, from TCP over IPv4 and IPv6, unix and abstract sockets", async () => {
    const clients = await Promise.all(PUBLIC.map((address) => service.idle(address)));
    const after = await reloadAndMove();
    for (const client of clients) {
      expect(await ask(client)).toMatchObject({ pid: after, name: "public" });
      await client[Symbol.asyncDispose]();
    }
  });

  test("the connections of each server arrive at the server of the same name", async () => {
    const clients = await Promise.all(
      Array.from({ length: 40 }, (_, index) => service.idle(index % 2 ? at("admin") : PUBLIC[0])),
    );
    const after = await reloadAndMove();
    for (const [index, client] of clients.entries()) {
      expect(await ask(client)).toMatchObject({ pid: after, name: index % 2 ? "admin" : "public" });
      await client[Symbol.asyncDispose]();
    }
  });

  describe.each(["lines", "tls"] as const)("a client of another protocol (%s)", (name) => {
    test("stays connected to the old process until it leaves", async () => {
      const open = async (): Promise<RawClient> =>
        name === "tls" ? new RawClient(await secure("tls")) : service.connect(at(name));
      await using client = await open();
      const { pid } = { pid: await service.pid() };
      await client.send("one\n").receives(new RegExp(`^${pid} one\n$`));
      const { after } = await reload();
      await client.send("two\n").receives(new RegExp(`^${pid} two\n$`));
      await using other = await open();
      await other.send("three\n").receives(new RegExp(`^${after} three\n$`));
      client.socket.end();
      expect(await client.closed).toBe("end");
      await service.untilGone(pid);
    });
  });

  test.each(["https", "secure"] as const)(
    "an idle connection with TLS closes, a busy one after its response (%s)",
    async (name) => {
      await using idle = new RawClient(await secure(name));
      await using busy = new RawClient(await secure(name));
      const { pid } = await ask(idle);
      busy.send("POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n12");
      // The app has read what came before this connection.
      await using last = new RawClient(await secure(name));
      await ask(last);
      const { after } = await reload();
      expect(await idle.closed).toBe("end");
      const response = await busy.send("345").receives(/\}$/);
      expect(response).toContain(`{"pid":${pid},"bytes":5`);
      expect(response).toContain("Connection: close");
      expect(await busy.closed).toBe("end");
      await using next = new RawClient(await secure(name));
      expect(await ask(next)).toMatchObject({ pid: after });
    },
  );

  test("a plain connection moves whose server also has a socket with TLS", async () => {
    await using plain = await service.idle(at("plain"));
    const after = await reloadAndMove();
    expect(await ask(plain)).toMatchObject({ pid: after });
  });

  test.each(["h2c", "http2"] as const)(
    "a session of HTTP/2 ends when its streams have their responses (%s)",
    async (name) => {
      const open = async (): Promise<ClientHttp2Session> => {
        const socket = name === "http2" ? await secure(name, ["h2"]) : connectInside(systemd, at(name));
        return connectHttp2("http://localhost", { createConnection: () => socket });
      };
      const session = await open();
      const idle = await open();
      const { before: pid } = { before: await pidOver(idle) };
      const stream = session.request({ ":path": "/upload", ":method": "POST" });
      stream.write("12");
      expect(await pidOver(session)).toBe(pid);
      const idleClosed = once(idle, "close");
      const goaway = once(session, "goaway");
      const { after } = await reload();
      await idleClosed;
      await goaway;
      stream.end("345");
      expect(JSON.parse((await stream.setEncoding("utf8").toArray()).join(""))).toMatchObject({
        pid,
        bytes: 5,
      });
      const next = await open();
      expect(await pidOver(next)).toBe(after);
      next.close();
    },
  );

  test("HTTP/1 over the TLS of an HTTP/2 server ends as well", async () => {
    await using client = new RawClient(await secure("http2", ["http/1.1"]));
    await ask(client);
    await reload();
    expect(await client.closed).toBe("end");
  });

  test(`each datagram is received exactly once, during ${RELOADS} reloads`, async () => {
    const fd = datagramSocketInside(systemd);
    const socket = createSocket("udp4");
    const answers: string[][] = [];
    let sent = 0;
    let isOver = false;
    const pids = new Set<string>();
    await new Promise<void>((resolve) => socket.bind({ fd }, resolve));
    const send = (): void => socket.send(String(sent++), PORTS.udp, "127.0.0.1");
    const done = new Promise<void>((resolve) => {
      // Each answer lets one more message go, so that the kernel's queue never overflows.
      socket.on("message", (message) => {
        const [pid, number] = message.toString().split(" ") as [string, string];
        pids.add(pid);
        (answers[Number(number)] ??= []).push(pid);
        if (!isOver) send();
        else if (Object.keys(answers).length === sent) resolve();
      });
    });
    for (let count = 0; count < 32; count++) send();
    for (let count = 0; count < RELOADS; count++) await service.reload();
    isOver = true;
    await done;
    socket.close();
    expect(answers.length).toBe(sent);
    expect(answers.filter((each) => each.length !== 1)).toEqual([]);
    expect(pids.size).toBe(RELOADS + 1);
  });

  test("a socket that the app has taken is passed on", async () => {
    await using client = await service.connect(at("taken"));
    const before = await service.pid();
    await client.send("one\n").receives(new RegExp(`^${before} one\n$`));
    const { after } = await reload();
    await service.untilGone(before);
    expect(await client.closed).toBe("end");
    await using next = await service.connect(at("taken"));
    await next.send("two\n").receives(new RegExp(`^${after} two\n$`));
  });
});

async function pidOver(session: ClientHttp2Session): Promise<number> {
  const stream = session.request({ ":path": "/" });
  const body = (await stream.setEncoding("utf8").toArray()).join("");
  return (JSON.parse(body) as { pid: number }).pid;
}
