import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import { expect, test } from "vitest";
import {
  certificateOf,
  connectInside,
  datagramSocketInside,
  DEADLINE,
  type PrivateSystemd,
} from "@sockact/testkit";
import { WebSocket } from "ws";
import {
  ask,
  type HandoverServer,
  type HandoverService,
  type HandoverUnits,
  insidePath,
} from "./reloaded-service.ts";
import { RawClient } from "./lifecycle-app.ts";
import { describeOneReload, type Scenario, type Scenarios } from "./one-reload.ts";

const RELOADS = 3;
const CLIENTS = 16;
const CERTIFICATES = "/run/certificates";
const UPGRADE = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: lines\r\n\r\n";

/** The addresses of the server with the name `public`. */
const PUBLIC = ["127.0.0.1:80", "[::1]:80", "/run/app.sock", "@app"];

/** The other sockets, each with a port of its own. */
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
  renewed: 91,
  webSockets: 92,
  upgraded: 93,
};
type Name = keyof typeof PORTS;
const at = (name: Name): string => `127.0.0.1:${PORTS[name]}`;

const identity = (name: string): Record<string, string> => ({
  key: `${CERTIFICATES}/${name}.key.pem`,
  cert: `${CERTIFICATES}/${name}.cert.pem`,
});

/** An idle connection that can't move closes after this time, as at a stop. */
const short = { properties: { keepAliveTimeout: 2000 } };

const servers: HandoverServer[] = [
  { options: { name: "public" } },
  { options: { name: "admin" } },
  { kind: "net", options: { name: "lines" } },
  { kind: "tls", options: { name: "tls" } },
  { kind: "https", ...short, options: { name: "https" } },
  { kind: "h2c", options: { name: "h2c" } },
  { kind: "http2", ...short, options: { name: "http2" } },
  {
    options: {
      sockets: {
        plain: {},
        secure: { tls: { ...identity("own"), sni: { "example.org": identity("other") } } },
      },
    },
  },
  { kind: "udp", options: { name: "udp" } },
  { kind: "taken", options: { name: "taken" } },
  { options: { sockets: { renewed: { tls: identity("renewed") } } } },
  { webSockets: true, options: { name: "webSockets" } },
  { upgrades: true, options: { name: "upgraded" } },
];

/** Puts the certificate of a host into the files that the app reads. */
async function install(
  systemd: PrivateSystemd,
  host: "localhost" | "example.org",
  name: string,
): Promise<void> {
  const { key, cert } = certificateOf(host);
  await systemd.write(identity(name)["key"] as string, readFileSync(key, "utf8"));
  await systemd.write(identity(name)["cert"] as string, readFileSync(cert, "utf8"));
}

const deploy = (systemd: PrivateSystemd, release: string): Promise<string> =>
  systemd.mustRun(["ln", "-sfn", `/run/releases/${release}`, "/run/current"]);

/** The service runs in the folder of a release, and the reload runs the next one. */
async function unitsFor(systemd: PrivateSystemd): Promise<HandoverUnits> {
  await install(systemd, "localhost", "own");
  await install(systemd, "example.org", "other");
  await install(systemd, "localhost", "renewed");
  const program = insidePath(systemd, "programs/handover-servers.mjs");
  for (const release of ["one", "two"])
    await systemd.write(`/run/releases/${release}/app.mjs`, `import "${program}";`);
  await deploy(systemd, "one");
  return {
    sockets: {
      public: { listen: PUBLIC },
      ...Object.fromEntries(
        Object.keys(PORTS).map((name) => [
          name,
          { [name === "udp" ? "listenDatagram" : "listen"]: at(name as Name) },
        ]),
      ),
    },
    servers,
    exec: `${systemd.node} app.mjs`,
    lines: "WorkingDirectory=/run/current\nEnvironment=PWD=/run/current",
  };
}

async function beforeReload(systemd: PrivateSystemd): Promise<void> {
  await deploy(systemd, "two");
  await install(systemd, "example.org", "renewed");
}

async function secure(
  systemd: PrivateSystemd,
  name: Name,
  options: ConnectionOptions = {},
): Promise<TLSSocket> {
  const socket = connectTls({
    socket: connectInside(systemd, at(name)),
    rejectUnauthorized: false,
    ...options,
  });
  await once(socket, "secureConnect", { signal: AbortSignal.timeout(DEADLINE) });
  return socket;
}

/** A client of a protocol that is not HTTP. */
function staying(name: "lines" | "tls"): Scenario {
  return async ({ systemd, service, reload, untilMoved }) => {
    const open = async (): Promise<RawClient> =>
      name === "tls" ? new RawClient(await secure(systemd, "tls")) : service.connect(at(name));
    await using client = await open();
    const pid = await service.pid();
    await client.send("one\n").receives(new RegExp(`^${pid} one\n$`));
    const { after } = await reload();
    await client.send("two\n").receives(new RegExp(`^${pid} two\n$`));
    await using other = await open();
    await other.send("three\n").receives(new RegExp(`^${after} three\n$`));
    client.socket.end();
    expect(await client.closed).toBe("end");
    await untilMoved();
  };
}

/** A client of TLS whose request is not complete at the reload. */
function busyWithTls(name: "https" | "secure"): Scenario {
  return async ({ systemd, reload }) => {
    await using busy = new RawClient(await secure(systemd, name));
    busy.send("POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n12");
    // The app has read what came before this connection.
    await using last = new RawClient(await secure(systemd, name));
    await ask(last);
    const { before, after } = await reload();
    const response = await busy.send("345").receives(/\}$/);
    expect(response).toContain(`{"pid":${before},"bytes":5`);
    expect(response).toContain("Connection: close");
    expect(await busy.closed).toBe("end");
    await using next = new RawClient(await secure(systemd, name));
    expect(await ask(next)).toMatchObject({ pid: after });
  };
}

/** Two sessions of HTTP/2, one of which has an open stream. */
function sessionsOfHttp2(name: "h2c" | "http2"): Scenario {
  return async ({ systemd, reload }) => {
    const open = async (): Promise<ClientHttp2Session> => {
      const socket =
        name === "http2"
          ? await secure(systemd, name, { ALPNProtocols: ["h2"] })
          : connectInside(systemd, at(name));
      return connectHttp2("http://localhost", { createConnection: () => socket });
    };
    const session = await open();
    const idle = await open();
    const pid = await pidOver(idle);
    const stream = session.request({ ":path": "/upload", ":method": "POST" });
    stream.write("12");
    expect(await pidOver(session)).toBe(pid);
    const idleClosed = once(idle, "close");
    const goaway = once(session, "goaway");
    const { after } = await reload();
    await idleClosed;
    await goaway;
    stream.end("345");
    const answer = (await stream.setEncoding("utf8").toArray()).join("");
    expect(JSON.parse(answer)).toMatchObject({ pid, bytes: 5 });
    const next = await open();
    expect(await pidOver(next)).toBe(after);
    next.close();
  };
}

async function pidOver(session: ClientHttp2Session): Promise<number> {
  const stream = session.request({ ":path": "/" });
  const body = (await stream.setEncoding("utf8").toArray()).join("");
  return (JSON.parse(body) as { pid: number }).pid;
}

interface Visit {
  pid: number;
  isReused: boolean;
  /** The name in the certificate. */
  subject: string;
  session: Buffer | undefined;
}

/** Makes a request over TLS, and closes. The server may send a session at any time before that. */
async function visit(systemd: PrivateSystemd, name: Name, options: ConnectionOptions): Promise<Visit> {
  const socket = connectTls({
    socket: connectInside(systemd, at(name)),
    rejectUnauthorized: false,
    ...options,
  });
  const signal = AbortSignal.timeout(DEADLINE);
  let session: Buffer | undefined;
  socket.on("session", (ticket) => (session = ticket));
  await once(socket, "secureConnect", { signal });
  const isReused = socket.isSessionReused();
  const subject = String(socket.getPeerCertificate().subject?.CN);
  await using client = new RawClient(socket);
  const { pid } = await ask(client);
  if (!isReused && session === undefined) await once(socket, "session", { signal });
  return { pid, isReused, subject, session };
}

/** What a client of TLS that comes back must find. */
const visits = (["TLSv1.2", "TLSv1.3"] as const).flatMap((version) =>
  (
    [
      ["https", "localhost"],
      ["secure", "localhost"],
      ["secure", "example.org"],
    ] as const
  ).map(([name, servername]) => ({
    name,
    options: { servername, minVersion: version, maxVersion: version },
  })),
);

const scenarios: Scenarios = {
  "connections of one server move, from TCP over IPv4 and IPv6, unix and abstract sockets": async ({
    service,
    untilMoved,
  }) => {
    const clients = await Promise.all(PUBLIC.map((address) => service.idle(address)));
    const { after } = await untilMoved();
    for (const client of clients) {
      expect(await ask(client)).toMatchObject({ pid: after, name: "public" });
      await client[Symbol.asyncDispose]();
    }
  },

  "the connections of each server arrive at the server of the same name": async ({ service, untilMoved }) => {
    const clients = await Promise.all(
      Array.from({ length: 40 }, (_, index) => service.idle(index % 2 ? at("admin") : PUBLIC[0])),
    );
    const { after } = await untilMoved();
    for (const [index, client] of clients.entries()) {
      expect(await ask(client)).toMatchObject({ pid: after, name: index % 2 ? "admin" : "public" });
      await client[Symbol.asyncDispose]();
    }
  },

  "a client of another protocol stays connected to the old process until it leaves": staying("lines"),
  "a client of another protocol over TLS stays connected to the old process until it leaves": staying("tls"),

  "a plain connection moves whose server also has a socket with TLS": async ({ service, untilMoved }) => {
    await using plain = await service.idle(at("plain"));
    const { after } = await untilMoved();
    expect(await ask(plain)).toMatchObject({ pid: after });
  },

  "a busy connection with TLS closes after its response: https": busyWithTls("https"),
  "a busy connection with TLS closes after its response: the option tls": busyWithTls("secure"),

  "an idle connection with TLS closes after its keepAliveTimeout": async ({ systemd, reload }) => {
    await using idle = new RawClient(await secure(systemd, "https"));
    await using overHttp2 = new RawClient(await secure(systemd, "http2", { ALPNProtocols: ["http/1.1"] }));
    await ask(idle);
    await ask(overHttp2);
    await reload();
    expect(await idle.closed).toBe("end");
    expect(await overHttp2.closed).toBe("end");
  },

  "a session of HTTP/2 ends when its streams have their responses: h2c": sessionsOfHttp2("h2c"),
  "a session of HTTP/2 ends when its streams have their responses: TLS": sessionsOfHttp2("http2"),

  "a client of TLS resumes its session, although the new process runs in another folder": async ({
    systemd,
    reload,
  }) => {
    const first: Visit[] = [];
    for (const { name, options } of visits) first.push(await visit(systemd, name, options));
    const { after: pid } = await reload();
    for (const [index, { name, options }] of visits.entries()) {
      const { session, ...earlier } = first[index] as Visit;
      expect(earlier).toMatchObject({ isReused: false, subject: options.servername });
      const again = await visit(systemd, name, { ...options, session });
      expect({ ...again, options }).toMatchObject({ pid, isReused: true, options });
    }
  },

  "a client of TLS sees the new certificate if its files have changed": async ({ systemd, reload }) => {
    const options = { servername: "localhost" };
    expect(await visit(systemd, "renewed", options)).toMatchObject({ subject: "localhost" });
    await reload();
    expect(await visit(systemd, "renewed", options)).toMatchObject({ subject: "example.org" });
  },

  "an upgraded connection ends by onDrainUpgraded, and the next one reaches the new process": async ({
    service,
    reload,
  }) => {
    await using client = await service.connect(at("upgraded"));
    await client.send(UPGRADE).receives(/^HTTP\/1\.1 101 [^]*\r\n\r\n$/);
    const before = await service.pid();
    await client.send("one\n").receives(new RegExp(`^${before} one\n$`));
    const { after } = await reload();
    await client.receives(/^bye\n$/);
    expect(await client.closed).toBe("end");
    await using next = await service.connect(at("upgraded"));
    await next.send(UPGRADE).receives(/^HTTP\/1\.1 101 [^]*\r\n\r\n$/);
    await next.send("two\n").receives(new RegExp(`^${after} two\n$`));
  },

  "a socket that the app has taken is passed on": async ({ service, reload }) => {
    await using client = await service.connect(at("taken"));
    const before = await service.pid();
    await client.send("one\n").receives(new RegExp(`^${before} one\n$`));
    const { after } = await reload();
    expect(await client.closed).toBe("end");
    await using next = await service.connect(at("taken"));
    await next.send("two\n").receives(new RegExp(`^${after} two\n$`));
  },
};

/**
 * Reloads several times, and waits each time until the old process has ended. Resolves with the last process.
 */
async function reloadOften(service: HandoverService): Promise<number> {
  for (let count = 0; count < RELOADS; count++) {
    const before = await service.pid();
    await service.reload();
    await service.untilGone(before);
  }
  return service.pid();
}

describeOneReload("when the service is reloaded", scenarios, {
  unitsFor,
  beforeReload,
  more: (service) => {
    test(`each datagram is received exactly once, during ${RELOADS} reloads`, async () => {
      const fd = datagramSocketInside(service().systemd);
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
      await reloadOften(service());
      isOver = true;
      await done;
      socket.close();
      expect(answers.length).toBe(sent);
      expect(answers.filter((each) => each.length !== 1)).toEqual([]);
      expect(pids.size).toBe(RELOADS + 1);
    });

    test(`WebSockets get close code 1001, and connect to the new process, during ${RELOADS} reloads`, async () => {
      const { systemd } = service();
      const open = async (): Promise<{ socket: WebSocket; closed: Promise<number> }> => {
        const socket = new WebSocket("ws://localhost/", {
          createConnection: () => connectInside(systemd, at("webSockets")),
        });
        const closed = new Promise<number>((resolve) => socket.on("close", resolve));
        await once(socket, "open", { signal: AbortSignal.timeout(DEADLINE) });
        return { socket, closed };
      };
      let last: string | undefined;
      const pids = new Set<string>();
      const codes: number[] = [];
      const wrong: string[] = [];
      const run = async (id: number): Promise<void> => {
        let { socket, closed } = await open();
        let lastAnswer: string | undefined;
        for (let count = 0; last === undefined || lastAnswer !== last; count++) {
          const echo = new Promise<string>((resolve) =>
            socket.once("message", (data: Buffer) => resolve(data.toString())),
          );
          socket.send(`${id}/${count}`);
          const answer = await Promise.race([echo, closed]);
          // A message that meets the close frame has no echo.
          if (typeof answer === "number") {
            codes.push(answer);
            ({ socket, closed } = await open());
          } else {
            const [pid, text] = answer.split(" ") as [string, string];
            pids.add((lastAnswer = pid));
            if (text !== `${id}/${count}`) wrong.push(text);
          }
        }
        socket.close();
      };
      const clients = Promise.all(Array.from({ length: CLIENTS }, (_, id) => run(id)));
      last = String(await reloadOften(service()));
      await clients;
      expect(wrong).toEqual([]);
      expect(new Set(codes)).toEqual(new Set([1001]));
      expect(codes.length).toBe(CLIENTS * RELOADS);
      expect(pids.size).toBe(RELOADS + 1);
    });
  },
});
