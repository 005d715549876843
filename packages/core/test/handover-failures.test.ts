import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeWith, isLongRun } from "@sockact/testkit";
import { good, VersionedService } from "./versioned-service.ts";

/** What is wrong in the new version, its source, and what the journal says. */
type Fault = readonly [what: string, source: string, reason: RegExp];

const SPAWN = `import { spawn } from "node:child_process";\nspawn("sleep", ["60"]);`;

const endsOfEachRun: Fault[] = [
  ["throws at its start", `throw new Error("broken");`, /EXITED.* exit status 1 before/],
  ["ends with 0", "", /EXITED.* exit status 0 before/],
  [
    "listens on a port of its own, which the old one has",
    `import { once } from "node:events";
import { createServer } from "node:net";
await once(createServer().listen(3000), "listening");
${good("2")}`,
    /EXITED.* exit status 1 before/,
  ],
  [
    "does not serve one of the sockets",
    good("2", `names: ["http"]`),
    /SOCKETS: The new process does not serve admin \(fd \d, 127\.0\.0\.1:81\), which/,
  ],
];

/** More of the same, which a usual run leaves out. */
const endsOfLongRun: Fault[] = [
  ["has a syntax error", "const = 1;", /EXITED.* ended before/],
  ["ends with 3", "process.exit(3);", /EXITED.* exit status 3 before/],
  ["aborts", "process.abort();", /EXITED.* ended before/],
  ["is killed by SIGSEGV", `process.kill(process.pid, "SIGSEGV");`, /EXITED.* ended before/],
  [
    "fails when it listens",
    good("2", `ready: () => Promise.reject(new Error("no database"))`),
    /EXITED.* exit status 1 before/,
  ],
  [
    "has started a process, and ends",
    `${SPAWN}\nsetImmediate(() => process.exit(1));`,
    /EXITED.* exit status 1/,
  ],
];

const hangsOfEachRun: Fault[] = [
  ["is never ready", good("2", "ready: () => new Promise(() => {})"), /TIMEOUT.* within 1 s/],
  [
    "blocks its event loop before it is ready",
    good("2", "ready: () => { for (;;); }"),
    /TIMEOUT.* within 1 s/,
  ],
];

/** More of the same, which a usual run leaves out. */
const hangsOfLongRun: Fault[] = [
  ["is another program, which does not end", "setInterval(() => {}, 1000);", /TIMEOUT.* within 1 s/],
  ["blocks its event loop at its start", "for (;;);", /TIMEOUT.* within 1 s/],
  [
    "ignores SIGTERM, and is never ready",
    `process.on("SIGTERM", () => {});\n${good("2", "signals: false, ready: () => new Promise(() => {})")}`,
    /TIMEOUT.* within 1 s/,
  ],
  ["has started a process, and is never ready", SPAWN, /TIMEOUT.* within 1 s/],
];

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

  /** Reloads under load, which must fail. Fulfils with what clients and the administrator see. */
  const reload = async (): Promise<Record<string, unknown>> => {
    const before = await service.pid();
    await service.newLines();
    await using clients = await service.clients();
    const { code } = await service.reload();
    await clients.round();
    return {
      code,
      clients: await clients.failures(),
      lines: await service.newLines(),
      status: await service.status(),
      state: await service.systemd.show("app.service", "ActiveState"),
      // What is left of the new version has been killed, which takes a moment.
      isSameProcess: (await service.untilOneProcess(2000)) === before,
    };
  };
  const failure = (reason: RegExp): Record<string, unknown> => ({
    code: 1,
    clients: { failed: {}, connections: 8 },
    lines: expect.arrayContaining([
      expect.stringMatching(new RegExp(`^sockact: ERR_HANDOVER_${reason.source}`)),
      "sockact: the handover failed, and the old version keeps serving",
    ]),
    status: expect.stringMatching(/^Serving .*; the handover failed, and the old version keeps serving$/),
    state: "active",
    isSameProcess: true,
  });

  describe("or ends", () => {
    beforeAll(() => start("RestrictAddressFamilies=\nRestrictAddressFamilies=AF_INET AF_INET6", OLD));

    test.each(isLongRun ? [...endsOfEachRun, ...endsOfLongRun] : endsOfEachRun)(
      "that %s, the old version keeps serving",
      async (_, source, reason) => {
        await service.deploy(source);
        expect(await reload()).toEqual(failure(reason));
      },
    );

    test("whose file is missing, the old version keeps serving", async () => {
      await service.remove();
      expect(await reload()).toEqual(failure(/EXITED.* ended before/));
    });
  });

  describe("or hangs", () => {
    beforeAll(() => start("Environment=SOCKACT_HANDOVER_TIMEOUT=1s", good("1")));

    test.each(isLongRun ? [...hangsOfEachRun, ...hangsOfLongRun] : hangsOfEachRun)(
      "that %s, the old version keeps serving",
      async (_, source, reason) => {
        await service.deploy(source);
        expect(await reload()).toEqual(failure(reason));
      },
    );
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
    expect(await clients.failures()).toEqual({ failed: {}, connections: 8 });
    expect([await service.version(), await service.version(81)]).toEqual(["2", "2"]);
    expect(await service.servedTwice()).toEqual([]);
  });
});
