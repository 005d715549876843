import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import {
  type AppProcess,
  closeAll,
  describeWith,
  freeAddress,
  rawSocket,
  socketActivate,
  startProcess,
  startWithFds,
} from "@sockact/testkit";
import { type RawClient, rawClient } from "./lifecycle-app.ts";
import { line } from "./proxy-headers.ts";

const programs = new URL("programs/", import.meta.url);
const program = [process.execPath, fileURLToPath(new URL("proxy-protocol.mjs", programs))];

const opened: number[] = [];
afterAll(() => closeAll(opened));

const client = { remoteAddress: "192.0.2.1", remotePort: 56_324 };

interface Started {
  app: AppProcess;
  address: string;
}

/** Starts the program on the socket `web`, with this value of the variable. */
async function start(
  value: string,
  options: object = {},
  env: Record<string, string> = {},
): Promise<Started> {
  const address = await freeAddress("tcp4");
  const fd = rawSocket("ipv4", "stream", { bound: address, listening: true });
  opened.push(fd);
  const app = startWithFds([fd], program, {
    names: ["web"],
    env: { LISTEN_OPTIONS: JSON.stringify(options), SOCKACT_PROXY_PROTOCOL: value, ...env },
  });
  return { app, address };
}

/** What the app says about a connection. */
async function ask(connection: RawClient): Promise<object> {
  const text = await connection.get("/").receives(/\}$/);
  return JSON.parse(text.slice(text.indexOf("{"))) as object;
}

/** What it says about a connection that begins with a header. */
async function askWithHeader(address: string): Promise<object> {
  await using connection = await rawClient(address);
  return await ask(connection.send(line));
}

describe("SOCKACT_PROXY_PROTOCOL", () => {
  test.each([
    ["an app without options for its sockets", {}],
    ["an app that takes its socket by name", { name: "web" }],
    [
      "an app whose option has another address",
      { sockets: { web: { proxyProtocol: { from: ["10.0.0.1"] } } } },
    ],
    ["an app whose option is off", { sockets: { web: { proxyProtocol: false } } }],
  ])("%s sees the client's address", async (_, options) => {
    const { app, address } = await start("web:127.0.0.1", options);
    await using _app = app;
    await app.event("ready");
    expect(await askWithHeader(address)).toMatchObject(client);
  });

  test("any other client is disconnected", async () => {
    const { app, address } = await start("web:10.0.0.1,unix", { sockets: { web: { proxyProtocol: true } } });
    await using _app = app;
    await app.event("ready");
    await using hostile = await rawClient(address);
    hostile.send(line).get("/");
    expect(await hostile.closed).not.toBe("close");
    expect(await app.event("rejected")).toMatchObject({ name: "web", sender: "127.0.0.1" });
  });

  test("workers of node:cluster read it", async () => {
    const { app, address } = await start("web:*", {}, { WORKERS: "2" });
    await using _app = app;
    for (let count = 0; count < 3; count++) expect(await askWithHeader(address)).toMatchObject(client);
  });

  test.each([
    ["web:everybody", "SOCKACT_ERR_OPTION"],
    ["www:*", "SOCKACT_ERR_NAME_UNKNOWN"],
  ])("%s: the app does not start, and the error is %s", async (value, code) => {
    const { app } = await start(value);
    await using _app = app;
    expect(await app.ended).not.toBe(0);
    expect(app.stderr).toContain(code);
  });

  test("without passed sockets, it has no effect", async () => {
    const address = await freeAddress("tcp4");
    const [host = "", port = ""] = address.split(":");
    await using app = startProcess(program, {
      env: {
        LISTEN_OPTIONS: JSON.stringify({ host, port: Number(port), signals: true }),
        SOCKACT_PROXY_PROTOCOL: "web:*",
      },
    });
    await app.event("ready");
    await using connection = await rawClient(address);
    expect(await ask(connection)).toMatchObject({ remoteAddress: "127.0.0.1" });
  });

  test("a socket that the app takes itself is refused, because sockact can't read its headers", async () => {
    const fds = [
      rawSocket("ipv4", "datagram", { bound: "127.0.0.1:0" }),
      rawSocket("ipv4", "stream", { bound: "127.0.0.1:0", listening: true }),
      rawSocket("ipv4", "datagram", { bound: "127.0.0.1:0" }),
    ];
    opened.push(...fds);
    await using app = startWithFds(
      fds,
      [process.execPath, fileURLToPath(new URL("proxied-sockets.mjs", programs))],
      {
        names: ["web", "web", "dns"],
        env: { SOCKACT_PROXY_PROTOCOL: "web:* dns:*" },
      },
    );
    const message = (name: string, call: string): string =>
      `SOCKACT_PROXY_PROTOCOL names the socket ${name}, but ${call} reads no PROXY header`;
    expect(await app.event("results")).toMatchObject({
      claimSocket: message("web", 'claimSocket("web")'),
      bindDatagramOfWeb: "taken",
      bindDatagramOfDns: message("dns", "bindDatagram()"),
    });
  });
});

describeWith({ commands: ["systemd-socket-activate"] }, "SOCKACT_PROXY_PROTOCOL with Accept=yes", () => {
  test("is for the name of the socket", async () => {
    const address = await freeAddress("tcp4");
    const env = { LISTEN_OPTIONS: "{}", SOCKACT_PROXY_PROTOCOL: "web:127.0.0.0/8" };
    await using app = await socketActivate([address], program, { names: ["web"], env, how: ["--accept"] });
    await using connection = await rawClient(address);
    expect(await ask(connection.send(line))).toMatchObject(client);
    connection.socket.end();
    await app.event("served");
  });
});
