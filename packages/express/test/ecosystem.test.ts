import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { io } from "socket.io-client";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  closeAll,
  DEADLINE,
  freeAddress,
  httpRequest,
  rawSocket,
  socketActivate,
  startProcess,
  startWithFds,
} from "@sockact/testkit";

const app = (file: string): string[] => [
  process.execPath,
  fileURLToPath(new URL(`apps/${file}`, import.meta.url)),
];

describe("Express apps with a server of their own", { tags: "campaign" }, () => {
  test.each(["express4", "express"])("as express-generator writes it, with %s", async (framework) => {
    const folder = generatedApp(framework);
    const address = await freeAddress("tcp4");
    await using running = await socketActivate([address], [process.execPath, join(folder, "bin/www")], {
      env: { DEBUG: "*:server" },
    });
    expect(await httpRequest(address, "/users")).toMatchObject({
      status: 200,
      body: "respond with a resource",
    });
    // bin/www prints the address of server.address(). It also loads a linked package after sockact has looked
    // at the sockets.
    expect(running.stderr).toContain(`Listening on port ${address.split(":")[1]}`);
  });

  test("a NestJS app serves every socket", async () => {
    const addresses = await Promise.all((["tcp4", "unix"] as const).map(freeAddress));
    await using running = await socketActivate(addresses, app("nest.mjs"));
    for (const address of addresses)
      expect((await httpRequest(address)).json()).toMatchObject({ pid: running.pid });
    expect(running.stderr).not.toContain("Warning");
  });

  test.each([
    ["NestJS's shutdown hooks", "nest.mjs"],
    ["terminus", "terminus.mjs"],
  ])("%s run once at SIGTERM, and the process ends with 0", async (_, file) => {
    const address = await freeAddress("tcp4");
    await using running = await socketActivate([address], app(file), { env: { HOOKS: "1" } });
    const held = httpRequest(address, "/held");
    await running.event("held");
    running.kill("SIGTERM");
    await running.line(/SIGTERM: draining, 1 open connection/);
    running.kill("SIGUSR2");
    expect(await held).toMatchObject({ status: 200, headers: { connection: "close" } });
    await running.event("hook");
    expect(await running.ended).toBe(0);
    expect(running.stdout.match(/"hook"/g)).toHaveLength(1);
    expect(running.stderr).toContain("drained");
  });

  test("a socket.io app answers requests, long polls and WebSockets", async () => {
    const addresses = await Promise.all((["tcp4", "tcp6"] as const).map(freeAddress));
    await using running = await socketActivate(addresses, app("socket-io.mjs"));
    for (const address of addresses) {
      expect((await httpRequest(address)).json()).toMatchObject({ pid: running.pid });
      for (const transport of ["polling", "websocket"]) {
        const client = io(`http://${address}`, { transports: [transport], forceNew: true });
        await once(client as never, "connect", { signal: AbortSignal.timeout(DEADLINE) });
        expect(await client.timeout(DEADLINE).emitWithAck("echo", "hello")).toBe("hello");
        client.close();
      }
    }
  });

  test("a socket.io app closes the sessions of its clients at a stop, and ends", async () => {
    const address = await freeAddress("tcp4");
    await using running = await socketActivate([address], app("socket-io.mjs"), {
      env: { OPTIONS: '{"drainTimeout":"10min"}' },
    });
    const clients = ["polling", "websocket"].map((transport) =>
      io(`http://${address}`, { transports: [transport], forceNew: true, reconnection: false }),
    );
    const signal = AbortSignal.timeout(DEADLINE);
    await Promise.all(clients.map((client) => once(client as never, "connect", { signal })));
    const disconnected = clients.map((client) => once(client as never, "disconnect", { signal }));
    running.kill("SIGTERM");
    for (const [reason] of await Promise.all(disconnected)) expect(reason).toBe("transport close");
    expect(await running.ended).toBe(0);
    expect(running.stderr).toContain("drained");
  });
});

describe.each(["express4", "express"])("an app of %s", (FRAMEWORK) => {
  test("answers each request as without systemdListen()", async () => {
    await using plain = startProcess(app("untouched.mjs"), { env: { FRAMEWORK, PLAIN: "1" } });
    await using ours = startProcess(app("untouched.mjs"), { env: { FRAMEWORK } });
    const { seen } = await ours.event<{ seen: Record<string, { status: number }[]> }>("seen");
    expect(seen).toEqual((await plain.event<{ seen: unknown }>("seen")).seen);
    expect(
      Object.values(seen)
        .flat()
        .filter(({ status }) => status === 200).length,
    ).toBeGreaterThan(10);
    expect(ours.stderr).toBe(plain.stderr);
  });

  test("does not start with app.use(systemdListen), and the error names the missing parentheses", async () => {
    await using running = startProcess(app("not-called.mjs"), { env: { FRAMEWORK } });
    expect(await running.ended).toBe(1);
    expect(running.stderr).toContain("sockact: fatal: SOCKACT_ERR_OPTION: ");
    expect(running.stderr).toContain("Write app.use(systemdListen())");
  });

  test("answers with an error that names the missing parentheses after router.use(systemdListen)", async () => {
    await using running = startProcess(app("not-called.mjs"), { env: { FRAMEWORK, ROUTER: "1" } });
    const { address } = await running.event<{ address: { port: number } }>("listening");
    const { status, body } = await httpRequest(`localhost:${address.port}`);
    expect(status).toBe(500);
    expect(body).toContain("Write app.use(systemdListen())");
  });

  describe("with two servers", () => {
    test("gives each server its socket if systemdListen() is called once for each", async () => {
      const addresses = (await Promise.all((["tcp4", "unix"] as const).map(freeAddress))) as [string, string];
      await using _running = await socketActivate(addresses, app("second-server.mjs"), {
        names: ["a", "b"],
        env: { FRAMEWORK, NAMES: "b,a" },
      });
      expect((await httpRequest(addresses[1])).json()).toEqual({ server: "first" });
      expect((await httpRequest(addresses[0])).json()).toEqual({ server: "second" });
    });

    test("gives the first server all sockets, and the second one an error", async () => {
      const address = await freeAddress("tcp4");
      await using running = await socketActivate([address], app("second-server.mjs"), { env: { FRAMEWORK } });
      for (let count = 0; count < 3; count++)
        expect((await httpRequest(address)).json()).toEqual({ server: "first" });
      expect(await running.event("error")).toMatchObject({ code: "SOCKACT_ERR_SOCKET_CLAIMED" });
      expect(await running.line(/SOCKACT_WARN_UNSEEN/)).toContain("was not passed to an Express app");
      expect(running.stderr.match(/SOCKACT_WARN_UNSEEN/g), "once, not with each request").toHaveLength(1);
    });
  });
});

test("an app that is no longer used is garbage collected", async () => {
  const fd = rawSocket("ipv4", "stream", { bound: "127.0.0.1:0", listening: true });
  const [node, file] = app("dropped.mjs") as [string, string];
  await using running = startWithFds([fd], [node, "--expose-gc", file]);
  closeAll([fd]);
  expect(await running.event("collected")).toMatchObject({ collected: true });
});

/** Runs express-generator, adds the one line, and links the packages that the app needs. */
function generatedApp(framework: string): string {
  const folder = mkdtempSync(join(tmpdir(), "sockact-generated-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const require = createRequire(import.meta.url);
  const generator = join(dirname(require.resolve("express-generator/package.json")), "bin/express-cli.js");
  execFileSync(process.execPath, [generator, "--no-view", "--force", folder], { stdio: "ignore" });
  const file = join(folder, "app.js");
  const written = readFileSync(file, "utf8");
  const line = "app.use(require('@sockact/express').systemdListen());";
  writeFileSync(file, written.replace("app.use(logger('dev'));", `${line}\napp.use(logger('dev'));`));
  expect(readFileSync(file, "utf8"), "the generator still writes what this test expects").toContain(line);

  const link = (name: string, target: string): void =>
    symlinkSync(target, join(folder, "node_modules", name));
  const packageFolder = (name: string): string => dirname(require.resolve(`${name}/package.json`));
  mkdirSync(join(folder, "node_modules/@sockact"), { recursive: true });
  link("express", packageFolder(framework));
  link("@sockact/express", fileURLToPath(new URL("..", import.meta.url)));
  for (const name of ["cookie-parser", "debug", "http-errors", "morgan"]) link(name, packageFolder(name));
  return folder;
}
