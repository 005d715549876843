import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { describe, expect, test } from "vitest";
import { freeAddress, openConnection, rawSocket, requestOver } from "@sockact/testkit";
import { answerOf, passedSockets, portIn, runApp } from "./run-app.ts";

const HTTP = "http";

describe.concurrent("a server gets", () => {
  test.each(["tcp4", "tcp6", "unix", "abstract"] as const)(
    "the only socket, of %s, whatever its port",
    async (kind) => {
      const passed = await passedSockets({ [HTTP]: kind });
      await using app = runApp(passed, `serve("app").listen(3000, "127.0.0.1")`);
      await app.line(/^app: listening/);
      expect(await answerOf(passed.addresses[HTTP])).toBe("app");
      expect(app.stderr).not.toContain("Warning");
    },
  );

  test("all sockets of the only name", async () => {
    const passed = await passedSockets({ a: "tcp4", b: "unix" });
    await using app = runApp({ ...passed, names: ["http", "http"] }, `serve("app").listen(3000)`);
    await app.line(/^app: listening/);
    expect(await answerOf(passed.addresses["a"])).toBe("app");
    expect(await answerOf(passed.addresses["b"])).toBe("app");
  });

  test("the socket with its port or path", async () => {
    const passed = await passedSockets({ one: "tcp4", two: "tcp4", path: "unix", name: "abstract" });
    const { one, two, path, name } = passed.addresses;
    await using app = runApp(
      passed,
      `serve("two").listen("${portIn(two)}");
      serve("one").listen({ port: ${portIn(one)}, host: "localhost" });
      serve("path").listen(${JSON.stringify(path)});
      serve("name").listen({ path: "\\0${name?.slice(1)}" });`,
    );
    await app.line(/sockact: ready/);
    expect(await Promise.all([one, two, path, name].map(answerOf))).toEqual(["one", "two", "path", "name"]);
  });

  test("of several with its port, the one with its host", async () => {
    const passed = await passedSockets({ other: "tcp4" });
    const port = portIn(passed.addresses["other"]);
    const fds = [...passed.fds, rawSocket("ipv6", "stream", { bound: `[::1]:${port}`, listening: true })];
    await using app = runApp(
      { fds, names: ["v4", "v6"] },
      `serve("six").listen(${port}, "0:0:0:0:0:0:0:1"); serve("four").listen(${port}, "localhost");`,
    );
    await app.line(/sockact: ready/);
    expect(await answerOf(`[::1]:${port}`)).toBe("six");
    expect(await answerOf(`127.0.0.1:${port}`)).toBe("four");
  });

  test("both sockets of localhost, without a name", async () => {
    const passed = await passedSockets({ four: "tcp4" });
    const { four = "" } = passed.addresses;
    const six = `[::1]:${portIn(four)}`;
    const fds = [...passed.fds, rawSocket("ipv6", "stream", { bound: six, listening: true })];
    const port = portIn(await freeAddress("tcp4"));
    await using app = runApp(
      { fds },
      `serve("app").listen(3000).on("listening", () => serve("second").listen(${port}, "127.0.0.1"))`,
    );
    expect(await app.line(/SOCKACT_WARN_SECOND_SERVER/)).toContain(
      `has got sockets without a name (fd 3, ${four}; fd 4, ${six}), because`,
    );
    await app.line(new RegExp(`SOCKACT_MAP=${port}=unknown`));
    expect(await answerOf(four)).toBe("app");
    expect(await answerOf(six)).toBe("app");
  });

  test("the socket that SOCKACT_MAP names, even if another socket has its port", async () => {
    const passed = await passedSockets({ public: "tcp4", admin: "tcp4", local: "unix" });
    const { public: main, admin, local } = passed.addresses;
    await using app = runApp(
      passed,
      `serve("main").listen(${portIn(admin)});
      serve("admin").listen(3001, "127.0.0.1");
      serve("local").listen(0);`,
      { map: `${portIn(admin)}=public, 127.0.0.1:3001=admin,0=local` },
    );
    await app.line(/sockact: ready/);
    expect(await Promise.all([main, admin, local].map(answerOf))).toEqual(["main", "admin", "local"]);
  });

  test("several sockets by several entries of SOCKACT_MAP", async () => {
    const passed = await passedSockets({ a: "tcp4", b: "tcp4" });
    await using app = runApp(passed, `serve("app").listen("/run/app/http.sock")`, {
      map: "/run/app/http.sock=a,/run/app/http.sock=b",
    });
    await app.line(/sockact: ready/);
    expect(await answerOf(passed.addresses["a"])).toBe("app");
    expect(await answerOf(passed.addresses["b"])).toBe("app");
  });

  test("a socket that is not in the map, only if it has the port of the socket", async () => {
    const passed = await passedSockets({ http: "tcp4", admin: "tcp4" });
    const { http, admin } = passed.addresses;
    const port = portIn(await freeAddress("tcp4"));
    await using app = runApp(
      passed,
      `serve("main").listen(${port}, "127.0.0.1"); serve("admin").listen(${portIn(admin)})`,
      { map: "3000=http" },
    );
    expect(await answerOf(admin)).toBe("admin");
    expect(await answerOf(`127.0.0.1:${port}`)).toBe("main");
    expect(await app.line(/SOCKACT_WARN_UNCLAIMED/)).toContain(`http (fd 3, ${http})`);
    await app.line(new RegExp(`3000=http, but no server listens there. .*SOCKACT_MAP=${port}=http`));
  });

  test("its socket, whether it is of node:net, node:https or node:http2", async () => {
    const passed = await passedSockets({ net: "tcp4", http2: "tcp4", later: "tcp4" });
    const { net, http2, later } = passed.addresses;
    await using app = runApp(
      passed,
      `told("net", require("net").createServer((socket) => socket.end("net"))).listen(1001);
      told("http2", require("http2").createServer().on("stream", (stream) => stream.end("http2"))).listen(1002);
      const server = told("later", http.createServer()).listen(1003);
      server.on("request", (request, response) => response.end("later"));`,
      { map: "1001=net,1002=http2,1003=later" },
    );
    await app.line(/sockact: ready/);
    expect((await openConnection(net as string).toArray()).join("")).toBe("net");
    expect(await answerOf(later)).toBe("later");
    const session = connectHttp2(`http://${http2}`);
    const stream = session.request();
    expect(Buffer.concat(await stream.toArray()).toString()).toBe("http2");
    session.close();
    await once(session, "close");
  });
});

describe.concurrent("a socket is not lost to", () => {
  test.each([
    ["a port probe without a listener", "require('net').createServer()"],
    ["a port probe with an empty listener", "require('net').createServer(() => {})"],
    ["an HTTP server without a handler", "http.createServer()"],
  ])("%s", async (_, probe) => {
    const passed = await passedSockets({ http: "tcp4" });
    const port = portIn(await freeAddress("tcp4"));
    await using app = runApp(
      passed,
      `const probe = told("probe", ${probe}).listen(${port}, "127.0.0.1", () =>
        probe.close(() => serve("app").listen(${port})));`,
    );
    await app.line(/^probe: listening/);
    await app.line(/sockact: ready/);
    expect(await answerOf(passed.addresses["http"])).toBe("app");
  });

  test("a server on any free port", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    await using app = runApp(
      passed,
      `serve("internal").listen(0).on("listening", () => serve("app").listen(3000))`,
    );
    await app.line(/sockact: ready/);
    expect(await answerOf(passed.addresses["http"])).toBe("app");
  });

  test("an app that replaces process.env", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    await using app = runApp(
      passed,
      `process.env = { PATH: process.env.PATH };
      serve("app").listen(3000, () => say("variables", Object.keys(process.env)));`,
    );
    expect(await app.line(/^variables/)).toBe("variables: PATH");
    expect(await answerOf(passed.addresses["http"])).toBe("app");
  });

  test("a server that listens by descriptor", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    const port = portIn(await freeAddress("tcp4"));
    await using app = runApp(
      passed,
      `serve("app").listen({ fd: 3 }); serve("other").listen(${port}, "127.0.0.1")`,
    );
    await app.line(/^other: listening/);
    expect(await answerOf(passed.addresses["http"])).toBe("app");
    expect(await answerOf(`127.0.0.1:${port}`)).toBe("other");
  });

  test("a server of raw TCP that listens at the same moment as an HTTP server", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    const port = portIn(await freeAddress("tcp4"));
    await using app = runApp(
      passed,
      `const raw = require("net").createServer((socket) => socket.end(JSON.stringify(raw.address().port)));
      raw.listen(${port}, "127.0.0.1");
      serve("app").listen(3000);`,
    );
    await app.line(/SOCKACT_WARN_SECOND_SERVER/);
    expect(await answerOf(passed.addresses["http"])).toBe("app");
    expect((await openConnection(`127.0.0.1:${port}`).toArray()).join("")).toBe(String(port));
  });
});

test.each([
  ["request", `http.createServer()`, `"request", (q, r) => r.end("app")`],
  ["stream", `require("http2").createServer()`, `"stream", (stream) => stream.end("app")`],
])("a client waits until a server of HTTP has its listener of `%s`", async (event, server, listener) => {
  const passed = await passedSockets({ http: "tcp4" });
  const address = passed.addresses["http"] as string;
  const answer = event === "request" ? requestOver(openConnection(address)) : requestOverHttp2(address);
  await using app = runApp(
    passed,
    `const server = told("app", ${server}).listen(3000);
    // If the server had the socket, a request would be lost in this time.
    const later = (turns) => turns > 0 ? setImmediate(later, turns - 1) : server.on(${listener});
    process.stdin.once("data", () => later(50));`,
  );
  await app.line(/^app: listening/);
  app.write("go");
  expect((await answer).body).toBe("app");
});

async function requestOverHttp2(address: string): Promise<{ body: string }> {
  const session = connectHttp2(`http://${address}`);
  const body = Buffer.concat(await session.request().toArray()).toString();
  session.close();
  await once(session, "close");
  return { body };
}

describe.concurrent("a server that listens again", () => {
  test("on the port of its socket gets an error once it is closed", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    await using app = runApp(
      passed,
      `const server = serve("app").listen(3000, () => server.close(() => server.listen(3000)))`,
    );
    expect(await app.line(/^app: error/)).toBe("app: error SOCKACT_ERR_SOCKET_CLAIMED");
  });

  test("while it listens gets Node's own error", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    await using app = runApp(
      passed,
      `const server = serve("app").listen(3000);
      try { server.listen(3000) } catch (error) { say("thrown", error.code) }`,
    );
    expect(await app.line(/^thrown/)).toBe("thrown: ERR_SERVER_ALREADY_LISTEN");
  });

  test("with the handler of the first one, as the second server of Fastify, gets an error", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    await using app = runApp(
      passed,
      `const handler = (request, response) => response.end("app");
      told("first", http.createServer(handler)).listen(3000, "127.0.0.1");
      told("second", http.createServer(handler)).listen(3000, "::1");`,
    );
    await app.line(/^second: error SOCKACT_ERR_SOCKET_CLAIMED/);
    expect(await answerOf(passed.addresses["http"])).toBe("app");
    expect(app.stderr).not.toContain("Warning");
  });
});
