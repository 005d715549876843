import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectHttp2,
  constants,
} from "node:http2";
import { createConnection, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import {
  type AddressKind,
  type AppProcess,
  certificateOf,
  closeAll,
  freeAddress,
  type HttpAnswer,
  httpRequest,
  openConnection,
  rawSocket,
  requestOver,
  startWithFds,
} from "@sockact/testkit";
import { untilAnotherSleeps } from "./lifecycle-app.ts";

const program = [process.execPath, fileURLToPath(new URL("programs/tls.mjs", import.meta.url))];
const localhost = certificateOf("localhost");
const example = certificateOf("example.org");
const both = { sockets: { http: {}, https: { tls: localhost } } };

const opened: number[] = [];
afterAll(() => closeAll(opened));

interface Seen {
  httpVersion: string;
  encrypted: boolean;
  servername: string | false;
  alpnProtocol: string | false;
  connections: number;
}

/** Starts the program with a socket for each name. */
async function start(
  options: object,
  { names = ["http", "https"], kinds = [] as AddressKind[], env = {} } = {},
): Promise<{ app: AppProcess; addresses: string[] }> {
  const addresses: string[] = [];
  const fds = [];
  for (const [index] of names.entries()) {
    const kind = kinds[index] ?? "tcp4";
    const bound = await freeAddress(kind);
    fds.push(rawSocket(kind === "tcp4" ? "ipv4" : "unix", "stream", { bound, listening: true }));
    addresses.push(bound);
  }
  opened.push(...fds);
  const app = startWithFds(fds, program, { names, env: { LISTEN_OPTIONS: JSON.stringify(options), ...env } });
  return { app, addresses };
}

/** A TLS connection after its handshake. */
async function secured(address: string, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ socket: openConnection(address), rejectUnauthorized: false, ...options });
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {});
  await once(socket, "secureConnect");
  return socket;
}

async function answer(socket: Socket): Promise<{ json: Seen; headers: HttpAnswer["headers"] }> {
  const { json, headers } = await requestOver(socket);
  return { json: json<Seen>(), headers };
}

async function http2(address: string): Promise<ClientHttp2Session> {
  const session = connectHttp2(`https://localhost`, {
    createConnection: () =>
      connect({ socket: openConnection(address), rejectUnauthorized: false, ALPNProtocols: ["h2"] }),
  });
  onTestFinished(() => session.destroy());
  await once(session, "connect");
  return session;
}

const subject = (socket: TLSSocket): string => String(socket.getPeerCertificate().subject.CN);

describe("http and https on one server", () => {
  test.each<AddressKind[]>([
    ["tcp4", "tcp4"],
    ["unix", "tcp4"],
    ["tcp4", "unix"],
  ])("over %s and %s", async (...kinds) => {
    const { app, addresses } = await start(both, { kinds });
    await using _ = app;
    await app.event("ready");
    const plain = await httpRequest(addresses[0] as string);
    expect(plain.json()).toMatchObject({ encrypted: false, connections: 1 });
    const secure = await secured(addresses[1] as string, { servername: "localhost" });
    const { json } = await answer(secure);
    expect(json).toEqual({
      httpVersion: "1.1",
      encrypted: true,
      servername: "localhost",
      alpnProtocol: false,
      connections: 1,
    });
    expect(subject(secure)).toBe("localhost");
  });

  test.each([
    ["the first socket alone", { sockets: { http: { tls: localhost }, https: {} } }, [true, false]],
    ["every socket", { tls: localhost }, [true, true]],
  ])("TLS on %s", async (_, options, encrypted) => {
    const { app, addresses } = await start(options);
    await using __ = app;
    await app.event("ready");
    const seen = addresses.map(async (address, index) =>
      encrypted[index]
        ? (await answer(await secured(address))).json
        : (await httpRequest(address)).json<Seen>(),
    );
    expect((await Promise.all(seen)).map((each) => each.encrypted)).toEqual(encrypted);
  });

  test("WebSockets over both", async () => {
    const { app, addresses } = await start(both);
    await using _ = app;
    await app.event("ready");
    for (const open of [
      () => openConnection(addresses[0] as string),
      () => connect({ socket: openConnection(addresses[1] as string), rejectUnauthorized: false }),
    ]) {
      const socket = new WebSocket("ws://localhost/", { createConnection: open });
      await once(socket, "open");
      socket.send("hello");
      const [data] = (await once(socket, "message")) as [Buffer];
      expect(data.toString()).toBe("hello");
      socket.terminate();
    }
  });

  test("a client that speaks plain text on the TLS port is an event, as in node:https, and others are served", async () => {
    const { app, addresses } = await start(both);
    await using _ = app;
    await app.event("ready");
    await expect(httpRequest(addresses[1] as string)).rejects.toThrow("socket hang up");
    expect(await app.event("tlsClientError")).toMatchObject({ code: "ERR_SSL_HTTP_REQUEST" });
    expect((await answer(await secured(addresses[1] as string))).json).toMatchObject({ encrypted: true });
  });

  test("a client sees the certificate of the name that it asks for", async () => {
    const { app, addresses } = await start({ tls: { ...localhost, sni: { "example.org": example } } });
    await using _ = app;
    await app.event("ready");
    expect(subject(await secured(addresses[0] as string, { servername: "example.org" }))).toBe("example.org");
    expect(subject(await secured(addresses[0] as string, { servername: "else.org" }))).toBe("localhost");
  });

  test("for a name of sni, the clients of the same authorities are accepted, unless it has its own", async () => {
    const tls = {
      ...localhost,
      requestCert: true,
      ca: localhost.cert,
      sni: { "example.org": example, "*.example.org": { ...example, ca: example.cert } },
    };
    const { app, addresses } = await start({ tls });
    await using _ = app;
    await app.event("ready");
    const text = (file: string): string => readFileSync(file, "utf8");
    const visit = async (servername: string, of: typeof localhost): Promise<boolean> => {
      const own = { key: text(of.key), cert: text(of.cert) };
      try {
        await answer(await secured(addresses[0] as string, { servername, ...own }));
        return true;
      } catch {
        return false;
      }
    };
    const accepted = [];
    for (const name of ["localhost", "example.org", "www.example.org"])
      for (const client of [localhost, example]) accepted.push(await visit(name, client));
    expect(accepted).toEqual([true, false, true, false, false, true]);
  });

  test("SNICallback is asked about a name that is not in sni", async () => {
    const options = { tls: { ...localhost, sni: { localhost } } };
    const { app, addresses } = await start(options, { env: { OTHER_NAMES: JSON.stringify(example) } });
    await using _ = app;
    await app.event("ready");
    const subjects = [];
    for (const servername of ["localhost", "else.org"])
      subjects.push(subject(await secured(addresses[0] as string, { servername })));
    expect(subjects).toEqual(["localhost", "example.org"]);
  });
});

describe("where the keys come from", () => {
  test("from the service's credentials, by name", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sockact-credentials-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    copyFileSync(example.key, join(folder, "key"));
    copyFileSync(example.cert, join(folder, "cert"));
    const options = { tls: { key: "key", cert: "cert" } };
    const { app, addresses } = await start(options, { env: { CREDENTIALS_DIRECTORY: folder } });
    await using _ = app;
    await app.event("ready");
    expect(subject(await secured(addresses[0] as string))).toBe("example.org");
  });

  test("as PEM strings", async () => {
    const text = (file: string): string => readFileSync(file, "utf8");
    const { app, addresses } = await start({ tls: { key: text(localhost.key), cert: text(localhost.cert) } });
    await using _ = app;
    await app.event("ready");
    expect(subject(await secured(addresses[0] as string))).toBe("localhost");
  });

  test("read again at a reload: new connections get the new certificate, open ones stay; a bad one changes nothing", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sockact-keys-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const [key, cert] = [join(folder, "key"), join(folder, "cert")];
    const install = (from: typeof example): void => {
      copyFileSync(from.key, key);
      copyFileSync(from.cert, cert);
    };
    install(localhost);
    const { app, addresses } = await start({ tls: { key, cert } });
    await using _ = app;
    await app.event("ready");
    const open = await secured(addresses[0] as string);
    install(example);
    app.kill("SIGHUP");
    await app.event("reloaded");
    expect(subject(await secured(addresses[0] as string))).toBe("example.org");
    expect((await answer(open)).json).toMatchObject({ encrypted: true });
    copyFileSync(localhost.key, key);
    app.kill("SIGHUP");
    expect(await app.event("error")).toMatchObject({ code: "SOCKACT_ERR_TLS" });
    await app.event("reloaded");
    expect(subject(await secured(addresses[0] as string))).toBe("example.org");
  });

  test("if one of several files can't be used, a reload changes no certificate, and still calls onReload", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sockact-keys-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const files = (name: string): typeof example => ({
      key: join(folder, `${name}.key`),
      cert: join(folder, `${name}.cert`),
    });
    const install = (from: typeof example, name: string): void => {
      copyFileSync(from.key, files(name).key);
      copyFileSync(from.cert, files(name).cert);
    };
    for (const name of ["http", "https", "sni"]) install(localhost, name);
    const { app, addresses } = await start({
      sockets: {
        http: { tls: files("http") },
        https: { tls: { ...files("https"), sni: { "example.org": files("sni") } } },
      },
    });
    await using _ = app;
    await app.event("ready");
    const subjects = async (): Promise<string[]> => [
      subject(await secured(addresses[0] as string)),
      subject(await secured(addresses[1] as string)),
      subject(await secured(addresses[1] as string, { servername: "example.org" })),
    ];
    for (const name of ["http", "https"]) install(example, name);
    rmSync(files("sni").cert);
    app.kill("SIGHUP");
    expect(await app.event("error")).toMatchObject({ code: "SOCKACT_ERR_TLS_FILE" });
    await app.event("onReload");
    expect(await app.event("reloaded")).toMatchObject({ failed: true });
    expect(await subjects()).toEqual(["localhost", "localhost", "localhost"]);
    install(example, "sni");
    app.kill("SIGHUP");
    expect(await app.event("reloaded")).toEqual({ event: "reloaded" });
    expect(await subjects()).toEqual(["example.org", "example.org", "example.org"]);
  });

  test("a reload frees what it replaces", async () => {
    const tls = { ...localhost, sni: { "example.org": example, "else.org": localhost } };
    const { app } = await start({ tls });
    await using _ = app;
    await app.event("ready");
    app.write("contexts");
    const before = await app.event("contexts");
    for (let times = 0; times < 5; times++) {
      app.kill("SIGHUP");
      await app.event("reloaded");
    }
    app.write("contexts");
    expect(await app.event("contexts")).toEqual(before);
  });

  test.each([
    [
      "a file that does not exist",
      { tls: { key: "/nowhere", cert: localhost.cert } },
      "SOCKACT_ERR_TLS_FILE",
    ],
    ["a key of another certificate", { tls: { key: example.key, cert: localhost.cert } }, "SOCKACT_ERR_TLS"],
    ["no certificate", { tls: { key: localhost.key } }, "SOCKACT_ERR_OPTION"],
    ["ALPNCallback", { tls: { ...localhost, ALPNCallback: "a function" } }, "SOCKACT_ERR_OPTION"],
    ["an unknown option of a socket", { sockets: { http: { tsl: {} } } }, "SOCKACT_ERR_OPTION"],
    ["name and sockets", { name: "http", sockets: { http: {} } }, "SOCKACT_ERR_OPTION"],
    ["a socket that was not passed", { sockets: { htp: {} } }, "SOCKACT_ERR_NAME_UNKNOWN"],
  ])("%s: refused, and nothing is taken", async (_, options, code) => {
    const { app } = await start(options);
    await using __ = app;
    const refused = await app.event<{ code: string; hint: string }>("refused");
    expect(refused).toMatchObject({ code });
    expect(refused.hint).not.toBe("");
  });
});

describe("a server that has its own TLS", () => {
  test.each([
    ["node:https", "tls for all sockets", { tls: localhost }],
    ["node:https", "tls for one socket", both],
    ["node:http2", "tls for all sockets", { tls: localhost }],
    ["node:tls", "tls for all sockets", { tls: localhost }],
  ])("of %s with %s is refused, and can take the sockets without", async (SERVER, _title, options) => {
    const env = { SERVER, SERVER_KEY: example.key, SERVER_CERT: example.cert };
    const { app, addresses } = await start(options, { env });
    await using _ = app;
    expect(await app.event("refused")).toMatchObject({
      code: "SOCKACT_ERR_OPTION",
      hint: expect.stringContaining("A server of node:https speaks TLS on every socket"),
    });
    await app.event("ready");
    for (const address of addresses) expect(subject(await secured(address))).toBe("example.org");
  });
});

describe("HTTP/2, if the options offer it", () => {
  const options = { tls: { ...localhost, ALPNProtocols: ["h2", "http/1.1"] } };

  test("clients that know HTTP/2 get it, and the others get HTTP/1.1", async () => {
    const { app, addresses } = await start(options);
    await using _ = app;
    await app.event("ready");
    const session = await http2(addresses[0] as string);
    const stream = session.request({ ":path": "/" }).setEncoding("utf8");
    expect(JSON.parse((await stream.toArray()).join(""))).toMatchObject({
      httpVersion: "2.0",
      encrypted: true,
    });
    for (const ALPNProtocols of [["http/1.1"], undefined]) {
      const socket = await secured(addresses[0] as string, ALPNProtocols ? { ALPNProtocols } : {});
      expect((await answer(socket)).json).toMatchObject({ httpVersion: "1.1", encrypted: true });
    }
    session.close();
  });

  test("a session ends when no request has been under way for keepAliveTimeout, and not before", async () => {
    const { app, addresses } = await start(options, { env: { PROPERTIES: '{ "keepAliveTimeout": 500 }' } });
    await using _ = app;
    await app.event("ready");
    const busy = await http2(addresses[0] as string);
    const stream = busy.request({ ":path": "/held" }).setEncoding("utf8");
    await app.event("held");
    const idle = await http2(addresses[0] as string);
    await once(idle, "close");
    expect(busy.closed).toBe(false);
    app.write("answer");
    expect((await stream.toArray()).join("")).toBe("done");
    await once(busy, "close");
  });

  test("a request that does not arrive within requestTimeout is reset, and the others of its session are answered", async () => {
    const { app, addresses } = await start(options, { env: { PROPERTIES: '{ "requestTimeout": 1000 }' } });
    await using _ = app;
    await app.event("ready");
    const session = await http2(addresses[0] as string);
    const post = async (): Promise<ClientHttp2Stream> => {
      const stream = session.request({ ":path": "/held", ":method": "POST" });
      stream.setEncoding("utf8").write("part");
      await app.event("held");
      return stream;
    };
    const complete = await post();
    complete.end("end");
    const stalled = await post();
    await once(stalled, "close");
    expect(stalled.rstCode).toBe(constants.NGHTTP2_CANCEL);
    app.write("answer");
    expect((await complete.toArray()).join("")).toBe("done");
    session.close();
  });

  test("a stop answers requests that are under way, and sends GOAWAY", async () => {
    const { app, addresses } = await start(options);
    await using _ = app;
    await app.event("ready");
    const session = await http2(addresses[0] as string);
    const stream = session.request({ ":path": "/held" }).setEncoding("utf8");
    await app.event("held");
    const goAway = once(session, "goaway");
    app.kill("SIGTERM");
    await goAway;
    app.write("answer");
    expect((await stream.toArray()).join("")).toBe("done");
    expect(await app.ended).toBe(0);
  });
});

describe("a stop", () => {
  test("answers the next request of an idle client, over TLS, with Connection: close", async () => {
    const { app, addresses } = await start(both);
    await using _ = app;
    await app.event("ready");
    const socket = await secured(addresses[1] as string);
    expect((await answer(socket)).headers.connection).toBe("keep-alive");
    app.kill("SIGTERM");
    expect(await app.event("draining")).toMatchObject({ connections: 1 });
    expect((await answer(socket)).headers.connection).toBe("close");
    expect(await app.ended).toBe(0);
  });

  test("waits for a handshake that is under way", async () => {
    const { app, addresses } = await start(both);
    await using _ = app;
    await app.event("ready");
    // Plain bytes between the client and the server, held back until the server drains.
    const upstream = openConnection(addresses[1] as string);
    await once(upstream, "connect");
    app.kill("SIGTERM");
    await app.event("draining");
    const socket = connect({ socket: upstream, rejectUnauthorized: false });
    await once(socket, "secureConnect");
    expect((await answer(socket)).headers.connection).toBe("close");
    expect(await app.ended).toBe(0);
  });

  test("an idle process sleeps only when no handshake is under way", async () => {
    const { app, addresses } = await start({ ...both, idleTimeout: "200ms" });
    await using _ = app;
    await app.event("ready");
    const [host, port] = (addresses[1] as string).split(":") as [string, string];
    const socket = createConnection({ host, port: Number(port) });
    await once(socket, "connect");
    // The beginning of a ClientHello.
    socket.write(Buffer.from([22, 3, 1, 2, 0]));
    const other = await httpRequest(addresses[0] as string);
    expect(other.status).toBe(200);
    await untilAnotherSleeps(500);
    expect(app.stdout).not.toContain('"idle"');
    socket.destroy();
    await app.event("idle");
    expect(await app.ended).toBe(0);
  });
});
