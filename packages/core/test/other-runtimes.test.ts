import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  type ActivationOptions,
  type AppProcess,
  AppUnderLoad,
  busyLoads,
  closeAll,
  describeWith,
  during,
  expectAllAnswered,
  freeAddress,
  httpRequest,
  installRuntimes,
  type ListenAddress,
  openConnection,
  rawSocket,
  report,
  requestOver,
  secureConnection,
  socketActivate,
  startProcess,
  startWithFds,
  webSocketAnswer,
} from "@sockact/testkit";
import { heldClient, idleClient, type LifecycleApp, rawClient, systemdSocket } from "./lifecycle-app.ts";

const programOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const LIFECYCLE = programOf("programs/lifecycle.mjs");
const CERTIFICATE = {
  key: programOf("../../testing/fixtures/localhost.key.pem"),
  cert: programOf("../../testing/fixtures/localhost.cert.pem"),
};

type Runtime = "deno" | "bun";
let binaries: Record<Runtime, string>;
const commandOf = (runtime: Runtime, ...args: string[]): string[] =>
  runtime === "deno" ? [binaries.deno, "run", "--allow-all", ...args] : [binaries.bun, ...args];

/** What each runtime can't do. docs/bun-and-deno.md and runtime-errors.ts say the same. */
const limits: Record<Runtime, [limit: string, app: LifecycleApp, unix?: boolean][]> = {
  deno: [
    ["handover", { options: { handover: true } }],
    ["signals", { options: { signals: "first" } }],
  ],
  bun: [
    ["handover", { options: { handover: true } }],
    ["signals", { options: { signals: "first" } }],
    ["tls", { options: { tls: CERTIFICATE } }],
    ["tls", { kind: "https" }],
    ["tls", { kind: "http2" }],
    ["tls", { kind: "tls" }],
    ["proxyProtocol", { options: { sockets: { unknown: { proxyProtocol: true } } } }],
  ],
};

/** What the runtimes themselves can do, without sockact. */
const abilities: Record<string, Record<Runtime, boolean>> = {
  "node:net listens on a passed socket": { deno: true, bun: true },
  "node:http listens on a passed socket": { deno: true, bun: false },
  "Bun.serve() listens on a passed socket": { deno: false, bun: false },
  "node:dgram binds a passed socket": { deno: false, bun: true },
  "fstat() knows a passed socket": { deno: false, bun: true },
  "a signal calls process.emit()": { deno: false, bun: false },
};

/** Starts programs/lifecycle.mjs on these sockets, or on a port of its own. */
async function start(
  runtime: Runtime,
  fds: readonly number[],
  { hooks = ["onEvent"], ...app }: LifecycleApp = {},
  { env, ...more }: ActivationOptions = {},
): Promise<AppProcess> {
  const options = { ...more, env: { ...env, APP: JSON.stringify({ hooks, ...app }) } };
  const command = commandOf(runtime, LIFECYCLE);
  const process = fds.length > 0 ? startWithFds(fds, command, options) : startProcess(command, options);
  await process.event("up");
  return process;
}

describeWith({ tags: "campaign" }, "on other runtimes", () => {
  beforeAll(async () => {
    binaries = await installRuntimes();
  }, 300_000);

  describe.each(["deno", "bun"] as const)("%s, activated", (runtime) => {
    const opened: number[] = [];
    afterAll(() => closeAll(opened));

    test("serves sockets by name: TCP of both families, a path and an abstract name", async () => {
      const kinds = ["tcp4", "tcp6", "unix", "abstract"] as const;
      const sockets = await Promise.all(kinds.map((kind) => systemdSocket(kind)));
      const apps = kinds.map((name) => ({ options: { name }, hooks: ["onEvent"] }));
      const fds = sockets.map(([fd]) => fd);
      await using app = await start(runtime, fds, { apps }, { names: kinds });
      for (const [, address] of sockets)
        expect(await httpRequest(address)).toMatchObject({ status: 200, body: "hello" });
      expect(app.stdout).not.toContain("refused");
    });

    test("one server serves several sockets, and their addresses are known", async () => {
      const sockets = await Promise.all([systemdSocket("tcp6"), systemdSocket("unix")]);
      const fds = sockets.map(([fd]) => fd);
      await using app = await start(runtime, fds);
      const { sockets: listed } = await app.event<{ sockets: { address: string }[] }>("listens");
      expect(listed.map(({ address }) => address)).toEqual(sockets.map(([, address]) => address));
      for (const [, address] of sockets) expect((await httpRequest(address)).body).toBe("hello");
      app.kill("SIGTERM");
      expect(await app.ended).toBe(0);
    });

    test("a drain answers what is under way, serves who still comes, and closes idle connections", async () => {
      const [fd, address] = await systemdSocket();
      await using app = await start(runtime, [fd]);
      await using idle = await idleClient(app, address);
      await using held = await heldClient(app, address);
      app.kill("SIGTERM");
      expect(await app.event("draining")).toMatchObject({ connections: 2 });
      expect((await httpRequest(address)).headers).toMatchObject({ connection: "close" });
      idle.get("/");
      expect(await idle.receives(/hello$/)).toMatch(/^connection: close/im);
      expect(await idle.closed).toBe("end");
      app.write("answer");
      expect(await held.receives(/done$/)).toMatch(/^connection: close/im);
      expect(await held.closed).toBe("end");
      expect(await app.event("drained")).toMatchObject({ cut: 0 });
      expect(await app.ended).toBe(0);
    });

    test("the app's own listener of SIGTERM runs, and ends the process", async () => {
      const [fd] = await systemdSocket();
      await using app = await start(runtime, [fd], { before: ["once"] });
      app.kill("SIGTERM");
      expect(await app.event("handler")).toMatchObject({ signal: "SIGTERM" });
      await app.event("drained");
    });

    test("sleeps when idle", async () => {
      const [fd, address] = await systemdSocket();
      await using app = await start(runtime, [fd], { options: { idleTimeout: "500ms" } });
      await httpRequest(address);
      await app.event("idle");
      expect(await app.ended).toBe(0);
    });

    test("answers the path of health", async () => {
      const [fd, address] = await systemdSocket();
      await using app = await start(runtime, [fd], { options: { health: "/healthz" } });
      expect(await httpRequest(address, "/healthz")).toMatchObject({ status: 200, body: "ready" });
      expect(app.stdout).not.toContain('"request"');
    });

    test.each(["express", "koa", "fastify"])(
      "%s serves with its adapter, and a WebSocket too",
      async (name) => {
        const [fd, address] = await systemdSocket();
        const app = programOf(`../../${name}/test/apps/app.mjs`);
        await using running = startWithFds([fd], commandOf(runtime, app), {
          env: { FRAMEWORK: name, SERVER: "http" },
        });
        await running.event("listening");
        expect(JSON.parse((await httpRequest(address)).body)).toMatchObject({ pid: running.pid });
        expect(await webSocketAnswer(() => openConnection(address), "a message")).toBe("a message");
        running.kill("SIGTERM");
        expect(await running.ended).toBe(0);
      },
    );

    test("an app that does not know sockact serves and drains with the preload", async () => {
      const [fd, address] = await systemdSocket();
      const preload = programOf("../../register/dist/index.cjs");
      const app = programOf("../../register/test/apps/express/load.mjs");
      await using running = startWithFds([fd], commandOf(runtime, "--preload", preload, app));
      await running.line(/^sockact: ready$/);
      expect(await httpRequest(address)).toMatchObject({ status: 200 });
      running.kill("SIGTERM");
      await running.line(/^sockact: drained$/);
      expect(await running.ended).toBe(0);
    });

    test.each(limits[runtime])("can't do everything, and says so: %s", async (limit, app) => {
      const [fd] = await systemdSocket();
      const command = commandOf(runtime, LIFECYCLE);
      await using running = startWithFds([fd], command, {
        env: { APP: JSON.stringify({ hooks: [], ...app }) },
      });
      expect(await running.event("refused")).toMatchObject({
        code: runtime === "deno" ? "SOCKACT_ERR_DENO" : "SOCKACT_ERR_BUN",
        limit,
        hint: expect.stringMatching(/\.$/),
      });
    });

    test("can do by itself what the docs say, and nothing else", async () => {
      const works: Record<string, boolean> = {};
      for (const attempt of Object.keys(abilities)) {
        const bound = await freeAddress("tcp4");
        const fds = [
          rawSocket("ipv4", "stream", { bound, listening: true }),
          rawSocket("ipv4", "datagram", { bound: await freeAddress("tcp4") }),
        ];
        opened.push(...fds);
        const env = { ATTEMPT: attempt, TCP_PORT: bound.split(":")[1] };
        const command = commandOf(runtime, programOf("programs/runtime-limits.mjs"));
        await using app = startWithFds(fds, command, { env });
        works[attempt] = (await app.event<{ works: boolean }>("tried")).works;
      }
      expect(
        works,
        "If more works, docs/bun-and-deno.md, packages/core/src/lib/shared/runtime-errors.ts and the tables of this test must change.",
      ).toEqual(Object.fromEntries(Object.entries(abilities).map(([name, can]) => [name, can[runtime]])));
    });
  });

  describe.each(["deno", "bun"] as const)("%s, on a port of its own", (runtime) => {
    const startOnPort = async (options: object = {}): Promise<[app: AppProcess, address: ListenAddress]> => {
      const address = await freeAddress("tcp4");
      const port = Number(address.split(":")[1]);
      const app = await start(runtime, [], {
        options: { host: "127.0.0.1", port, signals: true, ...options },
      });
      return [app, address];
    };

    test("listens as usual, and SIGTERM drains", async () => {
      const [app, address] = await startOnPort();
      await using running = app;
      expect(await running.event("listens")).toEqual({ event: "listens", activated: false, sockets: [] });
      await using client = await rawClient(address);
      client.get("/held");
      await running.event("request");
      running.kill("SIGTERM");
      await running.event("draining");
      expect((await httpRequest(address)).headers).toMatchObject({ connection: "close" });
      running.write("answer");
      expect(await client.receives(/done$/)).toMatch(/^connection: close/im);
      expect(await running.event("drained")).toMatchObject({ cut: 0 });
      expect(await running.ended).toBe(0);
    });

    test("during stopDelay, health says 503, and everything is served", async () => {
      const [app, address] = await startOnPort({ health: "/healthz", stopDelay: "1s" });
      await using running = app;
      expect(await httpRequest(address, "/healthz")).toMatchObject({ status: 200 });
      running.kill("SIGTERM");
      await running.event("draining");
      expect(await httpRequest(address, "/healthz")).toMatchObject({ status: 503, body: "stopping" });
      expect(await httpRequest(address)).toMatchObject({ status: 200, headers: { connection: "close" } });
      expect(await running.ended).toBe(0);
    });
  });

  describe("Deno", () => {
    test("serves TLS, HTTP/2, and connections with a PROXY header", async () => {
      const sockets = await Promise.all([systemdSocket(), systemdSocket(), systemdSocket()]);
      const apps = [
        { kind: "https" as const, options: { name: "a" }, hooks: [] },
        { options: { sockets: { b: { tls: CERTIFICATE } } }, hooks: [] },
        { options: { sockets: { c: { proxyProtocol: true } } }, hooks: [] },
      ];
      const fds = sockets.map(([fd]) => fd);
      await using app = await start("deno", fds, { apps }, { names: ["a", "b", "c"] });
      for (const [, address] of sockets.slice(0, 2))
        expect(await requestOver(await secureConnection(address))).toMatchObject({ body: "hello" });
      await using proxied = await rawClient(sockets[2]?.[1] ?? "");
      proxied.send("PROXY TCP4 192.0.2.7 192.0.2.1 5000 80\r\n").get("/");
      expect(await proxied.receives(/hello$/)).toContain("200 OK");
      expect(app.stdout).not.toContain("refused");
    });

    test("the workers of a cluster serve the socket, and drain", async () => {
      const [fd, address] = await systemdSocket();
      const command = commandOf("deno", programOf("programs/cluster.mjs"));
      await using app = startWithFds([fd], command, { env: { HELD: "yes" } });
      for (const _ of [1, 2]) await app.event("up");
      expect(JSON.parse((await httpRequest(address)).body)).toMatchObject({ worker: expect.any(Number) });
      app.kill("SIGTERM");
      for (const _ of [1, 2]) expect(await app.event("exit")).toMatchObject({ code: 0 });
      expect(await app.ended).toBe(0);
    });

    test("serves the connection of Accept=yes", async () => {
      const bound = await freeAddress("tcp4");
      const how = ["--accept"];
      await using app = await socketActivate([bound], commandOf("deno", programOf("programs/listen.mjs")), {
        how,
      });
      expect(await httpRequest(bound)).toMatchObject({ status: 200 });
      expect(app.stdout).not.toContain("refused");
    });

    test("can't bind a passed UDP socket, and says so", async () => {
      const fd = rawSocket("ipv4", "datagram", { bound: await freeAddress("tcp4") });
      onTestFinished(() => closeAll([fd]));
      await using app = startWithFds([fd], commandOf("deno", programOf("programs/sockets.mjs")));
      app.write("bind");
      expect(await app.event("bind")).toMatchObject({ refused: { code: "SOCKACT_ERR_DENO" } });
    });

    test("without --allow-all, it can't look at the passed sockets, and says so", async () => {
      const [fd] = await systemdSocket();
      const flags = ["--allow-net", "--allow-env", "--allow-read", "--no-prompt"];
      const command = [binaries.deno, "run", ...flags, LIFECYCLE];
      await using app = startWithFds([fd], command, { env: { APP: JSON.stringify({ hooks: [] }) } });
      expect(await app.event("refused")).toMatchObject({ code: "SOCKACT_ERR_DENO", limit: "permission" });
    });

    test("on a port of its own, it needs no more than --allow-net, --allow-env and --allow-read", async () => {
      const address = await freeAddress("tcp4");
      const port = Number(address.split(":")[1]);
      const flags = ["--allow-net", "--allow-env", "--allow-read", "--no-prompt"];
      const app = { hooks: ["onEvent"], options: { host: "127.0.0.1", port, signals: true } };
      await using running = startProcess([binaries.deno, "run", ...flags, LIFECYCLE], {
        env: { APP: JSON.stringify(app) },
      });
      await running.event("up");
      expect((await httpRequest(address)).body).toBe("hello");
      running.kill("SIGTERM");
      expect(await running.ended).toBe(0);
    });
  });

  describe("Bun", () => {
    test("can't use a cluster, and says so", async () => {
      const [fd] = await systemdSocket();
      await using app = startWithFds([fd], commandOf("bun", programOf("programs/cluster.mjs")));
      expect(await app.line(/SOCKACT_ERR_BUN/)).toContain("can't listen");
    });

    test("can't serve the connection of Accept=yes, and says so", async () => {
      const bound = await freeAddress("tcp4");
      const how = ["--accept"];
      await using app = await socketActivate([bound], commandOf("bun", programOf("programs/listen.mjs")), {
        how,
      });
      (await rawClient(bound)).socket.destroy();
      expect(await app.line(/SOCKACT_ERR_BUN/)).toContain("Accept=yes");
    });

    test.each(["https", "http2"] as const)("serves %s on a port of its own, and drains", async (kind) => {
      const address = await freeAddress("tcp4");
      const port = Number(address.split(":")[1]);
      const options = { host: "127.0.0.1", port, signals: true };
      const serverOptions = { allowHTTP1: true };
      await using app = await start("bun", [], { kind, options, serverOptions });
      const client = await secureConnection(address);
      expect(await requestOver(client)).toMatchObject({ status: 200, body: "hello" });
      app.kill("SIGTERM");
      await app.event("drained");
      expect(await app.ended).toBe(0);
    });

    test("binds a passed UDP socket", async () => {
      const fd = rawSocket("ipv4", "datagram", { bound: await freeAddress("tcp4") });
      onTestFinished(() => closeAll([fd]));
      await using app = startWithFds([fd], commandOf("bun", programOf("programs/sockets.mjs")));
      app.write("bind");
      expect(await app.event("bind")).toMatchObject({ activated: true, sockets: [{ fd: 3 }] });
    });
  });

  describeWith(
    { privateSystemd: true, systemd: 253, tags: "campaign" },
    "in a service with Type=notify",
    () => {
      let app: AppUnderLoad;
      beforeAll(async () => {
        app = await AppUnderLoad.boot();
      });
      afterAll(() => app?.[Symbol.asyncDispose]());

      test.each(["deno", "bun"] as const)(
        "%s is ready by READY=1, and five restarts under load lose nothing",
        { timeout: 300_000 },
        async (runtime) => {
          const { systemd } = app;
          const program = systemd.inside(programOf("../../express/test/apps/load.mjs"));
          const [file, ...args] = commandOf(runtime, program) as [string, ...string[]];
          await app.installService({
            name: "app",
            exec: [systemd.inside(file), ...args],
            sockets: [{ listen: 80, noDelay: true }],
            type: "notify",
          });
          const results = await during(busyLoads(app), 5, () => systemd.restart("app.service"));
          report(`${runtime}: 5 restarts`, results);
          expectAllAnswered(results);
          expect(await systemd.show("app.service", "NRestarts")).toBe("0");
        },
      );
    },
  );
});
