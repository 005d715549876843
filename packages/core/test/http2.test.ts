import { once } from "node:events";
import { type ClientHttp2Session, connect, constants } from "node:http2";
import { describe, expect, test } from "vitest";
import { type AppProcess, type ListenAddress } from "@sockact/testkit";
import {
  acceptedClient,
  appOnSocket,
  type LifecycleServer,
  RawClient,
  rawClient,
  terminate,
} from "./lifecycle-app.ts";
import { connect as connectTls } from "node:tls";

interface Client {
  session: ClientHttp2Session;
  /** The code of each GOAWAY, and the last stream that is still answered. */
  goAways: [code: number, last: number][];
}

async function client(app: AppProcess, address: ListenAddress, scheme: "http" | "https"): Promise<Client> {
  const session = connect(`${scheme}://${address}`, { rejectUnauthorized: false });
  session.on("error", () => {});
  const goAways: Client["goAways"] = [];
  session.on("goaway", (code: number, last: number) => goAways.push([code, last]));
  await once(session, "connect");
  await app.event("session");
  return { session, goAways };
}

async function get(session: ClientHttp2Session, path: string): Promise<{ status: number; body: string }> {
  const stream = session.request({ ":path": path }).setEncoding("utf8");
  const [headers] = (await once(stream, "response")) as [{ ":status": number }];
  return { status: headers[":status"], body: (await stream.toArray()).join("") };
}

const kinds: [kind: LifecycleServer["kind"], scheme: "http" | "https"][] = [
  ["http2", "https"],
  ["h2c", "http"],
  ["streams", "http"],
];

describe.concurrent.each(kinds)("HTTP/2 on SIGTERM: %s", (kind, scheme) => {
  test("an idle session ends, a request that is under way is answered before its client gets GOAWAY, and the process ends with 0", async () => {
    const { app, address } = await appOnSocket({ kind: kind as "h2c" });
    await using running = app;
    const { session: idle } = await client(running, address, scheme);
    await get(idle, "/");
    await running.event("request");
    const { session, goAways } = await client(running, address, scheme);
    const held = get(session, "/held");
    await running.event("request");
    await terminate(running);
    if (!idle.closed) await once(idle, "close");
    running.write("answer");
    expect(await held).toEqual({ status: 200, body: "done" });
    if (goAways.length === 0) await once(session, "goaway");
    expect(goAways).toEqual([[constants.NGHTTP2_NO_ERROR, 1]]);
    expect(await running.event("drained")).toEqual({ event: "drained", cut: 0 });
    expect(await running.ended).toBe(0);
  });

  test("drainTimeout cuts a request that is held: the exit code is 1", async () => {
    const { app, address } = await appOnSocket({ kind: kind as "h2c", options: { drainTimeout: "200ms" } });
    await using running = app;
    const { session } = await client(running, address, scheme);
    session.request({ ":path": "/held" }).on("error", () => {});
    await running.event("request");
    await terminate(running);
    expect(await running.event("drained")).toEqual({ event: "drained", cut: 1 });
    expect(await running.ended).toBe(1);
  });

  test("server.close() of the app drains", async () => {
    const { app, address } = await appOnSocket({ kind: kind as "h2c", options: { signals: false } });
    await using running = app;
    const { session, goAways } = await client(running, address, scheme);
    const held = get(session, "/held");
    await running.event("request");
    running.write("close");
    running.write("answer");
    expect(await held).toEqual({ status: 200, body: "done" });
    if (goAways.length === 0) await once(session, "goaway");
    await running.event("close called back");
    expect(await running.ended).toBe(0);
  });
});

/** An HTTP/2 client that writes its frames itself. */
async function rawHttp2Client(address: ListenAddress): Promise<RawClient> {
  const raw = await rawClient(address);
  raw.socket.allowHalfOpen = true;
  const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  return raw.send(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), settings]));
}

/** HEADERS with END_STREAM and END_HEADERS: GET, http, this path, and the authority `a`. */
function headersFrame(stream: number, path: string): Buffer {
  const text = Buffer.from(path);
  const block = Buffer.concat([
    Buffer.from([0x82, 0x86, 0x04, text.length]),
    text,
    Buffer.from([0x41, 1, 0x61]),
  ]);
  return Buffer.concat([Buffer.from([0, 0, block.length, 1, 5, 0, 0, 0, stream]), block]);
}

/** GOAWAY, with NO_ERROR and this last stream. */
const goAway = (last: number): RegExp =>
  new RegExp(String.fromCharCode(0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, last, 0, 0, 0, 0));

test.concurrent.each(["h2c", "streams"] as const)(
  "the first request of a new session is answered: %s",
  async (kind) => {
    const { app, address } = await appOnSocket({ kind });
    await using running = app;
    await using raw = await rawHttp2Client(address);
    await running.event("session");
    await terminate(running);
    running.write("listeners");
    await running.event("listeners");
    raw.send(headersFrame(1, "/"));
    expect(await raw.receives(/hello/)).not.toMatch(goAway(0));
    raw.socket.end();
    expect(await running.event("drained")).toEqual({ event: "drained", cut: 0 });
    expect(await running.ended).toBe(0);
  },
);

test.concurrent.each(["h2c", "streams"] as const)(
  "GOAWAY shows that a request on its way is not answered, so the client may send it again: %s",
  async (kind) => {
    const { app, address } = await appOnSocket({ kind });
    await using running = app;
    await using raw = await rawHttp2Client(address);
    raw.send(headersFrame(1, "/held"));
    await running.event("request");
    await terminate(running);
    // GOAWAY is sent although a request is under way, because that may take long.
    await raw.receives(goAway(1));
    raw.send(headersFrame(3, "/"));
    running.write("answer");
    await raw.receives(/done/);
    raw.socket.end();
    expect(await running.event("drained")).toEqual({ event: "drained", cut: 0 });
    expect(await running.ended).toBe(0);
    expect(running.stdout.match(/"request"/g)).toHaveLength(1);
  },
);

test.concurrent("a session without requests is not a failure at drainTimeout", async () => {
  const { app, address } = await appOnSocket({ kind: "h2c", options: { drainTimeout: "200ms" } });
  await using running = app;
  await using _raw = await rawHttp2Client(address);
  await running.event("session");
  await terminate(running);
  expect(await running.event("drained")).toEqual({ event: "drained", cut: 0 });
  expect(await running.ended).toBe(0);
});

test.concurrent("a session that the app has ended already, and whose client keeps the connection, is left alone", async () => {
  const { app, address } = await appOnSocket({ kind: "h2c" });
  await using running = app;
  await using raw = await rawHttp2Client(address);
  raw.send(headersFrame(1, "/held"));
  await running.event("request");
  running.write("close sessions");
  running.write("listeners");
  await running.event("listeners");
  await terminate(running);
  raw.socket.end();
  expect(await running.event("drained")).toMatchObject({ event: "drained" });
  expect(await running.ended).toBe(0);
  expect(running.stderr).toBe("");
});

describe("HTTP/1 on an HTTP/2 server (allowHTTP1), on SIGTERM", () => {
  test("is drained like any HTTP/1 connection, beside HTTP/2 sessions", async () => {
    const { app, address } = await appOnSocket({ kind: "http2", serverOptions: { allowHTTP1: true } });
    await using running = app;
    const port = Number(address.split(":").at(-1));
    const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
    await using old = new RawClient(socket);
    await once(socket, "secureConnect");
    old.get("/");
    await old.receives(/hello$/);
    await using busy = new RawClient(connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false }));
    busy.get("/held");
    for (const _ of [1, 2]) await running.event("request");
    const { session } = await client(running, address, "https");
    await get(session, "/");
    await terminate(running);
    old.get("/");
    expect(await old.receives(/hello$/)).toMatch(/^Connection: close\r$/im);
    running.write("answer");
    expect(await busy.receives(/done$/)).toMatch(/^Connection: close\r$/im);
    if (!session.closed) await once(session, "close");
    expect(await running.ended).toBe(0);
  });
});

test.concurrent("a server of HTTP/2 over TLS, with a client that is still in the handshake", async () => {
  const { app, address } = await appOnSocket({ kind: "http2" });
  await using running = app;
  const plain = await acceptedClient(running, address);
  await terminate(running);
  const session = connect(`https://${address}`, {
    createConnection: () =>
      connectTls({ socket: plain.socket, ALPNProtocols: ["h2"], rejectUnauthorized: false }),
  });
  session.on("error", () => {});
  expect(await get(session, "/")).toEqual({ status: 200, body: "hello" });
  expect(await running.ended).toBe(0);
});
