import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:http2";
import { connect as connectPlain, type Socket } from "node:net";
import process from "node:process";
import { text } from "node:stream/consumers";
import { connect as connectTls } from "node:tls";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import {
  type AppProcess,
  certificateOf,
  freeAddress,
  openConnection,
  socketActivate,
} from "@sockact/testkit";
import { rawClient } from "./lifecycle-app.ts";

const program = [process.execPath, fileURLToPath(new URL("programs/proxy-protocol.mjs", import.meta.url))];
const trusting = { SOCKACT_TRUST_PROXY: "yes" };

async function start(
  kind: "unix" | "tcp4",
  env: Record<string, string>,
  options: object = {},
): Promise<{ app: AppProcess; address: string }> {
  const address = await freeAddress(kind);
  const app = await socketActivate([address], program, {
    env: { LISTEN_OPTIONS: JSON.stringify(options), ...env },
  });
  await app.event("ready");
  return { app, address };
}

/** What the app knows about the client of a request on a new connection. */
async function ask(to: string | (() => Socket), headers: Record<string, string | string[]>): Promise<object> {
  const createConnection = typeof to === "string" ? () => openConnection(to) : to;
  const sent = request({ createConnection, headers });
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const { remoteAddress, remoteFamily, encrypted } = JSON.parse(await text(response)) as Record<
    string,
    unknown
  >;
  return { remoteAddress, remoteFamily, encrypted };
}

const forwarded = (address: string, scheme: string) => ({
  "x-forwarded-for": address,
  "x-forwarded-proto": scheme,
});
const unknown = { remoteAddress: undefined, remoteFamily: undefined, encrypted: false };

describe("trustProxy", () => {
  test("a client can't hide behind more headers than Node keeps", async () => {
    const { app, address } = await start("unix", trusting);
    await using _app = app;
    const many = Object.fromEntries(Array.from({ length: 1100 }, (_, index) => [`a${index}`, "b"]));
    expect(await ask(address, { ...many, ...forwarded("192.0.2.1", "https") })).toMatchObject({
      remoteAddress: "192.0.2.1",
      encrypted: true,
    });
  });

  test.each([
    ["the option", {}, { trustProxy: true }],
    ["SOCKACT_TRUST_PROXY", trusting, {}],
    ["SOCKACT_TRUST_PROXY over the option", trusting, { trustProxy: false }],
  ])(
    "%s: a request over a unix socket has the client and the scheme of the proxy",
    async (_, env, options) => {
      const { app, address } = await start("unix", env, options);
      await using _app = app;
      expect(await ask(address, forwarded("192.0.2.1", "https"))).toEqual({
        remoteAddress: "192.0.2.1",
        remoteFamily: "IPv4",
        encrypted: true,
      });
      expect(await ask(address, forwarded("2001:db8::1", "http"))).toEqual({
        remoteAddress: "2001:db8::1",
        remoteFamily: "IPv6",
        encrypted: false,
      });
    },
  );

  test("only what the proxy has added last counts", async () => {
    const { app, address } = await start("unix", trusting);
    await using _app = app;
    const client = { remoteAddress: "192.0.2.1", remoteFamily: "IPv4", encrypted: false };
    expect(await ask(address, forwarded("6.6.6.6, 192.0.2.1", "https, http"))).toEqual(client);
    const twice = { "x-forwarded-for": ["6.6.6.6", "192.0.2.1"], "x-forwarded-proto": ["https", "http"] };
    expect(await ask(address, twice)).toEqual(client);
    expect(await ask(address, forwarded("6.6.6.6, unix:", "gopher"))).toEqual(unknown);
    expect(await ask(address, {})).toEqual(unknown);
  });

  test("each request on a connection has its own client", async () => {
    const { app, address } = await start("unix", trusting);
    await using _app = app;
    await using connection = await rawClient(address);
    for (const client of ["192.0.2.1", "192.0.2.2", undefined]) {
      connection.get("/", client === undefined ? [] : [`X-Forwarded-For: ${client}`]);
      const answer = await connection.receives(/\{.*\}/);
      expect(JSON.parse(/\{.*\}/.exec(answer)![0]).remoteAddress).toBe(client);
    }
  });

  test.each([
    ["h2c", {}],
    ["http2", {}],
  ])("each request of an HTTP/2 connection to the server %s has its own client", async (server, options) => {
    const { app, address } = await start("unix", { ...trusting, SERVER: server }, options);
    await using _app = app;
    const socket = openConnection(address);
    const createConnection = () =>
      server === "h2c" ? socket : connectTls({ socket, rejectUnauthorized: false, ALPNProtocols: ["h2"] });
    const session = connect("http://localhost", { createConnection });
    const clients = [
      ["192.0.2.1", "https"],
      ["192.0.2.2", "http"],
    ] as const;
    // Both are open at once.
    const streams = clients.map(([client, scheme]) =>
      session.request({ ":method": "POST", ...forwarded(client, scheme) }),
    );
    for (const stream of streams) stream.end();
    const known = await Promise.all(streams.map(async (stream) => JSON.parse(await text(stream))));
    expect(known).toMatchObject(
      clients.map(([client, scheme]) => ({ remoteAddress: client, encrypted: scheme === "https" })),
    );
    session.destroy();
  });

  test.each([
    ["https", {}],
    ["http", { tls: certificateOf("localhost") }],
  ])("a request over TLS to the server %s has the client too", async (server, options) => {
    const { app, address } = await start("unix", { ...trusting, SERVER: server }, options);
    await using _app = app;
    for (const [client, scheme] of [
      ["192.0.2.1", "https"],
      ["192.0.2.2", "http"],
    ] as const) {
      const socket = openConnection(address);
      const createConnection = () => connectTls({ socket, rejectUnauthorized: false });
      expect(await ask(createConnection, forwarded(client, scheme))).toMatchObject({
        remoteAddress: client,
        encrypted: scheme === "https",
      });
    }
    const tcp = await start("tcp4", { ...trusting, SERVER: server }, options);
    await using _tcp = tcp.app;
    const socket = openConnection(tcp.address);
    const createConnection = () => connectTls({ socket, rejectUnauthorized: false });
    expect(await ask(createConnection, forwarded("6.6.6.6", "http"))).toMatchObject({
      remoteAddress: "127.0.0.1",
      encrypted: true,
    });
  });

  test("the proxy can send a body to its end that the app does not read", async () => {
    const { app, address } = await start("unix", trusting);
    await using _app = app;
    const body = "x".repeat(1_000_000);
    const connection = connectPlain({ path: address, allowHalfOpen: true });
    const closed = once(connection, "close");
    let answer = "";
    connection.setEncoding("utf8").on("data", (part: string) => (answer += part));
    connection.write(
      `POST /unread HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\nx`,
    );
    await once(connection, "end");
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    connection.end(body.slice(1));
    expect(await closed).toEqual([false]);
  });

  test("workers of node:cluster trust it too", async () => {
    const { app, address } = await start("unix", { ...trusting, WORKERS: "2" });
    await using _app = app;
    for (let count = 0; count < 3; count++)
      expect(await ask(address, forwarded("192.0.2.1", "https"))).toMatchObject({
        remoteAddress: "192.0.2.1",
      });
  });

  test("no header counts over TCP, or without the option", async () => {
    const tcp = await start("tcp4", trusting);
    await using _tcp = tcp.app;
    expect(await ask(tcp.address, forwarded("6.6.6.6", "https"))).toEqual({
      remoteAddress: "127.0.0.1",
      remoteFamily: "IPv4",
      encrypted: false,
    });
    const unix = await start("unix", {});
    await using _unix = unix.app;
    expect(await ask(unix.address, forwarded("6.6.6.6", "https"))).toEqual(unknown);
  });
});
