import { describe, expect, test } from "vitest";
import { freeAddress, httpRequest } from "@sockact/testkit";
import {
  appOnSocket,
  heldClient,
  type LifecycleApp,
  idleClient,
  startApp,
  systemdSocket,
  terminate,
} from "./lifecycle-app.ts";

describe.concurrent("a second signal", () => {
  test.each([
    ["SIGTERM", "SIGINT", 130],
    ["SIGINT", "SIGTERM", 143],
  ] as const)("ends the process at once: %s, then %s", async (one, two, code) => {
    const { app, address } = await appOnSocket();
    await using running = app;
    await using client = await heldClient(running, address);
    await terminate(running, one);
    running.kill(two);
    expect(await running.ended).toBe(code);
    expect(await client.closed).not.toBe("close");
    expect(running.stdout).not.toContain('"drained"');
  });

  test("while onStop is still running also ends the process at once", async () => {
    const { app } = await appOnSocket({ hooks: ["onEvent", "onStop"] });
    await using running = app;
    await terminate(running);
    await running.event("onStop");
    running.kill("SIGINT");
    expect(await running.ended).toBe(130);
  });

  test("is a copy of the first if it is the same and comes at once: the process still drains", async () => {
    const { app, address } = await appOnSocket({ hooks: ["onEvent that copies the signal"] });
    await using running = app;
    await using client = await heldClient(running, address);
    await terminate(running);
    running.write("answer");
    await client.receives(/done$/);
    expect(await running.ended).toBe(0);
  });

  test("as a copy, does not end an app before its own handler, which runs once", async () => {
    const { app, address } = await appOnSocket({
      before: ["once"],
      input: true,
      hooks: ["onEvent that copies the signal"],
    });
    await using running = app;
    await using client = await heldClient(running, address);
    await terminate(running);
    await running.event("handler");
    running.write("answer");
    await client.receives(/done$/);
    await running.event("drained");
    running.write("exit");
    expect(await running.ended).toBe(7);
  });

  test("as a copy, does not end an app that cleans up after the drain", async () => {
    const hooks = ["onEvent that copies SIGTERM after the drain"];
    const { app } = await appOnSocket({ before: ["on"], input: true, hooks });
    await using running = app;
    await terminate(running);
    // The app's handler runs for each signal.
    for (let signals = 0; signals < 2; signals += 1) await running.event("handler");
    running.write("exit");
    expect(await running.ended).toBe(7);
  });

  test("another signal ends an app that cleans up after the drain, with its status", async () => {
    const { app } = await appOnSocket({ before: ["on"], input: true });
    await using running = app;
    await terminate(running);
    await running.event("drained");
    const repeating = setInterval(() => running.kill("SIGTERM"), 100);
    expect(await running.ended).toBe(143);
    clearInterval(repeating);
  });

  test("is no copy later, and ends the process", async () => {
    const { app, address } = await appOnSocket({ options: { drainTimeout: "infinity" } });
    await using running = app;
    await using _client = await heldClient(running, address);
    await terminate(running);
    const repeating = setInterval(() => running.kill("SIGTERM"), 100);
    expect(await running.ended).toBe(143);
    clearInterval(repeating);
    expect(running.stdout).not.toContain('"drained"');
  });
});

describe.concurrent("an app that handles SIGTERM itself", () => {
  test.each([{ before: ["on"] }, { after: ["on"] }, { before: ["once"] }, { after: ["once"] }])(
    "ends the process itself; sockact drains, and does not end the process: %o",
    async (handlers) => {
      const { app, address } = await appOnSocket({ ...handlers, input: true, hooks: ["onEvent"] });
      await using running = app;
      await using client = await heldClient(running, address);
      await terminate(running);
      expect(await running.event("handler")).toEqual({ event: "handler", signal: "SIGTERM" });
      running.write("answer");
      await client.receives(/done$/);
      await running.event("drained");
      running.write("listeners");
      await running.event("listeners");
      running.write("exit");
      expect(await running.ended).toBe(7);
    },
  );

  test("and has nothing left to do ends by itself, with the exit code of the drain", async () => {
    const { app, address } = await appOnSocket({ after: ["on"], options: { drainTimeout: "100ms" } });
    await using running = app;
    await using _client = await heldClient(running, address);
    await terminate(running);
    expect(await running.ended).toBe(1);
  });

  test("with close-with-grace", async () => {
    const { app, address } = await appOnSocket({ after: ["close-with-grace"] });
    await using running = app;
    await using idle = await idleClient(running, address);
    await using busy = await heldClient(running, address);
    await terminate(running);
    await running.event("grace");
    running.write("answer");
    await busy.receives(/done$/);
    idle.get("/");
    expect(await idle.receives(/hello$/)).toMatch(/^Connection: close\r$/im);
    expect(await running.ended).toBe(0);
    expect(running.stdout).toContain('"drained"');
  });

  /**
   * A client that is busy and one that is idle get their answers, and learn that their connections end.
   * Resolves with the exit status.
   */
  async function statusAfterStop(
    handlers: LifecycleApp,
    options: Record<string, unknown>,
  ): Promise<number | NodeJS.Signals> {
    const { app, address } = await appOnSocket({ ...handlers, options });
    await using running = app;
    await using idle = await idleClient(running, address);
    await using busy = await heldClient(running, address);
    await terminate(running);
    running.write("answer");
    expect(await busy.receives(/done$/)).toMatch(/^Connection: close\r$/im);
    idle.get("/");
    expect(await idle.receives(/hello$/)).toMatch(/^Connection: close\r$/im);
    return await running.ended;
  }

  const careful = ["close-with-grace by a callback", "node-graceful-shutdown", "lightship"];
  test.each(["close-with-grace by a callback", "lightship"])(
    "a library that only closes the server loses nothing: %s",
    async (library) => {
      expect(await statusAfterStop({ after: [library] }, {})).toBe(0);
    },
  );

  test("node-graceful-shutdown, which removes all other listeners of SIGTERM, and closes the server: nothing is lost", async () => {
    const { app, address } = await appOnSocket({ after: ["node-graceful-shutdown"] });
    await using running = app;
    await using idle = await idleClient(running, address);
    await using busy = await heldClient(running, address);
    running.kill("SIGTERM");
    // No event says that it drains.
    while (!/^Connection: close\r$/im.test(await idle.get("/").receives(/hello$/)));
    running.write("answer");
    await busy.receives(/done$/);
    expect(await running.ended).toBe(0);
  });

  const hasty = ["stoppable", "http-terminator", "death", "exit-hook"];
  test.each([
    ...[...careful, ...hasty].map((name) => ({ before: [name] })),
    ...[...careful, ...hasty, "terminus"].map((name) => ({ after: [name] })),
  ])(
    "with signals: 'first' a library that closes connections, or exits, does so when the last one has ended: %o",
    async (handlers) => {
      // exit-hook ends the process with the status of the signal.
      const status = JSON.stringify(handlers).includes("exit-hook") ? 143 : 0;
      expect(await statusAfterStop(handlers, { signals: "first" })).toBe(status);
    },
  );

  test.each(["death", "exit-hook"])(
    "an error event names the code that ends it while it drains: %s",
    async (library) => {
      const { app, address } = await appOnSocket({ after: [library] });
      await using running = app;
      await using _busy = await heldClient(running, address);
      running.kill("SIGTERM");
      expect(await running.event("error")).toMatchObject({
        code: "SOCKACT_ERR_EXIT_DRAINING",
        error: expect.stringMatching(
          library === "death"
            ? /cuts 1 open connection\. process\.exit\(\) was called at .*lifecycle\.mjs:\d+:\d+$/
            : /process\.exit\(\) was called at .*node_modules\/exit-hook\/index\.js:\d+:\d+$/,
        ),
      });
      await running.ended;
    },
  );

  test("with terminus, which sends itself the signal again at the end", async () => {
    const { app, address } = await appOnSocket({ after: ["terminus"] });
    await using running = app;
    await using busy = await heldClient(running, address);
    await terminate(running);
    running.write("answer");
    expect(await busy.receives(/done$/)).toMatch(/^Connection: close\r$/im);
    await running.event("terminus");
    expect(await running.ended).toBe(0);
    expect(running.stdout).toContain('"drained"');
  });

  test("with terminus, while onStop is still running: the signal that terminus sends does not end the process early", async () => {
    const { app } = await appOnSocket({ after: ["terminus"], hooks: ["onEvent", "onStop"], input: true });
    await using running = app;
    await terminate(running);
    await running.event("onStop");
    await running.event("terminus");
    await running.event("signal again");
    running.write("answer");
    expect(await running.ended).toBe(0);
    expect(running.stdout).toContain("onStop done");
  });

  test.each([{ before: ["signal-exit"] }, { after: ["signal-exit"] }])(
    "does not mean a library that only listens for the end (signal-exit): %o",
    async (handlers) => {
      const { app, address } = await appOnSocket({ ...handlers, input: true });
      await using running = app;
      await using busy = await heldClient(running, address);
      await terminate(running);
      running.write("answer");
      expect(await busy.receives(/done$/)).toMatch(/^Connection: close\r$/im);
      expect(await running.event("signal-exit")).toMatchObject({ code: 0 });
      expect(await running.ended).toBe(0);
    },
  );
});

describe.concurrent("the option signals", () => {
  test("false: SIGTERM kills the process, as without sockact", async () => {
    const { app } = await appOnSocket({ options: { signals: false } });
    await using running = app;
    running.kill("SIGTERM");
    expect(await running.ended).toBe("SIGTERM");
  });

  test("a list: these signals drain, and the others act as without sockact", async () => {
    const { app, address } = await appOnSocket({ options: { signals: ["SIGUSR2"] } });
    await using running = app;
    await using client = await heldClient(running, address);
    running.kill("SIGUSR2");
    expect(await running.event("draining")).toMatchObject({ signal: "SIGUSR2" });
    running.write("answer");
    await client.receives(/done$/);
    expect(await running.ended).toBe(0);
    const other = await appOnSocket({ options: { signals: ["SIGUSR2"] } });
    await using killed = other.app;
    killed.kill("SIGTERM");
    expect(await killed.ended).toBe("SIGTERM");
  });

  test("true in an app that was not activated: it drains too", async () => {
    const address = await freeAddress("tcp4");
    const port = Number(address.split(":").at(-1));
    await using app = await startApp([], { options: { host: "127.0.0.1", port, signals: true } });
    await using client = await heldClient(app, address);
    await terminate(app, "SIGINT");
    app.write("answer");
    expect(await client.receives(/done$/)).toMatch(/^Connection: close\r$/im);
    expect(await app.ended).toBe(0);
  });
});

describe.concurrent("not activated, and without a service manager", () => {
  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "%s ends the app as before, and nothing is printed",
    async (signal) => {
      const address = await freeAddress("tcp4");
      const port = Number(address.split(":").at(-1));
      await using app = await startApp([], { hooks: [], options: { host: "127.0.0.1", port } });
      expect((await httpRequest(address)).status).toBe(200);
      app.kill(signal);
      expect(await app.ended).toBe(signal);
      expect(app.stderr).toBe("");
    },
  );
});

describe.concurrent("SIGHUP", () => {
  test("reloads: onReload is called between two events, and connections stay", async () => {
    const { app, address } = await appOnSocket({
      hooks: ["onEvent", "onReload"],
      properties: { keepAliveTimeout: 60_000 },
    });
    await using running = app;
    await using idle = await idleClient(running, address);
    for (const _ of [1, 2]) {
      running.kill("SIGHUP");
      await running.event("reloaded");
    }
    expect(running.stdout.match(/"(reloading|onReload|reloaded)"/g)).toEqual([
      '"reloading"',
      '"onReload"',
      '"reloaded"',
      '"reloading"',
      '"onReload"',
      '"reloaded"',
    ]);
    idle.get("/");
    expect(await idle.receives(/hello$/)).toMatch(/^Connection: keep-alive\r$/im);
  });

  test("an onReload that fails is an error event, and `reloaded` says so", async () => {
    const { app, address } = await appOnSocket({ hooks: ["onEvent", "onReload that fails"] });
    await using running = app;
    running.kill("SIGHUP");
    expect(await running.event("error")).toMatchObject({ error: "Error: from onReload" });
    expect(await running.event("reloaded")).toEqual({
      event: "reloaded",
      failed: true,
      failures: ["onReload"],
    });
    expect((await httpRequest(address)).status).toBe(200);
  });

  test("ends an activated app without onReload, as in Node, if no service manager waits for messages", async () => {
    const { app } = await appOnSocket();
    await using running = app;
    running.kill("SIGHUP");
    expect(await running.ended).toBe("SIGHUP");
  });

  test("ends an app with handover if it was not started by systemd", async () => {
    await using app = await startApp([], {
      options: { handover: true, signals: true, port: 0, host: "127.0.0.1" },
    });
    await app.event("listens");
    app.kill("SIGHUP");
    expect(await app.ended).toBe("SIGHUP");
  });

  test("can be one of the signals that stop the app", async () => {
    const { app } = await appOnSocket({ options: { signals: ["SIGHUP"] }, hooks: ["onEvent", "onReload"] });
    await using running = app;
    await terminate(running, "SIGHUP");
    expect(await running.ended).toBe(0);
    expect(running.stdout).not.toContain("reloading");
  });
});

describe.concurrent("onEvent", () => {
  test("is called with each event", async () => {
    const [fd, address] = await systemdSocket();
    await using app = await startApp([fd], {}, { names: ["web"] });
    await using _client = await heldClient(app, address);
    await terminate(app);
    app.write("answer");
    expect(await app.ended).toBe(0);
    const ours = ["listening", "ready", "draining", "drained"];
    const told = app.stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { event: string })
      .filter(({ event }) => ours.includes(event));
    expect(told).toEqual([
      { event: "listening", sockets: [{ fd: 3, name: "web", kind: "listener", family: "ipv4", address }] },
      { event: "ready", notified: false },
      { event: "draining", signal: "SIGTERM", connections: 1 },
      { event: "drained", cut: 0 },
    ]);
  });

  test.each(["onEvent that throws", "onEvent that rejects"])("does not break the drain: %s", async (hook) => {
    const { app, address } = await appOnSocket({ hooks: [hook] });
    await using running = app;
    await using client = await heldClient(running, address);
    await terminate(running);
    running.write("answer");
    expect(await client.receives(/done$/)).toMatch(/^Connection: close\r$/im);
    expect(await running.ended).toBe(0);
    expect(running.stdout).toMatch(/"listening"[^]*"draining"[^]*"drained"/);
    expect(running.stderr).toMatch(/^\(node:\d+\) Error: from onEvent$/m);
  });

  test.each<[env: Record<string, string>, hooks: string[]]>([
    // systemd sets it for RestartMode=debug.
    [{ DEBUG_INVOCATION: "1" }, ["onEvent"]],
    [{ DEBUG_INVOCATION: "1" }, []],
    [{ NODE_DEBUG: "other,SOCK*" }, []],
  ])(
    "%j writes each event, and the variables and sockets that were read, taken and bound: with %j",
    async (env, hooks) => {
      const { app, address } = await appOnSocket({ hooks }, { env, names: ["web"] });
      await using running = app;
      running.kill("SIGTERM");
      expect(await running.ended).toBe(0);
      const socket = `web (fd 3, listener, ${address})`;
      const lines = running.stderr.split("\n").filter(Boolean);
      const pid = running.pid;
      const event = (text: string): string => `sockact: ${hooks.includes("onEvent") ? "debug: " : ""}${text}`;
      expect(lines).toEqual([
        `sockact: debug: read LISTEN_PID=${pid} LISTEN_FDS=1 LISTEN_FDNAMES=web as process ${pid}: ${socket}`,
        `sockact: debug: claimed ${socket}`,
        "sockact: debug: bound fd 3",
        event(`listening on ${address}`),
        event("ready"),
        event("SIGTERM: draining, 0 open connections"),
        "sockact: debug: accepting no more: 0 open connections",
        event("drained"),
      ]);
    },
  );

  test("by default, each event is a line on standard error", async () => {
    const { app, address } = await appOnSocket({ hooks: [], options: { drainTimeout: "100ms" } });
    await using running = app;
    await using _client = await heldClient(running, address);
    running.kill("SIGTERM");
    expect(await running.ended).toBe(1);
    expect(running.stderr.split("\n")).toEqual([
      `sockact: listening on ${address}`,
      "sockact: ready",
      "sockact: SIGTERM: draining, 1 open connection",
      "sockact: drainTimeout is over: 1 connection cut. End event streams and long polls in onDrain, or raise drainTimeout (SOCKACT_DRAIN_TIMEOUT overrides it)",
      "",
    ]);
  });
});

test("the lines of a start, a reload and a stop are those in the docs", async () => {
  const { app, address } = await appOnSocket({ hooks: ["onReload"] });
  await using running = app;
  await running.line(/ready/);
  running.kill("SIGHUP");
  await running.line(/reloaded/);
  running.kill("SIGTERM");
  expect(await running.ended).toBe(0);
  await expect(running.stderr.replace(address, "[::]:80")).toMatchFileSnapshot(
    "../../../docs/outputs/events.txt",
  );
});
