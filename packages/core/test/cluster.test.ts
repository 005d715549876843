import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { connect as tlsConnect } from "node:tls";
import { describe, expect, test } from "vitest";
import {
  type ActivationOptions,
  type AddressKind,
  type AppProcess,
  httpRequest,
  type ListenAddress,
  openConnection,
  startProcess,
  startWithFds,
  certificateOf,
} from "@sockact/testkit";
import { programOf } from "./cluster-app.ts";
import { systemdSocket } from "./lifecycle-app.ts";

const program = programOf("cluster");

interface Up {
  worker: number;
  pid: number;
  activated: boolean;
  address: unknown;
  sockets: { fd: number; name: string; address: string }[];
  variables: string[];
}

/**
 * For a cluster that sleeps only after the command `sleep`, so that no worker sleeps before another one is
 * up.
 */
const SLEEPY = { SOCKACT_IDLE_TIMEOUT: "150ms", AWAKE: "1" };

/** Starts the program, and waits until its workers are up. */
async function startCluster(
  kinds: readonly AddressKind[],
  options: ActivationOptions = {},
  count = 2,
): Promise<{ app: AppProcess; addresses: ListenAddress[]; workers: Up[] }> {
  const sockets = await Promise.all(kinds.map((kind) => systemdSocket(kind)));
  const env = { WORKERS: String(count), ...options.env };
  const app = startWithFds(
    sockets.map(([fd]) => fd),
    program,
    { ...options, env },
  );
  return { app, addresses: sockets.map(([, address]) => address), workers: await up(app, count) };
}

async function up(app: AppProcess, count: number): Promise<Up[]> {
  const workers: Up[] = [];
  while (workers.length < count) workers.push(await app.event<Up & Record<string, unknown>>("up"));
  return workers;
}

const expectServed = async (addresses: readonly ListenAddress[]): Promise<void> => {
  for (const address of addresses) expect((await httpRequest(address)).status).toBe(200);
};

test.concurrent.each(["SCHED_RR", "SCHED_NONE"])(
  "a cluster that asks for %s serves each kind of socket, and goes on when all its workers have been killed",
  async (policy) => {
    const { app, addresses, workers } = await startCluster(["tcp4", "tcp6", "unix", "abstract"], {
      env: { POLICY: policy, HELD: "1" },
    });
    await using running = app;
    for (const { activated, sockets, variables } of workers) {
      expect({ activated, addresses: sockets.map(({ address }) => address), variables }).toEqual({
        activated: true,
        addresses,
        variables: [],
      });
    }
    await expectServed(addresses);
    for (let turn = 0; turn < 2; turn++) {
      running.write("kill");
      await running.event("exit");
      await running.event("exit");
      // While no worker runs, no client is refused.
      const waiting = addresses.map((address) => httpRequest(address));
      running.write("fork");
      running.write("fork");
      await up(running, 2);
      expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(addresses.map(() => 200));
      await expectServed(addresses);
    }
    expect(running.stderr).not.toContain("Warning");
  },
);

test.concurrent("cluster.on('listening') has the descriptor of the primary and the port, for each worker", async () => {
  const { app, addresses, workers } = await startCluster(["tcp4", "unix"]);
  await using running = app;
  expect(workers.map(({ address }) => address)).toEqual(
    workers.map(() => ({ address: "127.0.0.1", family: "IPv4", port: Number(addresses[0]?.split(":")[1]) })),
  );
  const told: string[] = [];
  for (let count = 0; count < 4; count++) {
    const { worker, address } = await running.event<{
      worker: number;
      address: { fd: number; port: number };
    }>("listening");
    told.push(`${worker}: ${address.fd}, ${address.port}`);
  }
  const port = Number(addresses[0]?.split(":")[1]);
  expect(new Set(told)).toEqual(new Set([`1: 3, ${port}`, "1: 4, null", `2: 3, ${port}`, "2: 4, null"]));
  running.write("variables");
  expect(await running.event("variables")).toMatchObject({ variables: [] });
});

test.concurrent("the settings of setupPrimary() apply to the workers", async () => {
  const { app } = await startCluster(["tcp4"], {
    env: { SETTINGS: JSON.stringify({ args: ["an argument"], serialization: "advanced" }) },
  });
  await using running = app;
  running.write("pids");
  const { pids } = await running.event<{ pids: number[] }>("pids");
  for (const pid of pids) expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).toContain("\0an argument\0");
  expect(running.stdout, "no message of ours comes to the app").not.toContain("message");
});

test.concurrent("workers take sockets by name, and speak TLS on those with tls", async () => {
  const { app, addresses } = await startCluster(
    ["tcp4", "tcp4", "tcp4"],
    {
      names: ["http", "https", "admin"],
      env: {
        LISTEN_OPTIONS: JSON.stringify([
          {
            sockets: {
              http: {},
              https: { tls: certificateOf("localhost") },
            },
          },
          { name: "admin" },
        ]),
      },
    },
    4,
  );
  await using _running = app;
  const [http, https, admin] = addresses as [string, string, string];
  expect((await httpRequest(http)).json()).toMatchObject({ encrypted: false });
  expect((await httpRequest(admin)).json()).toMatchObject({ encrypted: false, name: "admin" });
  const answer = await new Promise<string>((resolve, reject) => {
    const createConnection = (): ReturnType<typeof tlsConnect> =>
      tlsConnect({ socket: openConnection(https), rejectUnauthorized: false });
    httpsRequest({ createConnection }, (response) => response.setEncoding("utf8").on("data", resolve))
      .on("error", reject)
      .end();
  });
  expect(JSON.parse(answer)).toMatchObject({ encrypted: true });
});

test.concurrent("a worker that crashes loses only its own requests", async () => {
  const { app, addresses, workers } = await startCluster(["tcp4"]);
  const [address] = addresses as [string];
  await using running = app;
  const held = httpRequest(address, "/held");
  const { worker } = await running.event<{ worker: number }>("held");
  process.kill(workers.find((other) => other.worker !== worker)?.pid as number, "SIGKILL");
  await expectServed([address]);
  expect(await up(running, 1)).toMatchObject([{ worker: 3, activated: true }]);
  running.write("release");
  expect(await held).toMatchObject({ status: 200, body: "at last" });
});

test.concurrent("worker.disconnect() drains: requests are answered, `onStop` is called, and the worker ends", async () => {
  const { app, addresses } = await startCluster(["tcp4", "unix"], { env: { HELD: "1" } }, 1);
  await using running = app;
  const [address] = addresses as [string];
  const held = httpRequest(address, "/held");
  await running.event("held");
  running.write("fork");
  await up(running, 1);
  running.write("disconnect 1");
  running.write("release");
  expect(await held).toMatchObject({ status: 200, body: "at last", headers: { connection: "close" } });
  expect(await running.event("stopped")).toEqual({ event: "stopped", worker: 1 });
  expect(await running.event("exit")).toMatchObject({ worker: 1, code: 0, planned: true });
  for (const each of addresses) expect((await httpRequest(each)).json()).toMatchObject({ worker: 2 });
});

describe.concurrent("a stop", () => {
  const whom = { "every process": "all", "the primary alone": "primary" } as const;

  test.each(Object.entries(whom))(
    "by a signal to %s lets the workers drain, and no worker is forked again",
    async (_, to) => {
      const { app, addresses, workers } = await startCluster(["tcp4"], {
        env: { SOCKACT_DRAIN_TIMEOUT: "1s" },
      });
      await using running = app;
      const [address] = addresses as [string];
      const connection = openConnection(address);
      await new Promise((resolve) => connection.once("connect", resolve));
      connection.write("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
      await running.event("held");
      for (const pid of to === "all" ? [running.pid, ...workers.map((worker) => worker.pid)] : [running.pid])
        process.kill(pid, "SIGTERM");
      // One worker holds a request until drainTimeout cuts it, which is an error.
      expect(await running.ended).toBe(1);
      connection.destroy();
      expect(running.stdout.match(/"stopped"/g)).toHaveLength(2);
      expect(running.stdout.match(/"forked"/g), "two workers, and two that never started").toHaveLength(4);
      expect(running.stdout.match(/"forked","id":0/g)).toHaveLength(2);
      expect(running.stdout.match(/"exit"/g)).toHaveLength(2);
    },
  );

  test("by a signal to every process forks no worker again when the primary is the last to run", async () => {
    const { app, workers } = await startCluster(["tcp4"]);
    await using running = app;
    process.kill(running.pid, "SIGSTOP");
    for (const pid of [running.pid, ...workers.map((worker) => worker.pid)]) process.kill(pid, "SIGTERM");
    for (const { worker } of workers) await running.line(new RegExp(`"stopped","worker":${worker}}`));
    // Without an answer from the primary, both workers would end about now.
    process.kill(running.pid, "SIGCONT");
    expect(await running.ended).toBe(0);
    expect(running.stdout.match(/"exit"/g)).toHaveLength(2);
    expect(running.stdout.match(/"forked","id":0/g)).toHaveLength(2);
  });

  test("ends with 0 when everything was answered", async () => {
    const { app, addresses } = await startCluster(["tcp4"]);
    await using running = app;
    await expectServed(addresses);
    running.kill("SIGTERM");
    expect(await running.ended).toBe(0);
    expect(running.stderr).toMatch(/sockact: SIGTERM: draining/);
  });
});

test.concurrent("the cluster sleeps when no worker has had a connection for its idleTimeout", async () => {
  const { app, addresses } = await startCluster(["tcp4"], {
    env: SLEEPY,
  });
  await using running = app;
  const connection = openConnection(addresses[0] as string);
  connection.write("GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
  await running.event("held");
  running.write("sleep");
  running.write("clock 400");
  await running.event("clock");
  expect(running.stderr).not.toContain("going to sleep");
  connection.destroy();
  expect(await running.ended).toBe(0);
  expect(running.stderr.match(/idle for 0.15 s, going to sleep/g)).toHaveLength(1);
});

test.concurrent.each([
  { env: { SOCKACT_IDLE_EXIT_STATUS: "42" }, options: {} },
  { env: {}, options: { idleExitStatus: 42 } },
])("the primary of a cluster that sleeps ends with the idle exit status: $env $options", async (how) => {
  const { app } = await startCluster(["tcp4"], {
    env: { ...SLEEPY, LISTEN_OPTIONS: JSON.stringify(how.options), ...how.env },
  });
  await using running = app;
  running.write("sleep");
  expect(await running.ended).toBe(42);
});

test.concurrent.each([
  ["waits", /SOCKACT_ERR_STOP_TIMEOUT/],
  ["busy", /"signal":"SIGKILL"/],
])(
  "a cluster that falls asleep ends with 1 if the onStop of a worker never ends: it %s",
  async (hangs, said) => {
    const { app } = await startCluster(["tcp4"], {
      env: {
        ...SLEEPY,
        SOCKACT_IDLE_EXIT_STATUS: "42",
        SOCKACT_DRAIN_TIMEOUT: "0",
        HANGS: hangs,
      },
    });
    await using running = app;
    running.write("sleep");
    expect(await running.ended).toBe(1);
    expect(running.stderr + running.stdout).toMatch(said);
  },
);

test.concurrent("a cluster falls asleep beside a connection that has never sent anything, and closes it", async () => {
  const { app, addresses } = await startCluster(["tcp4"], {
    env: SLEEPY,
  });
  await using running = app;
  const silent = openConnection(addresses[0] as ListenAddress);
  const closed = once(silent.resume(), "end");
  await once(silent, "connect");
  running.write("sleep");
  expect(await running.ended).toBe(0);
  await closed;
  expect(running.stderr).toContain("idle: draining, 2 workers");
  expect(running.stderr).not.toMatch(/[1-9] open connection/);
});

test.concurrent("if a worker has set an exit code, the cluster does not sleep, and a line says so", async () => {
  const { app } = await startCluster(["tcp4"], { env: { ...SLEEPY, EXIT_CODE: "5" } });
  await using running = app;
  running.write("sleep");
  expect(await running.ended).toBe(1);
  expect(running.stderr).toMatch(/SOCKACT_ERR_EXIT_STATUS: .* 5 instead of 0/);
});

test.concurrent("without sockets it is Node's own cluster, even with the variable of another primary in the environment", async () => {
  await using app = startProcess(program, {
    env: {
      LISTEN_OPTIONS: JSON.stringify({ port: 0 }),
      SOCKACT_CLUSTER:
        '1:[{"socket":{"fd":3,"name":"web","kind":"listener","family":"ipv4","address":"1.1.1.1:1"},"inode":1}]',
    },
  });
  for (const { activated, variables, address } of await up(app, 2)) {
    expect({ activated, variables }).toEqual({ activated: false, variables: [] });
    await expectServed([`127.0.0.1:${(address as AddressInfo).port}`]);
  }
  app.write("variables");
  expect(await app.event("variables")).toMatchObject({ policy: 2 });
});

test.concurrent("if the primary does not import sockact, the workers serve, and one warning says what to import", async () => {
  const { app, addresses } = await startCluster(["tcp4", "unix"], {
    names: ["http", "local"],
    env: { UNAWARE: "1" },
  });
  await using running = app;
  await expectServed(addresses);
  await running.line(/SOCKACT_WARN_PRIMARY/);
  expect(running.stderr).toContain('import "@sockact/core";');
  expect(running.stderr.match(/SOCKACT_/g)).toHaveLength(1);
});

test.concurrent("if the primary imports sockact after setupPrimary(), there is a warning, and the workers serve", async () => {
  const { app, addresses } = await startCluster(["tcp4", "unix"], { env: { LATE: "1" } });
  await using running = app;
  await expectServed(addresses);
  await running.line(/SOCKACT_WARN_PRIMARY\].*called before sockact was imported/);
  running.kill("SIGTERM");
  expect(await running.ended).toBe(0);
});

test.concurrent("the app's own handler may pass the signal on to workers that have received it already", async () => {
  const { app, addresses, workers } = await startCluster(["tcp4"]);
  await using running = app;
  const held = httpRequest(addresses[0] as string, "/held");
  const { worker } = await running.event<{ worker: number }>("held");
  const pid = workers.find((one) => one.worker === worker)?.pid as number;
  running.kill("SIGTERM");
  await running.line(/SIGTERM: draining, 1 open/);
  for (let count = 0; count < 3; count++) process.kill(pid, "SIGTERM");
  running.write("release");
  expect(await held).toMatchObject({ status: 200 });
  expect(await running.ended).toBe(0);
});

test.concurrent.each([
  ["before the parent has read the variables", {}],
  ["after", { TAKEN: "1" }],
])("a child of child_process.fork() is told that it has none: %s", async (_, env) => {
  const [fd] = await systemdSocket();
  await using app = startWithFds([fd], programOf("fork"), { env });
  expect(await app.event("child")).toMatchObject({ activated: false });
  await app.ended;
  expect(app.stderr).toMatch(
    /SOCKACT_WARN_FORKED[^]*passed to `node \S*fork.mjs` [^]*Write cluster.fork\(\)/,
  );
});
