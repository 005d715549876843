import { createSocket, type Socket as DatagramSocket } from "node:dgram";
import { once } from "node:events";
import { openSync, rmSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import {
  type AppProcess,
  closeAll,
  describeWith,
  freeAddress,
  httpRequest,
  portOf,
  rawSocket,
  rawSocketPair,
  startProcess,
  startWithFds,
} from "@sockact/testkit";
import { newFile } from "./cluster-app.ts";

const path = fileURLToPath(new URL("programs/sockets.mjs", import.meta.url));
const program = [process.execPath, path];

const opened: number[] = [];
afterAll(() => closeAll(opened));
function keep(fd: number): number {
  opened.push(fd);
  return fd;
}
async function listener(): Promise<number> {
  return keep(rawSocket("ipv4", "stream", { bound: await freeAddress("tcp4"), listening: true }));
}
const udp = (): number => keep(rawSocket("ipv4", "datagram", { bound: "127.0.0.1:0" }));
const udp6 = (): number => keep(rawSocket("ipv6", "datagram", { bound: "[::1]:0" }));

/** Sends a command to the program, and returns its result. */
async function ask<T = Record<string, unknown>>(app: AppProcess, line: string): Promise<T> {
  app.write(line);
  return app.event<T>(line.split(" ")[0] as string);
}

describe("claimSocket()", () => {
  test("returns each socket of a name once, of any kind, and no server takes it then", async () => {
    const fds = [await listener(), await listener(), keep(openSync("/dev/null", "r")), await listener()];
    await using app = startWithFds(fds, program, { names: ["raw", "raw", "file", "http"] });
    expect(await ask(app, "take raw")).toMatchObject({ taken: { fd: 3, kind: "listener" } });
    expect(await ask(app, "take raw")).toMatchObject({ taken: { fd: 4 } });
    expect(await ask(app, "take file")).toMatchObject({ taken: { fd: 5, kind: "other" } });
    expect(await ask(app, "take raw")).toMatchObject({ refused: { code: "SOCKACT_ERR_SOCKET_CLAIMED" } });
    expect(await ask(app, "take none")).toMatchObject({
      refused: {
        code: "SOCKACT_ERR_NAME_UNKNOWN",
        message: expect.stringMatching(/Passed: raw \(fd 3.*, file \(fd \d+\), http \(/),
      },
    });
    expect(await ask(app, "serve")).toMatchObject({ sockets: [{ name: "http" }] });
    // Every socket has been taken, so nothing delays READY=1.
    await app.event("ready");
    app.write("exit");
    expect(await app.ended).toBe(0);
    expect(app.stderr).toBe("");
  });

  test("finds no socket in a process that you start yourself, but finds a file of OpenFile=", async () => {
    await using app = startProcess(program);
    expect(await ask(app, "take raw")).toMatchObject({ refused: { code: "SOCKACT_ERR_NOT_ACTIVATED" } });
    await using other = startWithFds([keep(openSync("/dev/null", "r"))], program, { names: ["config"] });
    expect(await ask(other, "take config")).toMatchObject({ taken: { fd: 3 } });
  });
});

test("a socket that the app has taken is not named as that of a server, and neither is the socket of the service manager as that of the app", async () => {
  const [notify] = rawSocketPair("datagram");
  const fds = [await listener(), udp(), keep(notify)];
  await using app = startWithFds(fds, program, { names: ["raw", "dns", "notify"] });
  await ask(app, "take raw");
  expect(await ask(app, "take raw")).toMatchObject({
    refused: {
      code: "SOCKACT_ERR_SOCKET_CLAIMED",
      message: expect.stringMatching(/^This process has already claimed raw \(fd 3, /),
      hint: expect.stringMatching(/^claimSocket\(\) gives a socket once/),
    },
  });
  await ask(app, "bind dns");
  expect(await ask(app, "bind dns")).toMatchObject({
    refused: { hint: expect.stringMatching(/^Call bindDatagram\(\) once/) },
  });
  expect(await ask(app, "take row")).toMatchObject({
    refused: {
      code: "SOCKACT_ERR_NAME_UNKNOWN",
      message: expect.stringMatching(/Passed: raw \(fd 3, [^ ]+\), dns \(fd 4, [^ ]+\)$/),
    },
  });
});

describe("bindDatagram()", () => {
  test.each([
    ["udp4", "127.0.0.1", udp],
    ["udp6", "::1", udp6],
  ] as const)(
    "%s: receives and answers, and messages during the stop are for the next process",
    async (type, host, make) => {
      const fd = make();
      const client = createSocket(type);
      const sent = (text: string): void => client.send(text, portOf(fd), host);
      await using app = startWithFds([fd], program, { names: ["dns"] });
      expect(await ask(app, `bind dns {"type":"${type}"}`)).toMatchObject({
        activated: true,
        sockets: [{ fd: 3, name: "dns", kind: "datagram" }],
      });
      await app.event("ready");
      sent("hello");
      expect(await received(client)).toBe("hello");
      sent("later");
      await app.event("message");
      await app.event("message");
      app.kill("SIGTERM");
      await app.event("drained");
      // This message is under way, so it is still answered.
      expect(await received(client)).toBe("later");
      await app.event("onStop");
      await app.event("closed");
      expect(await app.ended).toBe(0);
      expect(app.stderr).toBe("");

      sent("for the next");
      await using next = startWithFds([fd], program, {
        env: { DO: `bind dns {"type":"${type}"}` },
        names: ["dns"],
      });
      expect(await received(client)).toBe("for the next");
      expect(next.stderr).toBe("");
      client.close();
    },
  );

  test("messages keep an idle process awake, and without one it sleeps", async () => {
    const fd = udp();
    await using app = startWithFds([fd], program);
    await ask(app, "hold");
    await ask(app, 'bind  {"idleTimeout":"200ms"}');
    app.write(`chat ${portOf(fd)}`);
    app.write("release");
    await app.event("idle");
    expect(app.stdout).toMatch(/"chatted"[^]*"idle"/);
    expect(await app.ended).toBe(0);
  });

  test("a message that a busy process has not read yet keeps it awake", async () => {
    const fd = udp();
    const client = createSocket("udp4");
    const file = newFile();
    await using app = startWithFds([fd], program, { env: { BLOCK: file } });
    await ask(app, "hold");
    await ask(app, 'bind  {"idleTimeout":"200ms"}');
    app.write("block");
    await app.event("blocked");
    await new Promise((resolve) => client.send("hello", portOf(fd), "127.0.0.1", resolve));
    rmSync(file);
    await app.event("message");
    expect(app.stdout).not.toContain('"idle"');
    expect(await app.ended).toBe(0);
    client.close();
  });

  test("takes the first free datagram socket, beside a server on the listener", async () => {
    await using app = startWithFds([udp(), await listener(), udp()], program);
    expect(await ask(app, "bind")).toMatchObject({ sockets: [{ fd: 3 }] });
    expect(await ask(app, "serve")).toMatchObject({ sockets: [{ fd: 4 }] });
    expect(app.stdout).not.toContain('"ready"');
    expect(await ask(app, "bind")).toMatchObject({ sockets: [{ fd: 5 }] });
    await app.event("ready");
    expect(await ask(app, "bind")).toMatchObject({ refused: { code: "SOCKACT_ERR_SOCKET_CLAIMED" } });
  });

  test("a socket of the wrong type is refused, and one of the right type can still take it", async () => {
    const fds = [await listener(), udp6(), udp(), keep(rawSocketPair("datagram")[0])];
    await using app = startWithFds(fds, program, { names: ["http", "six", "four", "unix"] });
    expect(await ask(app, "bind http")).toMatchObject({ refused: { code: "SOCKACT_ERR_SOCKET_STREAM" } });
    expect(await ask(app, "bind six")).toMatchObject({
      refused: { code: "SOCKACT_ERR_SOCKET_FAMILY", hint: expect.stringContaining('createSocket("udp6")') },
    });
    expect(await ask(app, 'bind four {"type":"udp6"}')).toMatchObject({
      refused: { code: "SOCKACT_ERR_SOCKET_FAMILY", hint: expect.stringContaining('createSocket("udp4")') },
    });
    expect(await ask(app, "bind unix")).toMatchObject({
      refused: { code: "SOCKACT_ERR_SOCKET_UNSUPPORTED" },
    });
    expect(await ask(app, 'bind six {"type":"udp6"}')).toMatchObject({ activated: true });
    expect(await ask(app, "bind four")).toMatchObject({ activated: true });
    expect(await ask(app, "serve http")).toMatchObject({ activated: true });
    await using alone = startWithFds([await listener()], program);
    expect(await ask(alone, "bind")).toMatchObject({ refused: { code: "SOCKACT_ERR_SOCKET_STREAM" } });
  });

  test("not activated, it binds as the options say", async () => {
    await using app = startProcess(program);
    expect(await ask(app, 'bind  {"required":true}')).toMatchObject({
      refused: { code: "SOCKACT_ERR_NOT_ACTIVATED" },
    });
    expect(await ask(app, "bind")).toMatchObject({ refused: { code: "SOCKACT_ERR_NOT_ACTIVATED" } });
    const port = Number((await freeAddress("tcp4")).split(":").at(-1));
    expect(await ask(app, `bind  {"port":${port},"address":"127.0.0.1"}`)).toMatchObject({
      activated: false,
    });
    const client = createSocket("udp4");
    client.send("hello", port, "127.0.0.1");
    expect(await received(client)).toBe("hello");
    client.close();
    app.kill("SIGTERM");
    expect(await app.ended).toBe("SIGTERM");
  });
});

describeWith({ root: true, commands: ["unshare"] }, "bindDatagram() in a private network namespace", () => {
  test("receives, and refuses the wrong type", async () => {
    const fd = udp();
    const client = createSocket("udp4");
    await using app = startWithFds([fd], ["unshare", "--net", ...program]);
    expect(await ask(app, 'bind  {"type":"udp6"}')).toMatchObject({
      refused: { code: "SOCKACT_ERR_SOCKET_FAMILY" },
    });
    const address = `127.0.0.1:${portOf(fd)}`;
    expect(await ask(app, "bind")).toMatchObject({ activated: true, sockets: [{ family: "ipv4", address }] });
    client.send("hello", portOf(fd), "127.0.0.1");
    expect(await received(client)).toBe("hello");
    client.close();
  });
});

describe("a parent that does not name the process of its sockets", () => {
  /** Starts a program as systemfd and s6 do. */
  async function pass(env: Record<string, string>): Promise<AppProcess> {
    return startProcess(program, { fds: [await listener()], env: { LISTEN_FDS: "1", ...env } });
  }

  test("is not trusted by default, and the reason says how to trust it", async () => {
    await using app = await pass({});
    expect(await ask(app, 'serve  {"required":true}')).toMatchObject({
      refused: {
        code: "SOCKACT_ERR_NOT_ACTIVATED",
        message: expect.stringMatching(
          /LISTEN_PID is not set, though LISTEN_FDS is 1: .*ignoreListenPid: true/,
        ),
      },
    });
    await using zero = await pass({ LISTEN_PID: "0" });
    expect(await ask(zero, "serve")).toMatchObject({
      refused: {
        code: "SOCKACT_ERR_LISTEN_PID",
        hint: expect.stringContaining("SOCKACT_IGNORE_LISTEN_PID=yes"),
      },
    });
  });

  test.each([
    ["the option", {}, '{"ignoreListenPid":true}'],
    ["the option, and LISTEN_PID=0", { LISTEN_PID: "0" }, '{"ignoreListenPid":true}'],
    ["the variable", { SOCKACT_IGNORE_LISTEN_PID: "yes" }, "{}"],
  ])("is trusted with %s", async (_, env, options) => {
    await using app = await pass({ ...env, LISTEN_FDNAMES: "web" });
    const answer = await ask<{ sockets: { address: string }[] }>(app, `serve  ${options}`);
    expect(answer).toMatchObject({ activated: true, sockets: [{ fd: 3, name: "web" }] });
    expect((await httpRequest(answer.sockets[0]?.address as string)).body).toBe("hello");
  });

  test("is trusted even after an earlier call, and the variable overrides the option", async () => {
    for (const env of [{}, { LISTEN_PID: "0" }] as Record<string, string>[]) {
      await using app = await pass(env);
      await ask(app, "sockets");
      expect(await ask(app, 'serve  {"ignoreListenPid":true}')).toMatchObject({ activated: true });
      expect(await ask(app, "sockets")).toMatchObject({ sockets: [{ fd: 3 }] });
    }
    await using not = await pass({ SOCKACT_IGNORE_LISTEN_PID: "no" });
    expect(await ask(not, 'serve  {"ignoreListenPid":true,"required":true}')).toMatchObject({
      refused: { code: "SOCKACT_ERR_NOT_ACTIVATED" },
    });
    await using wrong = await pass({ SOCKACT_IGNORE_LISTEN_PID: "maybe" });
    expect(await ask(wrong, "serve")).toMatchObject({ refused: { code: "SOCKACT_ERR_OPTION" } });
  });

  test("is not trusted with the sockets of another process, or with descriptors that are not open", async () => {
    await using other = await pass({ LISTEN_PID: "1", SOCKACT_IGNORE_LISTEN_PID: "yes" });
    expect(await ask(other, 'serve  {"required":true}')).toMatchObject({
      refused: { code: "SOCKACT_ERR_NOT_ACTIVATED" },
    });
    const env = { LISTEN_FDS: "1", SOCKACT_IGNORE_LISTEN_PID: "yes" };
    await using leftOver = startProcess(program, { env });
    expect(await ask(leftOver, "serve")).toMatchObject({ refused: { code: "SOCKACT_ERR_FD_NOT_OPEN" } });
  });
});

describe("standard input that is a socket", () => {
  test("is left alone unless systemd has put it there", async () => {
    // The pipe of a child process of Node is a pair of unix sockets, which have no address.
    await using app = startProcess(["/bin/sh", "-c", 'SYSTEMD_EXEC_PID=$$ exec "$@"', "sh", ...program]);
    expect(await ask(app, "sockets")).toMatchObject({ sockets: [] });
  });
});

async function received(client: DatagramSocket): Promise<string> {
  const [message] = (await once(client, "message")) as [Buffer];
  return message.toString();
}
