import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeWith, freeAddress, httpRequest, socketActivate } from "@sockact/testkit";
// By its path, because @sockact/units has the testkit as a dependency.
import { emitUnits } from "../../units/src/index.ts";
import type { RawClient } from "./lifecycle-app.ts";
import { insidePath } from "./reloaded-service.ts";
import { type Clients, good, VersionedService } from "./versioned-service.ts";

/** What is wrong in the new version, its source, and what the journal says. */
type Fault = readonly [what: string, source: string, reason: RegExp];

const SPAWN = `import { spawn } from "node:child_process";\nspawn("sleep", ["60"]);`;

const ends: Fault[] = [
  ["throws at its start", `throw new Error("broken");`, /EXITED.* exit status 1 before/],
  ["ends with 0", "", /EXITED.* exit status 0 before/],
  ["is killed by SIGSEGV", `process.kill(process.pid, "SIGSEGV");`, /EXITED.* ended before/],
  [
    "listens on a port of its own, which the old one has",
    `import { once } from "node:events";
import { createServer } from "node:net";
await once(createServer().listen(3000), "listening");
${good("2")}`,
    /EXITED.* exit status 1 before/,
  ],
  [
    "fails when it listens",
    good("2", `onListen: () => Promise.reject(new Error("no database"))`),
    /EXITED.* exit status 1 before/,
  ],
  [
    "has started a process, and ends",
    `${SPAWN}\nsetImmediate(() => process.exit(1));`,
    /EXITED.* exit status 1/,
  ],
  [
    "does not serve one of the sockets",
    good("2", `names: ["http"]`),
    /SOCKETS: The new process does not serve admin \(fd \d, 127\.0\.0\.1:81\), which/,
  ],
  [
    "has closed its servers before it is ready",
    `import { once } from "node:events";
const pending = [];
const servers = await serve("2", { onListen: () => new Promise((resolve) => pending.push(resolve)) });
await Promise.all(servers.map((server) => once(server.close(), "close")));
for (const resolve of pending) resolve();
setInterval(() => {}, 1000);`,
    /SOCKETS: The new process does not serve .*http/,
  ],
];

const hangs: Fault[] = [
  ["is never ready", good("2", "onListen: () => new Promise(() => {})"), /TIMEOUT.* within 1 s/],
  [
    "blocks its event loop before it is ready",
    good("2", "onListen: () => { for (;;); }"),
    /TIMEOUT.* within 1 s/,
  ],
  [
    "ignores SIGTERM, and is never ready",
    `process.on("SIGTERM", () => {});\n${good("2", "signals: false, onListen: () => new Promise(() => {})")}`,
    /TIMEOUT.* within 1 s/,
  ],
  ["has started a process, and is never ready", SPAWN, /TIMEOUT.* within 1 s/],
];

const listening = "programs/listen.mjs";

/** The old version also listens on port 3000, without systemd. */
const OLD = `import { createServer } from "node:net";\ncreateServer().listen(3000);\n${good("1")}`;

describeWith({ privateSystemd: true, systemd: 253 }, "after a reload with a new version that fails", () => {
  let service: VersionedService;
  beforeAll(async () => {
    service = await VersionedService.boot();
  });
  afterAll(() => service?.systemd.close());

  const start = async (more: string, version: string): Promise<void> => {
    await service.install(more);
    await service.deploy(version);
    await service.start();
  };

  /** Reloads, which must fail. Resolves with what the administrator sees. */
  const reload = async (): Promise<Record<string, unknown>> => {
    const before = await service.pid();
    await service.newLines();
    const { code } = await service.reload();
    return {
      code,
      lines: await service.newLines(),
      status: await service.status(),
      state: await service.systemd.show("app.service", "ActiveState"),
      // What is left of the new version has been killed, which takes a moment.
      isSameProcess: (await service.untilOneProcess()) === before,
    };
  };
  const failure = (reason: RegExp): Record<string, unknown> => ({
    code: 1,
    lines: expect.arrayContaining([
      expect.stringMatching(new RegExp(`^sockact: SOCKACT_ERR_HANDOVER_${reason.source}`)),
      "sockact: the handover failed, and the old version keeps serving",
    ]),
    status: expect.stringMatching(/^Serving .*; the handover failed, and the old version keeps serving$/),
    state: "active",
    isSameProcess: true,
  });
  const unnoticed = { failed: {}, connections: 8 };

  describe.each([
    ["or ends", "", ends],
    ["or hangs", "Environment=SOCKACT_HANDOVER_TIMEOUT=1s", hangs],
  ])("%s", (_name, lines, faults) => {
    let clients: Clients;
    beforeAll(async () => {
      await start(`RestrictAddressFamilies=\nRestrictAddressFamilies=AF_INET AF_INET6\n${lines}`, OLD);
      clients = await service.clients();
    });
    afterAll(() => clients?.[Symbol.asyncDispose]());

    test.each(faults)("that %s, the old version keeps serving", async (_, source, reason) => {
      await service.deploy(source);
      expect(await reload()).toEqual(failure(reason));
      await clients.round();
    });

    test("whose file is missing, the old version keeps serving", async () => {
      await service.remove();
      expect(await reload()).toEqual(failure(/EXITED.* ended before/));
    });

    test("no client notices it", async () => {
      await clients.round();
      expect(await clients.failures()).toEqual(unnoticed);
    });
  });

  test("because it serves another socket instead, the old version keeps serving", async () => {
    await start("", good("1", `names: ["http"]`));
    await service.deploy(good("2", `names: ["admin"]`));
    expect(await reload()).toEqual(failure(/SOCKETS: The new process does not serve http/));
    expect(await service.version()).toBe("1");
  });

  test("an old version whose onStop never ends is gone, and the journal says why", async () => {
    await start("Environment=SOCKACT_DRAIN_TIMEOUT=1s", good("1", `onStop: () => new Promise(() => {})`));
    await service.deploy(good("2"));
    await service.newLines();
    expect(await service.reload()).toMatchObject({ code: 0 });
    await service.untilOneProcess();
    expect(await service.newLines()).toContainEqual(
      expect.stringContaining(
        "SOCKACT_ERR_STOP_TIMEOUT: The app has handed over, but its onStop has not ended",
      ),
    );
  });

  test("connections that wait for a new version that is busy are answered by the old one", async () => {
    await start("", good("1"));
    const clients = await Promise.all(Array.from({ length: 8 }, () => service.connect()));
    const ask = async (client: RawClient): Promise<string> =>
      (await client.get("/").receives(/\r\n\r\n.*\d$/)).at(-1) as string;
    for (const client of clients) expect(await ask(client)).toBe("1");
    const sleep = "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4000)";
    await service.deploy(good("2", `onEvent: ({ type }) => { if (type === "ready") ${sleep}; }`));
    expect(await service.reload()).toMatchObject({ code: 0 });
    const versions = await Promise.all(clients.map(ask));
    expect(versions.sort()).toContain("1");
    for (const client of clients) await client[Symbol.asyncDispose]();
    await service.untilOneProcess();
  });

  test("a reload with a correct version hands over to it", async () => {
    await start("", good("1"));
    await service.deploy("process.exit(3);");
    expect(await reload()).toEqual(failure(/EXITED.* exit status 3 before/));
    const before = await service.pid();
    await service.deploy(good("2"));
    await using clients = await service.clients();
    expect(await service.reload()).toMatchObject({ code: 0 });
    expect(await service.untilOneProcess()).not.toBe(before);
    await clients.round();
    expect(await clients.failures()).toEqual(unnoticed);
    expect([await service.version(), await service.version(81)]).toEqual(["2", "2"]);
    expect(await service.servedTwice()).toEqual([]);
  });

  test("that runs in a process with the permission model, the journal names the missing flag", async () => {
    const model =
      Number(process.versions.node.split(".")[0]) < 24 ? "--experimental-permission" : "--permission";
    const net = process.allowedNodeEnvironmentFlags.has("--allow-net") ? " --allow-net" : "";
    const flags = `${model} --allow-fs-read=* --allow-fs-write=*${net}`;
    await start(`ExecStart=\nExecStart=${service.systemd.node} ${flags} /run/app/app.mjs`, good("1"));
    expect(await reload()).toEqual(failure(/UNSUPPORTED: .*--allow-child-process/));
    expect(await service.version()).toBe("1");
  });

  test.each([
    ["Accept=yes", "accept", "accept@", "Accept=yes", ""],
    ["StandardInput=socket", "input", "input", "", "StandardInput=socket\nStandardOutput=journal"],
  ])("listen() refuses handover with %s", async (_, name, unit, socket, lines) => {
    const { systemd } = service;
    await systemd.installUnits({
      [`${name}.socket`]: `[Socket]\nListenStream=127.0.0.1:90\n${socket}\n`,
      [`${unit}.service`]: `[Service]\nExecStart=${systemd.node} ${insidePath(systemd, listening)}\nEnvironment=SOCKACT_HANDOVER=yes\n${lines}\n`,
    });
    await systemd.start(`${name}.socket`);
    await systemd.request({ url: "http://127.0.0.1:90/", timeout: 2000 }).catch(() => {});
    const line = await systemd.waitForJournal(
      `${name}${unit === name ? "" : "@*"}.service`,
      /"event":"refused"/,
    );
    expect(line).toContain("SOCKACT_ERR_HANDOVER_UNSUPPORTED");
    await systemd.stop(`${name}.socket`);
  });

  describeWith({ systemd: 257 }, "because of PrivatePIDs=", () => {
    test("the journal says so, and the app keeps serving", async () => {
      const { systemd } = service;
      // A command in ExecReload= would have a namespace of its own, and could not send the signal.
      await systemd.write(
        "/run/systemd/system/pids.service.d/test.conf",
        "[Service]\nPrivatePIDs=yes\nType=notify-reload\nExecReload=\nUnsetEnvironment=SOCKACT_RELOAD_RESULT\n",
      );
      await systemd.installUnits(
        emitUnits({
          name: "pids",
          exec: [systemd.node, insidePath(systemd, listening)],
          sockets: [{ listen: "127.0.0.1:91" }],
          hardening: "none",
          user: "daemon",
          handover: true,
          environment: { SOCKACT_IGNORE_LISTEN_PID: "yes" },
        }),
      );
      await systemd.start("pids.socket", "pids.service");
      await systemd.systemctl("reload", "pids.service");
      await systemd.waitForJournal(
        "pids.service",
        /SOCKACT_ERR_HANDOVER_UNSUPPORTED: This process is the first one/,
      );
      expect(await systemd.request("http://127.0.0.1:91/")).toMatchObject({ status: 200 });
    });
  });
});

describeWith({ commands: ["systemd-socket-activate"] }, "by hand, without systemd", () => {
  test("SIGHUP says why the app can't hand over, and the app keeps serving", async () => {
    const address = await freeAddress("tcp4");
    const program = fileURLToPath(new URL(listening, import.meta.url));
    await using app = await socketActivate([address], [process.execPath, program], {
      env: { SOCKACT_HANDOVER: "yes" },
    });
    const before = httpRequest(address);
    await app.event("listens");
    await before;
    app.kill("SIGHUP");
    await app.line(/^sockact: SOCKACT_ERR_HANDOVER_UNSUPPORTED: No service manager waits/);
    await app.line(/^sockact: the handover failed, and the old version keeps serving$/);
    expect((await httpRequest(address)).status).toBe(200);
  });
});
