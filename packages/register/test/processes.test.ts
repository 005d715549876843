import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import {
  describeWith,
  freeAddress,
  httpRequest,
  rawSocket,
  socketActivate,
  startProcess,
  startWithFds,
} from "@sockact/testkit";
import { type Passed, passedSockets, portIn, preload, runApp, runSupervised } from "./run-app.ts";

/** A folder with these files. */
function folderWith(files: Record<string, string>): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), "sockact-preload-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  // Not onTestFinished(): of tests that run at the same time, Vitest does not know which one has called it.
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

const ESM = `
import { createServer } from "node:http";
import { networkInterfaces } from "node:os";
networkInterfaces();
createServer((request, response) => response.end("app")).listen(3000);
`;
const CJS = `require("http").createServer((request, response) => response.end("app")).listen(3000);`;

async function answerOf({ addresses }: Passed): Promise<string> {
  return (await httpRequest(addresses["http"] as string)).body;
}

describe.concurrent("an app is served", () => {
  const esm = pathToFileURL(preload.replace(/cjs$/, "js")).href;
  test.each([
    ["app.mjs", ["--import", esm], {}],
    ["app.cjs", ["--import", esm], {}],
    ["app.mjs", ["--require", preload], {}],
    ["app.cjs", [], { NODE_OPTIONS: `--require=${preload}` }],
    ["app.mjs", [], { NODE_OPTIONS: `--import=${esm}` }],
    // The preload is loaded twice, as if both the unit and the command line had it.
    ["app.mjs", ["--import", esm, "--require", preload], { NODE_OPTIONS: `--require=${preload}` }],
  ])("%s, with node %j and %j", async (file, node, env) => {
    const passed = await passedSockets({ http: "tcp4" });
    using folder = folderWith({ "app.mjs": ESM, "app.cjs": CJS });
    await using app = startWithFds(passed.fds, [process.execPath, ...node, file], {
      names: passed.names,
      cwd: folder.path,
      env,
    });
    await app.line(/sockact: ready/);
    expect(await answerOf(passed)).toBe("app");
    expect(app.stderr).not.toContain("Warning");
  });

  test("with --permission", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    const hasNet = process.allowedNodeEnvironmentFlags.has("--allow-net");
    const flag = process.allowedNodeEnvironmentFlags.has("--permission")
      ? "--permission"
      : "--experimental-permission";
    const node = [flag, "--allow-fs-read=*", ...(hasNet ? ["--allow-net"] : [])];
    await using app = runApp(passed, `serve("app").listen(3000)`, { node });
    await app.line(/sockact: ready/);
    expect(await answerOf(passed)).toBe("app");
  });

  test("if its parent sets no LISTEN_PID, with SOCKACT_IGNORE_LISTEN_PID", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    await using app = startProcess([process.execPath, "--require", preload, "--eval", CJS], {
      fds: passed.fds,
      env: { LISTEN_FDS: "1", SOCKACT_IGNORE_LISTEN_PID: "yes" },
    });
    await app.line(/sockact: ready/);
    expect(await answerOf(passed)).toBe("app");
  });

  test("in the workers of a cluster, also after all of them have died", async () => {
    const passed = await passedSockets({ http: "tcp4", admin: "unix" });
    using folder = folderWith({
      "app.cjs": `
        const cluster = require("cluster"), http = require("http");
        if (cluster.isPrimary) {
          cluster.on("exit", () => cluster.fork());
          cluster.fork();
        } else {
          http.createServer((request, response) => request.url === "/end" ? process.exit() : response.end("app")).listen(3000);
          require("net").createServer((socket) => socket.end()).listen(3001);
          http.createServer((request, response) => response.end("admin")).listen(3002);
        }`,
    });
    await using app = startWithFds(passed.fds, [process.execPath, "--require", preload, "app.cjs"], {
      names: passed.names,
      cwd: folder.path,
      env: { SOCKACT_MAP: "3000=http,3002=admin" },
    });
    await app.line(/sockact: ready/);
    expect(await answerOf(passed)).toBe("app");
    await httpRequest(passed.addresses["http"] as string, "/end").catch(() => {});
    expect(await answerOf(passed)).toBe("app");
    expect((await httpRequest(passed.addresses["admin"] as string)).body).toBe("admin");
    app.kill("SIGTERM");
    expect(await app.ended).toBe(0);
  });

  test("in the workers of a cluster, also after setupPrimary(), and after all of them have died", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    using folder = folderWith({
      "app.cjs": `
        const cluster = require("cluster"), http = require("http");
        if (cluster.isPrimary) {
          cluster.setupPrimary({ args: ["worker"] });
          cluster.on("exit", () => cluster.fork());
          cluster.fork();
        } else http.createServer((request, response) => request.url === "/end" ? process.exit() : response.end(process.argv[2])).listen(3000);`,
    });
    await using app = startWithFds(passed.fds, [process.execPath, "--require", preload, "app.cjs"], {
      names: passed.names,
      cwd: folder.path,
    });
    await app.line(/sockact: ready/);
    expect(await answerOf(passed)).toBe("worker");
    await httpRequest(passed.addresses["http"] as string, "/end").catch(() => {});
    expect(await answerOf(passed)).toBe("worker");
    expect(app.stderr).not.toContain("Warning");
  });

  test("in the workers of a cluster, by a server without a `request` listener", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    using folder = folderWith({
      "app.cjs": `
        const cluster = require("cluster"), http = require("http");
        if (cluster.isPrimary) cluster.fork();
        else http.createServer().listen(3000).on("request", (request, response) => response.end("app"));`,
    });
    await using app = startWithFds(passed.fds, [process.execPath, "--require", preload, "app.cjs"], {
      names: passed.names,
      cwd: folder.path,
    });
    await app.line(/sockact: ready/);
    expect(await answerOf(passed)).toBe("app");
  });
});

describeWith({ commands: ["systemd-socket-activate"] }, "with Accept=yes", () => {
  test.each(["serve('app')", "http.createServer().on('request', (q, r) => r.end('app'))"])(
    "%s serves the connection, and the process ends with it",
    async (server) => {
      const address = await freeAddress("tcp4");
      const code = `const serve = (name) => http.createServer((q, r) => r.end(name)); const server = ${server}; server.listen(3000)`;
      await using activator = await socketActivate(
        [address],
        [process.execPath, "--require", preload, "--eval", code],
        { how: ["--accept"] },
      );
      const { body, headers } = await httpRequest(address, "/", { headers: { connection: "close" } });
      expect([body, headers.connection]).toEqual(["app", "close"]);
      await activator.line(/sockact: the connection has closed/);
    },
  );
});

describeWith({ commands: ["systemd-socket-activate"] }, "with StandardInput=socket", () => {
  test("the connection on standard input is served", async () => {
    const address = await freeAddress("tcp4");
    const node = [process.execPath, "--require", preload, "--eval", CJS];
    // The output of the app would go to the client.
    const command = ["/bin/sh", "-c", 'exec "$@" >/dev/null 2>&1', "sh", ...node];
    await using _ = await socketActivate([address], command, {
      how: ["--accept", "--inetd"],
      // systemd sets this variable.
      env: { REMOTE_ADDR: "127.0.0.1" },
    });
    expect((await httpRequest(address, "/", { headers: { connection: "close" } })).body).toBe("app");
  });
});

describe.concurrent("a process takes nothing", () => {
  test("if the sockets were passed to its parent, and warns of it", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    const port = portIn(await freeAddress("tcp4"));
    const child = `console.log(process.env.LISTEN_FDS); http.createServer((q, r) => r.end("child")).listen(${port}, "127.0.0.1", function () { console.log("child: listening"); this.close(); })`;
    await using app = runApp(
      passed,
      `require("child_process").spawn(process.execPath, ["--require", ${JSON.stringify(preload)}, "--eval", ${JSON.stringify(child)}], { stdio: "inherit" })`,
    );
    await app.line(/^child: listening/);
    expect(app.stdout).toBe("1\nchild: listening\n");
    await app.line(/SOCKACT_WARN_LAUNCHER.*The sockets were passed to/);
  });

  test("in a child that only looks for a free port", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    const child = `http.createServer((q, r) => r.end()).listen(0, function () { console.log(process.env.LISTEN_FDS); this.close() })`;
    await using app = runApp(
      passed,
      `require("child_process").spawnSync(process.execPath, ["--require", ${JSON.stringify(preload)}, "--eval", ${JSON.stringify(child)}], { stdio: "inherit" });
      serve("app").listen(3000)`,
    );
    // The two streams are read one after the other.
    await Promise.all([app.line(/sockact: ready/), app.line(/^app: listening/)]);
    expect(app.stdout).toMatch(/^1\napp: listening/);
    expect(app.stderr).not.toContain("Warning");
    expect(await answerOf(passed)).toBe("app");
  });

  test("in a worker thread", async () => {
    const passed = await passedSockets({ http: "tcp4" });
    const port = portIn(await freeAddress("tcp4"));
    const thread = `require("http").createServer((q, r) => r.end("thread")).listen(${port}, "127.0.0.1", () => require("worker_threads").parentPort.postMessage("listening"))`;
    await using app = runApp(
      passed,
      `new (require("worker_threads").Worker)(${JSON.stringify(thread)}, { eval: true })
        .once("message", () => serve("app").listen(3000));`,
    );
    await app.line(/sockact: ready/);
    expect(await answerOf(passed)).toBe("app");
    expect((await httpRequest(`127.0.0.1:${port}`)).body).toBe("thread");
    expect(app.stderr).not.toContain("Warning");
  });

  test("of a datagram socket", async () => {
    const fd = rawSocket("ipv4", "datagram", { bound: await freeAddress("tcp4") });
    const port = portIn(await freeAddress("tcp4"));
    await using app = runApp({ fds: [fd], names: ["dns"] }, `serve("app").listen(${port}, "127.0.0.1")`);
    await app.line(/^app: listening/);
    expect((await httpRequest(`127.0.0.1:${port}`)).body).toBe("app");
    expect(app.stderr).not.toContain("Warning");
  });

  test("before a listen() that matches, and the variables stay", async () => {
    const passed = await passedSockets({ http: "tcp4", admin: "tcp4" });
    await using app = runApp(
      passed,
      `const variables = () => Object.keys(process.env).filter((name) => name.startsWith("LISTEN_")).sort();
      say("first", variables());
      serve("other").listen(${portIn(await freeAddress("tcp4"))}, "127.0.0.1", () => {
        say("second", variables());
        serve("app").listen(3000);
        say("third", variables());
      })`,
      { map: "3000=http,3001=admin" },
    );
    const all = "LISTEN_FDNAMES,LISTEN_FDS,LISTEN_PID";
    expect(await app.line(/^first/)).toBe(`first: ${all}`);
    expect(await app.line(/^second/)).toBe(`second: ${all}`);
    expect(await app.line(/^third/)).toBe("third: ");
  });

  test("and does not load sockact, if it is not part of a service", async () => {
    await using app = startProcess([
      process.execPath,
      "--require",
      preload,
      "--eval",
      `console.log(Object.keys(require.cache).length, globalThis[Symbol.for("sockact.1")])`,
    ]);
    expect(await app.ended).toBe(0);
    expect(app.stdout).toBe("1 undefined\n");
  });

  test("if LISTEN_PID is malformed, and the server gets the error", async () => {
    await using app = startProcess(
      [
        process.execPath,
        "--require",
        preload,
        "--eval",
        `http.createServer((q, r) => r.end()).listen(0).on("error", ({ code }) => console.log(code))`,
      ],
      { env: { LISTEN_PID: "none", LISTEN_FDS: "1" } },
    );
    expect(await app.line(/^SOCKACT_ERR/)).toBe("SOCKACT_ERR_LISTEN_PID");
  });
});

test("an app with an adapter keeps its sockets, and another server of the process gets none", async () => {
  const passed = await passedSockets({ http: "tcp4" });
  const port = portIn(await freeAddress("tcp4"));
  await using app = runApp(
    passed,
    `const koa = new (require("koa"))();
    koa.use(require("@sockact/koa").systemdListen());
    koa.use((context) => (context.body = "app"));
    serve("metrics").listen(${port}, "127.0.0.1", () => koa.listen(3000));`,
    { cwd: import.meta.dirname },
  );
  await app.line(/sockact: ready/);
  expect(await answerOf(passed)).toBe("app");
  expect((await httpRequest(`127.0.0.1:${port}`)).body).toBe("metrics");
});

test("an adapter that finds the only socket taken names the server that has it, and what to write", async () => {
  const passed = await passedSockets({ web: "tcp4" });
  const code = (metrics: number): string => `serve("metrics").listen(${metrics}, "127.0.0.1", () => {
    const koa = new (require("koa"))();
    koa.use(require("@sockact/koa").systemdListen());
    koa.use((context) => (context.body = "app"));
    koa.listen(3000).on("error", ({ code, hint }) => { say("koa", code + " " + hint); process.exit(); });
  })`;
  const port = portIn(await freeAddress("tcp4"));
  await using app = runApp(passed, code(port), { cwd: import.meta.dirname });
  const error = await app.line(/^koa: /);
  expect(error).toContain(`SOCKACT_ERR_SOCKET_CLAIMED The server on 127.0.0.1:${port} has got the socket`);
  expect(error).toContain("SOCKACT_MAP=PORT=web. PORT is the port on which the app listens.");

  const again = await passedSockets({ web: "tcp4" });
  // Use another port than above, because the kernel may have given that one to the new socket.
  const otherPort = portIn(await freeAddress("tcp4"));
  await using mapped = runApp(again, code(otherPort), { cwd: import.meta.dirname, map: "3000=web" });
  await mapped.line(/sockact: ready/);
  expect((await httpRequest(again.addresses["web"] as string)).body).toBe("app");
});

test("the service manager learns that the app is ready, also without a passed socket", async () => {
  const port = portIn(await freeAddress("tcp4"));
  await using app = runSupervised(`http.createServer((q, r) => r.end("app")).listen(${port}, "127.0.0.1")`);
  await app.line(/sockact: ready, but the service manager could not be told/);
  expect((await httpRequest(`127.0.0.1:${port}`)).body).toBe("app");
});

describeWith(
  { root: true, commands: ["unshare"] },
  "in another network namespace (PrivateNetwork=yes)",
  () => {
    test("the sockets are found by their ports", async () => {
      const passed = await passedSockets({ one: "tcp4", two: "tcp4" });
      const { one, two } = passed.addresses;
      await using app = startWithFds(
        passed.fds,
        [
          "unshare",
          "--net",
          process.execPath,
          "--require",
          preload,
          "--eval",
          `for (const port of [${portIn(two)}, ${portIn(one)}]) http.createServer((q, r) => r.end(String(port))).listen(port)`,
        ],
        { names: passed.names },
      );
      await app.line(/sockact: ready/);
      expect((await httpRequest(one as string)).body).toBe(String(portIn(one)));
      expect((await httpRequest(two as string)).body).toBe(String(portIn(two)));
    });
  },
);
