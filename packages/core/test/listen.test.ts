import { once } from "node:events";
import type { Socket } from "node:net";
import process from "node:process";
import { execFileSync } from "node:child_process";
import { openSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import {
  type AddressKind,
  type AppProcess,
  closeAll,
  describeWith,
  freeAddress,
  httpRequest,
  type ListenAddress,
  openConnection,
  openRequest,
  portOf,
  rawSocket,
  rawSocketPair,
  readAnswer,
  startProcess,
  startWithFds,
} from "@sockact/testkit";

const program = [process.execPath, fileURLToPath(new URL("programs/listen.mjs", import.meta.url))];

const opened: number[] = [];
afterAll(() => closeAll(opened));

function keep(fd: number): number {
  opened.push(fd);
  return fd;
}

/** A listener of this kind from which this process does not accept, and its address. */
async function listener(kind: AddressKind, backlog?: number): Promise<[fd: number, address: ListenAddress]> {
  const family = kind === "tcp4" ? "ipv4" : kind === "tcp6" ? "ipv6" : "unix";
  const bound = await freeAddress(kind);
  return [keep(rawSocket(family, "stream", { bound, listening: true, ...(backlog && { backlog }) })), bound];
}

async function listeners(...kinds: AddressKind[]): Promise<{ fds: number[]; addresses: ListenAddress[] }> {
  const all = await Promise.all(kinds.map((kind) => listener(kind)));
  return { fds: all.map(([fd]) => fd), addresses: all.map(([, address]) => address) };
}

const json = (value: unknown): string => JSON.stringify(value);

describe("one server", () => {
  test.each<[AddressKind, (address: string) => unknown]>([
    [
      "tcp4",
      (address) => ({
        address: "127.0.0.1",
        family: "IPv4",
        port: Number(address.split(":").at(-1)),
      }),
    ],
    ["tcp6", (address) => ({ address: "::1", family: "IPv6", port: Number(address.split(":").at(-1)) })],
    ["unix", (address) => address],
    ["abstract", (address) => address.replace("@", "\0")],
  ])("on a %s socket: address() tells the truth", async (kind, expected) => {
    const [fd, address] = await listener(kind);
    await using app = startWithFds([fd], program);
    expect(await app.event("listening")).toMatchObject({ address: expected(address) });
    expect(await app.event("listens")).toMatchObject({
      activated: true,
      sockets: [{ fd: 3, kind: "listener", address }],
    });
    expect((await httpRequest(address)).status).toBe(200);
  });

  test("on sockets of all kinds at once, each with the client's own address", async () => {
    const { fds, addresses } = await listeners("unix", "tcp4", "tcp6", "abstract", "tcp4");
    await using app = startWithFds(fds, program);
    await app.event("listens");
    const peers = await Promise.all(addresses.map(async (address) => (await httpRequest(address)).json()));
    expect(peers).toMatchObject(
      [null, "127.0.0.1", "::1", null, "127.0.0.1"].map((remoteAddress) => ({
        remoteAddress,
        server: true,
      })),
    );
    await app.line(/^sockact: ready$/);
    expect(app.stdout.match(/"listening"/g), "`listening` is emitted once").toHaveLength(1);
    expect(app.stderr).toMatch(/^sockact: listening on .*\nsockact: ready\n$/);
  });

  test("close() ends only when the requests on every socket have ended, and leaves the sockets to systemd", async () => {
    const { fds, addresses } = await listeners("tcp4", "tcp4", "unix");
    await using app = startWithFds(fds, program);
    await app.event("listens");
    const held = openRequest(addresses[1] as string, "/held");
    held.end();
    await app.event("request");
    app.write("close");
    app.write("connections");
    expect(await app.event("connections")).toEqual({ event: "connections", count: 1 });
    expect(app.stdout).not.toContain('"close');
    // Both sockets still take connections, which wait in the queue of the socket that systemd keeps.
    for (const address of addresses) (await connect(address)).destroy();
    app.write("answer");
    expect((await readAnswer(held)).body).toBe("done");
    await app.event("close");
    await app.event("closed");
    expect(await app.ended, "nothing keeps the process alive").toBe(0);
  });

  test("getConnections() and maxConnections count the connections of all sockets", async () => {
    const { fds, addresses } = await listeners("tcp4", "unix", "tcp6");
    await using app = startWithFds(fds, program, {
      env: { SERVER_PROPERTIES: json({ maxConnections: 2 }) },
    });
    await app.event("listens");
    const first = await connect(addresses[0] as string);
    const second = await connect(addresses[1] as string);
    const third = await connect(addresses[2] as string);
    await once(third, "close");
    expect(await app.event("drop")).toMatchObject({
      localPort: Number((addresses[2] as string).split(":").at(-1)),
    });
    app.write("connections");
    expect(await app.event("connections")).toMatchObject({ count: 2 });
    first.destroy();
    second.destroy();
  });

  test.each(["before listen()", "after listen()"])("unref() %s applies to all sockets", async (when) => {
    const { fds } = await listeners("tcp4", "tcp4");
    await using app = startWithFds(fds, program, when.startsWith("before") ? { env: { UNREF: "1" } } : {});
    await app.event("listens");
    if (when.startsWith("after")) app.write("unref");
    expect(await app.ended).toBe(0);
  });

  describeWith({ commands: ["ss"] }, "as ss shows", () => {
    test("its socket options apply to the second socket too", async () => {
      const { fds, addresses } = await listeners("tcp4", "tcp4");
      await using app = startWithFds(fds, program, {
        env: {
          SERVER_OPTIONS: json({ keepAlive: true, noDelay: true, keepAliveInitialDelay: 77_000 }),
        },
      });
      await app.event("listens");
      for (const address of addresses) {
        const held = openRequest(address, "/held");
        held.end();
        await app.event("request");
        const port = address.split(":").at(-1);
        // `ss` shows the keepalive timer of the accepted socket, which counts down from the delay.
        const timer = execFileSync("ss", ["-Htno", "state", "established", `sport = :${port}`], {
          encoding: "utf8",
        });
        expect(timer).toMatch(/timer:\(keepalive,1min1\dsec/);
        app.write("answer");
        await readAnswer(held);
      }
    });
  });
});

describeWith({ commands: ["ss"] }, "the backlog", () => {
  const backlogOf = (address: ListenAddress): number => {
    const port = address.split(":").at(-1);
    return Number(execFileSync("ss", ["-Hltn", `sport = :${port}`], { encoding: "utf8" }).split(/\s+/)[2]);
  };

  test("is not reduced to Node's 511 on any of the sockets", async () => {
    const { fds, addresses } = await listeners("tcp4", "tcp4");
    const before = addresses.map(backlogOf);
    await using app = startWithFds(fds, program);
    await app.event("listens");
    expect(addresses.map(backlogOf)).toEqual(before);
    expect(before[0]).toBeGreaterThan(511);
  });

  test("is the one of listen(), if it is given", async () => {
    const { fds, addresses } = await listeners("tcp4", "tcp4");
    await using app = startWithFds(fds, program, {
      env: { LISTEN_OPTIONS: json({ backlog: 64 }) },
    });
    await app.event("listens");
    expect(addresses.map(backlogOf)).toEqual([64, 64]);
  });
});

describe("names", () => {
  test("a server takes each socket with its name once; several sockets may have one name", async () => {
    const { fds, addresses } = await listeners("tcp4", "unix", "tcp4", "tcp4");
    await using app = startWithFds(fds, program, {
      names: ["web", "web", "admin", "metrics"],
      env: { LISTEN_OPTIONS: json([{ name: "web" }, { name: ["admin", "metrics", "admin"] }]) },
    });
    expect(await app.event("listens")).toMatchObject({ sockets: [{ fd: 3 }, { fd: 4 }] });
    expect(await app.event("listens")).toMatchObject({ sockets: [{ fd: 5 }, { fd: 6 }] });
    expect((await httpRequest(addresses[3] as string)).body).toBe("admin,metrics,admin");
  });

  test("without a name a server takes the sockets that are left", async () => {
    const { fds } = await listeners("tcp4", "tcp4", "tcp4");
    await using app = startWithFds(fds, program, {
      names: ["a", "b", "c"],
      env: { LISTEN_OPTIONS: json([{ name: "b" }, {}]) },
    });
    expect(await app.event("listens")).toMatchObject({ sockets: [{ name: "b" }] });
    expect(await app.event("listens")).toMatchObject({ sockets: [{ name: "a" }, { name: "c" }] });
  });

  test.each([
    [
      "that was not passed",
      [{ name: ["web", "admin"] }],
      "SOCKACT_ERR_NAME_UNKNOWN",
      "No socket named admin was passed. Passed: web (fd 3, ",
    ],
    [
      "that is taken",
      [{ name: "web" }, { name: "web" }],
      "SOCKACT_ERR_SOCKET_CLAIMED",
      "Another server of this process uses web (fd 3, ",
    ],
    [
      "left out, and all are taken",
      [{}, {}],
      "SOCKACT_ERR_SOCKET_CLAIMED",
      "Another server of this process uses web (fd 3, ",
    ],
  ])(
    "a name %s: an error that lists the passed sockets, and nothing is taken",
    async (_, options, code, message) => {
      const { fds, addresses } = await listeners("tcp4", "tcp4");
      await using app = startWithFds(fds, program, {
        names: ["web", "other"],
        env: { LISTEN_OPTIONS: json(options) },
      });
      expect(await app.event("refused")).toMatchObject({ code, message: expect.stringContaining(message) });
      for (const address of addresses) (await connect(address)).destroy();
    },
  );
});

describe("what can't be listened on is refused, and left open", () => {
  test.each<[string, () => number, string, RegExp]>([
    [
      "a UDP socket",
      () => rawSocket("ipv4", "datagram", { bound: "127.0.0.1:0" }),
      "SOCKACT_ERR_SOCKET_DATAGRAM",
      /^The socket odd \(fd 4, 127.0.0.1:\d+\) is a datagram socket/,
    ],
    [
      "a connection",
      () => rawSocketPair()[0],
      "SOCKACT_ERR_SOCKET_CONNECTED",
      /is a connection, not a listener/,
    ],
    [
      "a socket that is not bound",
      () => rawSocket("ipv4", "stream"),
      "SOCKACT_ERR_SOCKET_UNBOUND",
      /\(fd 4, 0.0.0.0:0\) is not bound/,
    ],
    [
      "a unix socket that is not bound",
      () => rawSocket("unix", "stream"),
      "SOCKACT_ERR_SOCKET_UNBOUND",
      /is not bound/,
    ],
    [
      "a sequential-packet socket",
      () => rawSocketPair("seqpacket")[0],
      "SOCKACT_ERR_SOCKET_UNSUPPORTED",
      /is not a socket that Node can listen on/,
    ],
    [
      "a file",
      () => openSync(import.meta.filename, "r"),
      "SOCKACT_ERR_SOCKET_UNSUPPORTED",
      /^The socket odd \(fd 4\) is not a socket/,
    ],
  ])("%s", async (_, make, code, message) => {
    const { fds, addresses } = await listeners("tcp4");
    await using app = startWithFds([...fds, keep(make())], program, {
      names: ["good", "odd"],
      env: { LISTEN_OPTIONS: json({ name: ["good", "odd"] }), STAYS: "1" },
    });
    expect(await app.event("refused")).toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(openDescriptors(app)).toEqual(expect.arrayContaining(["3", "4"]));
    (await connect(addresses[0] as string)).destroy();
  });

  test("as the only socket, it is refused too: the app does not silently listen elsewhere", async () => {
    const env = { LISTEN_OPTIONS: json({ port: 0 }) };
    await using app = startWithFds([keep(rawSocketPair("seqpacket")[0])], program, { env });
    expect(await app.event("refused")).toMatchObject({ code: "SOCKACT_ERR_SOCKET_UNSUPPORTED" });
  });

  test("a connection in the file descriptor store is not served as one of Accept=yes", async () => {
    const udp = keep(rawSocket("ipv4", "datagram", { bound: "127.0.0.1:0" }));
    const stored = keep(rawSocketPair()[0]);
    await using app = startWithFds([udp, stored], program, { names: ["dns", "stored"] });
    expect(await app.event("refused")).toMatchObject({ code: "SOCKACT_ERR_SOCKET_DATAGRAM" });
  });

  test("a listener may have the name of the service manager's socket", async () => {
    const { fds, addresses } = await listeners("tcp4");
    await using app = startWithFds(fds, program, { names: ["notify"] });
    await app.event("listens");
    expect((await httpRequest(addresses[0] as string)).status).toBe(200);
  });

  test("next to a listener, it is ignored if no name is given", async () => {
    const { fds } = await listeners("tcp4");
    const udp = keep(rawSocket("ipv4", "datagram", { bound: "127.0.0.1:0" }));
    await using app = startWithFds([udp, ...fds], program, { names: ["dns", "http"] });
    expect(await app.event("listens")).toMatchObject({ sockets: [{ name: "http" }] });
  });

  test("a listener is not taken for a connection if REMOTE_ADDR is left over in the environment", async () => {
    const [fd, address] = await listener("tcp4");
    await using app = startWithFds([fd], program, { env: { REMOTE_ADDR: "127.0.0.1" } });
    expect(await app.event("listens")).toMatchObject({ sockets: [{ kind: "listener", address }] });
    for (let count = 0; count < 2; count++) expect((await httpRequest(address)).status).toBe(200);
  });

  test("a socket that is bound but does not listen yet can be taken", async () => {
    const bound = keep(rawSocket("ipv4", "stream", { bound: "127.0.0.1:0" }));
    await using app = startWithFds([bound], program);
    await app.event("listens");
    expect((await httpRequest(`127.0.0.1:${portOf(bound)}`)).status).toBe(200);
  });
});

describeWith({ root: true, commands: ["unshare"] }, "in a private network namespace", () => {
  test("a socket that a server listens on is a listener, although /proc/net does not list it", async () => {
    const { fds, addresses } = await listeners("tcp4", "tcp6", "unix");
    const [tcp, tcp6] = addresses;
    await using app = startWithFds(fds, ["unshare", "--net", ...program]);
    expect(await app.event("listens")).toMatchObject({
      sockets: [
        { kind: "listener", family: "ipv4", address: tcp },
        { kind: "listener", family: "ipv6", address: tcp6 },
        { family: "unix", address: addresses[2] },
      ],
    });
    for (const address of addresses) expect((await httpRequest(address)).status).toBe(200);
  });
});

describe("listen() of an app's own server", () => {
  const own = [
    process.execPath,
    "--expose-gc",
    fileURLToPath(new URL("programs/own-server.mjs", import.meta.url)),
  ];

  async function outcome(
    scenario: string,
    env: object = {},
    command: readonly string[] = own,
  ): Promise<Record<string, unknown>> {
    const { fds } = await listeners("tcp4", "tcp4");
    const names = scenario.startsWith("by name") ? ["http", "other"] : undefined;
    await using app = startWithFds(fds, command, {
      env: { SCENARIO: scenario, ...env },
      ...(names && { names }),
    });
    return await app.event("outcome");
  }

  describe.each([
    ["activatedSockets() was called before", {}],
    ["activatedSockets() was not called before", { UNSEEN: "yes" }],
  ])("%s", (_, env) => {
    test("a socket that another server has taken by its number is not taken again", async () => {
      expect(await outcome("by number, then all", env)).toMatchObject({ events: ["listening"], fds: [3] });
      expect(await outcome("by number, then by name", env)).toMatchObject({
        events: ["error SOCKACT_ERR_SOCKET_CLAIMED"],
      });
    });

    test("a socket that can't be listened on is only an error, and no callback reports success", async () => {
      expect(await outcome("by number behind our back", env)).toMatchObject({
        events: ["error EEXIST"],
        listening: false,
      });
    });

    test("a socket that was only classified can be listened on by its number", async () => {
      expect(await outcome("by name, then by number", env)).toMatchObject({ answers: ["sockact", "own"] });
    });
  });

  describeWith({ root: true, commands: ["unshare"] }, "in a network namespace of its own", () => {
    test("a socket that another server has taken by its number is not taken again, although it can't be classified", async () => {
      expect(
        await outcome("by number, then by name", { UNSEEN: "yes" }, ["unshare", "--net", ...own]),
      ).toMatchObject({ events: ["error SOCKACT_ERR_SOCKET_CLAIMED"] });
    });
  });

  test("called twice, it throws as Node does, and the second callback is not called", async () => {
    expect(await outcome("twice")).toMatchObject({
      thrown: "ERR_SERVER_ALREADY_LISTEN",
      events: ["callback 1", "listening"],
    });
  });

  test("a signal closes the server; another value is refused, and nothing is taken", async () => {
    expect(await outcome("signal")).toMatchObject({ events: ["listening", "close"] });
    expect(await outcome("no signal")).toMatchObject({
      thrown: "ERR_INVALID_ARG_TYPE",
      events: ["listening"],
    });
    expect(await outcome("aborted before")).toMatchObject({
      rejected: "The server was closed before it listened",
    });
  });
});

describe("not activated", () => {
  test("listens where the options say", async () => {
    const address = await freeAddress("tcp4");
    const port = Number(address.split(":").at(-1));
    await using app = startProcess(program, {
      env: { LISTEN_OPTIONS: json({ host: "127.0.0.1", port }) },
    });
    expect(await app.event("listens")).toEqual({ event: "listens", activated: false, sockets: [] });
    expect((await httpRequest(address)).status).toBe(200);
    expect(app.stderr).toBe("");
  });

  test.each([
    [
      "nowhere else to listen",
      {},
      "No socket was passed to this process (LISTEN_PID is not set), and the options have neither a port nor a path",
    ],
    ["required", { required: true, port: 0 }, "No socket was passed to this process (LISTEN_PID is not set)"],
    [
      "only the notify socket was passed, and required",
      { required: true },
      "No socket was passed to this process (LISTEN_FDS holds only notify)",
    ],
  ])("is an error with %s", async (why, options, message) => {
    const env = { LISTEN_OPTIONS: json(options) };
    const notify = why.includes("notify") && keep(rawSocketPair("datagram")[0]);
    await using app = notify
      ? startWithFds([notify], program, { names: ["notify"], env })
      : startProcess(program, { env });
    expect(await app.event("refused")).toMatchObject({ code: "SOCKACT_ERR_NOT_ACTIVATED", message });
    expect(await app.ended).toBe(0);
  });

  test("an unknown option is refused, not ignored", async () => {
    await using app = startProcess(program, {
      env: { LISTEN_OPTIONS: json({ name: [], port: 0 }) },
    });
    expect(await app.event("refused")).toMatchObject({ code: "SOCKACT_ERR_OPTION" });
  });
});

test("the client that waits before the app starts is answered, on each kind of socket", async () => {
  const { fds, addresses } = await listeners("tcp4", "tcp6", "unix", "abstract");
  const waiting = addresses.map((address) => httpRequest(address));
  await using app = startWithFds(fds, program, { names: ["a", "b", "c", "d"] });
  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(await app.event("listens")).toMatchObject({
    sockets: addresses.map((address, index) => ({ name: "abcd"[index], address, kind: "listener" })),
  });
});

async function connect(address: ListenAddress): Promise<Socket> {
  const client = openConnection(address);
  if (client.connecting) await once(client, "connect");
  return client;
}

function openDescriptors({ pid }: AppProcess): string[] {
  return readdirSync(`/proc/${pid}/fd`);
}
