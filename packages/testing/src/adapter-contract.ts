import assert from "node:assert/strict";
import { once } from "node:events";
import process from "node:process";
import type { Socket } from "node:net";
import { type AddressKind, freeAddress } from "./addresses.ts";
import { socketActivate } from "./activated-process.ts";
import type { ListenAddress } from "./raw-sockets.ts";
import { type AppProcess, startProcess } from "./app-process.ts";
import { webSocketAnswer } from "./clients.ts";
import { httpRequest, openConnection, requestOver } from "./http-request.ts";
import { preloading } from "./preload.ts";
import { assertIncludes, assertMatches } from "./assertions.ts";
import { definitionsOf, type TestRunner } from "./test-runner.ts";

/** An adapter or the preload, with one major version of a framework. */
export interface AdapterUnderTest {
  /** The name in the titles of the tests: `Express 5`. */
  readonly title: string;
  /** The package of the framework, such as `express4`, which the apps load. */
  readonly framework: string;
  /** The same app in each module format. It uses contract-app.mjs. */
  readonly apps: {
    /** The file of the ES module. */
    readonly ESM: string;
    /** The file of the CommonJS module. */
    readonly CommonJS: string;
    /** The file in TypeScript, which tsx runs. Without it, these tests are left out. */
    readonly TypeScript?: string | undefined;
  };
  /** The first of these apps in a cluster. The primary only imports sockact, and uses cluster-app.mjs. */
  readonly cluster: string;
  /** Whether the adapter adds `sockact` to the app. The ES module answers `GET /sockact` with its askSockact(). */
  readonly hasSockact?: boolean | undefined;
  /** The file of the preload that gives the apps their sockets, if they do not use sockact themselves. */
  readonly preload?: string | undefined;
}

type Format = keyof AdapterUnderTest["apps"];
type Env = Record<string, string>;

/** The variables by which the contract controls an app. They differ between an adapter and the preload. */
interface Variables {
  /** The variables of every app. */
  readonly always: Env;
  /** Listens only on the sockets with this name. */
  only(name: string): Env;
}

const options = (value: object): Env => ({ OPTIONS: JSON.stringify(value) });

const byAdapter: Variables = {
  always: {},
  only: (name) => options({ name }),
};

const byPreload = (file: string): Variables => ({
  // No socket has this port. With `listen(0)`, the app would get a free port and none of the sockets.
  always: { ...preloading(file), PORT: "3000" },
  only: (name) => ({ SOCKACT_MAP: `3000=${name}` }),
});

const WAYS = ["the framework's listen()", "a server of its own, with a WebSocket library"] as const;
type Way = (typeof WAYS)[number];

interface Listening {
  readonly address: unknown;
  readonly leftovers: readonly string[];
}

/**
 * The promises of `systemdListen()` and of the preload, for any framework. Each promise is tested once. If
 * the app's own server could make a difference, the long tests also have the other way to listen.
 */
export function adapterContract(
  runner: TestRunner,
  { title, framework, apps, cluster, hasSockact = false, preload }: AdapterUnderTest,
): void {
  const { describe, describeWith, test } = definitionsOf(runner);
  const variables = preload === undefined ? byAdapter : byPreload(preload);
  const formats = (["ESM", "CommonJS", "TypeScript"] as const).filter((format) => apps[format]);
  const command = (format: Format): string[] => [
    process.execPath,
    ...(format === "TypeScript" ? ["--import", "tsx"] : []),
    apps[format] as string,
  ];
  const environment = (way: Way, env: Env = {}): Env => ({
    FRAMEWORK: framework,
    KEEP_ALIVE: "60000",
    ...(way === WAYS[1] && { SERVER: "own" }),
    ...(env["PLAIN"] === undefined && variables.always),
    ...env,
  });
  const start = (way: Way, env?: Env, format: Format = "ESM"): AppProcess =>
    startProcess(command(format), { env: environment(way, env) });
  const activate = (
    listen: ListenAddress[],
    way: Way,
    {
      format = "ESM",
      // With several sockets without names, the preload can't choose one.
      names = preload === undefined ? undefined : listen.map(() => "web"),
      env,
    }: { format?: Format; names?: string[] | undefined; env?: Env } = {},
  ): Promise<AppProcess> =>
    socketActivate(listen, command(format), {
      env: environment(way, env),
      ...(names && { names }),
    });

  const ofTheOtherWay: (() => void)[] = [];
  /** A test for a way to listen, and a long one for the other way. */
  const inBothWays = (
    name: string,
    usual: Way,
    run: (way: Way) => Promise<void>,
    commands: readonly string[] = [],
  ): void => {
    for (const way of WAYS) {
      const addTest = (): void => test(`${way}: ${name}`, () => run(way));
      const add =
        commands.length === 0 ? addTest : () => describeWith({ commands }, commands.join(" and "), addTest);
      if (way === usual) add();
      else ofTheOtherWay.push(add);
    }
  };

  describe(title, () => {
    // Each kind of address is first in the list once, because the framework sees the first address.
    const served = (
      [
        ["ESM", WAYS[0], ["tcp4", "unix", "tcp6", "abstract"]],
        ["ESM", WAYS[1], ["unix", "tcp4"]],
        ["CommonJS", WAYS[0], ["abstract"]],
        ["TypeScript", WAYS[1], ["tcp6", "unix"]],
      ] satisfies [Format, Way, AddressKind[]][]
    ).filter(([format]) => formats.includes(format));

    for (const [format, way, sockets] of served)
      test(`${format}, ${way}: serves the passed sockets, ${sockets.join(", ")}`, async () => {
        const addresses = await Promise.all(sockets.map(freeAddress));
        await using app = await activate(addresses, way, { format });
        for (const [index, address] of addresses.entries()) {
          const { status, json } = await httpRequest(address, "/?a=b");
          assert.equal(status, 200);
          assert.deepEqual(json(), {
            pid: app.pid,
            url: "/?a=b",
            remoteAddress: clientOf(sockets[index] as AddressKind),
          });
          if (way === WAYS[1])
            assert.equal(await webSocketAnswer(() => openConnection(address), "hello"), "hello");
        }
        const { address, leftovers } = await app.event<Listening>("listening");
        assert.deepEqual(address, serverAddress(addresses[0] as string));
        await app.event("callback");
        if (format === "ESM") {
          await using plain = start(way, { PLAIN: "1" });
          assert.deepEqual(
            leftovers,
            (await plain.event<Listening>("listening")).leftovers,
            "nothing stays in the request path",
          );
        }
        assert.equal(app.stdout.match(/"callback"/g)?.length, 1, "the callback is called once");
        assert.deepEqual(warnings(app), []);
      });

    inBothWays("takes only the sockets of its name", WAYS[0], async (way) => {
      const addresses = await Promise.all((["tcp4", "unix"] as const).map(freeAddress));
      await using app = await activate(addresses, way, {
        names: ["other", "web"],
        env: variables.only("web"),
      });
      assert.equal((await httpRequest(addresses[1] as string)).status, 200);
      assert.equal((await app.event<Listening>("listening")).address, addresses[1]);
      // No process accepts this connection, so it is neither answered nor refused.
      const waiting = openConnection(addresses[0] as string);
      await once(waiting, "connect");
      waiting.destroy();
    });

    inBothWays("close() leaves the socket to systemd, and the process ends", WAYS[0], async (way) => {
      const address = await freeAddress("unix");
      await using app = await activate([address], way);
      await httpRequest(address);
      await app.event("callback");
      app.write("close");
      await app.event("close");
      await app.event("closed");
      assert.equal(await app.ended, 0);
    });

    inBothWays("Accept=yes: each connection has a process, which ends with it", WAYS[1], isServed, [
      "systemd-socket-activate",
    ]);

    async function isServed(way: Way): Promise<void> {
      const kind = way === WAYS[1] ? "tcp4" : "unix";
      const address = await freeAddress(kind);
      await using activator = await socketActivate([address], command("ESM"), {
        env: environment(way, { POOL: "1" }),
        how: ["--accept"],
      });
      const clients = [openConnection(address), openConnection(address)];
      const pids = [];
      for (const client of clients) {
        const first = (await requestOver(client, "/?1")).json<{ pid: number }>();
        assertMatches(first, { url: "/?1", remoteAddress: clientOf(kind) });
        pids.push(first.pid);
        assert.deepEqual((await activator.event<Listening>("listening")).address, serverAddress(address));
        await activator.event("callback");
        assert.deepEqual((await requestOver(client, "/?2")).json(), { ...first, url: "/?2" });
      }
      assert.equal(new Set(pids).size, 2);
      clients[0]?.end();
      await activator.line(new RegExp(`Child ${pids[0]} died with code 0`));
      assertMatches((await requestOver(clients[1] as Socket)).json(), { pid: pids[1] });
      clients[1]?.destroy();
      await activator.line(new RegExp(`Child ${pids[1]} died with code 0`));
      if (way === WAYS[1]) {
        assert.equal(await webSocketAnswer(() => openConnection(address), "hello"), "hello");
        await activator.line(new RegExp(`Child (?!${pids.join("|")})\\d+ died with code 0`));
      }
      assert.deepEqual(warnings(activator), []);
    }

    for (const [way, how, ended] of [
      [WAYS[0], "close()", 0],
      [WAYS[1], "SIGINT", "SIGINT"],
    ] as const)
      test(`${way}, not activated: it behaves and prints as the framework does, until ${how}`, async () => {
        const port = Number((await freeAddress("tcp4")).split(":").at(-1));
        const seen = [];
        for (const env of [{ PLAIN: "1" }, {}] as Env[]) {
          await using app = start(way, { ...env, PORT: String(port) });
          const listening = await app.event("listening");
          await app.event("callback");
          const { status, headers } = await httpRequest(`localhost:${port}`);
          const { date: _, ...rest } = headers;
          if (how === "SIGINT") app.kill("SIGINT");
          else app.write("close");
          const code = await app.ended;
          seen.push({
            listening,
            status,
            rest: Object.keys(rest),
            code,
            stdout: app.stdout,
            stderr: app.stderr,
          });
        }
        assert.deepEqual(seen[1], seen[0]);
        assertMatches(seen[0], {
          listening: { address: { port } },
          status: 200,
          code: ended,
          stderr: "",
        });
      });

    inBothWays("the path in SOCKACT_HEALTH is answered", WAYS[0], async (way) => {
      const address = await freeAddress("tcp4");
      await using app = await activate([address], way, { env: { SOCKACT_HEALTH: "/healthz" } });
      assertMatches(await httpRequest(address, "/healthz"), {
        status: 200,
        headers: { "cache-control": "no-store" },
        body: "ready",
      });
      assertMatches((await httpRequest(address)).json(), { pid: app.pid, url: "/" });
    });

    if (hasSockact)
      inBothWays("other plugins can ask sockact", WAYS[0], async (way) => {
        const address = await freeAddress("unix");
        await using app = await activate([address], way);
        await app.event("callback");
        const client = openConnection(address);
        assert.deepEqual((await requestOver(client, "/sockact")).json(), {
          activated: true,
          draining: false,
          health: { healthy: true, state: "ready" },
        });
        app.kill("SIGTERM");
        let answer = await requestOver(client, "/sockact");
        while (answer.headers.connection === "keep-alive") answer = await requestOver(client, "/sockact");
        assert.deepEqual(answer.json(), {
          activated: true,
          draining: true,
          health: { healthy: false, state: "stopping" },
        });
        assert.equal(await app.ended, 0);

        const port = (await freeAddress("tcp4")).split(":").at(-1) as string;
        await using plain = start(way, { PORT: port });
        await plain.event("callback");
        assert.deepEqual((await httpRequest(`localhost:${port}`, "/sockact")).json(), {
          activated: false,
          draining: false,
          health: { healthy: true, state: "ready" },
        });
      });

    inBothWays("in a cluster, all workers are killed at once and reborn", WAYS[1], async (way) => {
      const addresses = await Promise.all((["unix", "tcp4"] as const).map(freeAddress));
      await using app = await socketActivate(addresses, [process.execPath, cluster], {
        env: environment(way),
        ...(preload && { names: addresses.map(() => "web") }),
      });
      const answers = await Promise.all(addresses.map((address) => httpRequest(address)));
      const before = answers.map((answer) => answer.json<{ pid: number }>().pid);
      /**
       * The process IDs of two more workers, once each listens at all addresses. Some frameworks listen at
       * more.
       */
      const workers = async (others: readonly number[] = []): Promise<number[]> => {
        const listening = new Map<number, number>();
        const ready = () => [...listening.keys()].filter((pid) => listening.get(pid)! >= addresses.length);
        while (ready().length < 2) {
          const { pid } = await app.event<{ pid: number }>("worker");
          if (!others.includes(pid)) listening.set(pid, (listening.get(pid) ?? 0) + 1);
        }
        return ready();
      };
      const first = await workers();
      assertIncludes(first, before);
      app.kill("SIGUSR2");
      for (let count = 0; count < 2; count++) assertMatches(await app.event("exit"), { signal: "SIGKILL" });
      const pids = await workers(first);
      for (const address of addresses) {
        const { status, json } = await httpRequest(address);
        assert.equal(status, 200);
        assertIncludes(pids, [json<{ pid: number }>().pid]);
      }
      app.kill("SIGTERM");
      assert.equal(await app.ended, 0);
      assert.deepEqual(warnings(app), []);
    });

    describeWith({ long: true }, "the other way to listen", () => {
      for (const add of ofTheOtherWay) add();
    });

    // An app that can't be changed has no options, so the preload has other errors.
    if (preload !== undefined) return;

    test("required, and not activated: the app does not start, and the error says why", async () => {
      await using app = start(WAYS[0], options({ required: true }));
      assert.notEqual(await app.ended, 0);
      assert.match(app.stderr, /^sockact: fatal: SOCKACT_ERR_NOT_ACTIVATED: .+\. At \/.+:\d+:\d+\.$/m);
    });

    test("a name that no passed socket has: the app does not start, and the error says why", async () => {
      const address = await freeAddress("tcp4");
      await using app = await activate([address], WAYS[0], {
        names: ["web"],
        env: options({ name: "admin" }),
      });
      assert.notEqual(await app.ended, 0);
      assert.match(app.stderr, /^sockact: fatal: SOCKACT_ERR_NAME_UNKNOWN: .+\. At \/.+:\d+:\d+\.$/m);
    });
  });
}

function clientOf(kind: AddressKind): string | null {
  return { tcp4: "127.0.0.1", tcp6: "::1", unix: null, abstract: null }[kind];
}

/** The result of server.address() after Node itself bound the server. */
function serverAddress(address: ListenAddress): unknown {
  const [, host, port] = /^\[?([^\]]*?)\]?:(\d+)$/.exec(address) ?? [];
  if (host === undefined) return address.replace(/^@/, "\0");
  return { address: host, family: host.includes(":") ? "IPv6" : "IPv4", port: Number(port) };
}

/**
 * Node 20 warns when a CommonJS app outside of node_modules loads an ES module. The apps here do that. No
 * installed package does.
 */
function warnings({ stderr }: AppProcess): string[] {
  return stderr
    .split("\n")
    .filter(
      (line) =>
        /Warning/.test(line) &&
        !/ExperimentalWarning: (CommonJS module|Support for loading ES Module)/.test(line),
    );
}
