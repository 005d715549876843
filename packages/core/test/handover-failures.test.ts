import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWith } from "@sockact/testkit";
import { good, VersionedService } from "./versioned-service.ts";

/** What is wrong in the new version, its source, and what the journal says. */
const versions: [what: string, source: string, reason: RegExp][] = [
  ["throws at its start", `throw new Error("broken");`, /EXITED.* exit status 1 before/],
  ["has a syntax error", "const = 1;", /EXITED.* ended before/],
  ["ends with 3", "process.exit(3);", /EXITED.* exit status 3 before/],
  ["ends with 0", "", /EXITED.* exit status 0 before/],
  ["aborts", "process.abort();", /EXITED.* ended before/],
  ["is killed by SIGSEGV", `process.kill(process.pid, "SIGSEGV");`, /EXITED.* ended before/],
  [
    "fails when it listens",
    good("2", `ready: () => Promise.reject(new Error("no database"))`),
    /EXITED.* exit status 1 before/,
  ],
  ["is never ready", good("2", "ready: () => new Promise(() => {})"), /TIMEOUT.* within 1 s/],
  ["is another program, which does not end", "setInterval(() => {}, 1000);", /TIMEOUT.* within 1 s/],
  ["blocks its event loop at its start", "for (;;);", /TIMEOUT.* within 1 s/],
  [
    "blocks its event loop before it is ready",
    good("2", "ready: () => { for (;;); }"),
    /TIMEOUT.* within 1 s/,
  ],
  [
    "ignores SIGTERM, and is never ready",
    `process.on("SIGTERM", () => {});\n${good("2", "signals: false, ready: () => new Promise(() => {})")}`,
    /TIMEOUT.* within 1 s/,
  ],
  [
    "has started a process, and ends",
    `import { spawn } from "node:child_process";\nspawn("sleep", ["60"]); await new Promise(setImmediate); process.exit(1);`,
    /EXITED.* exit status 1 before/,
  ],
  [
    "has started a process, and is never ready",
    `import { spawn } from "node:child_process";\nspawn("sleep", ["60"]);`,
    /TIMEOUT.* within 1 s/,
  ],
];

describeWith({ privateSystemd: true, systemd: 253 }, "after a reload with a new version that fails", () => {
  let service: VersionedService;
  beforeAll(async () => {
    service = await VersionedService.boot();
    await service.install("Environment=SOCKACT_HANDOVER_TIMEOUT=1s");
    await service.deploy(good("1"));
    await service.start();
  });
  afterAll(() => service?.systemd.close());

  /** Reloads under load, which must fail for this reason, and expects that nobody has noticed. */
  const expectFailure = async (reason: RegExp): Promise<void> => {
    const before = await service.pid();
    await service.newLines();
    await using clients = await service.clients();
    const { code } = await service.reload();
    await clients.round();
    await clients.expectNoFailure(8);
    expect(code).toBe(1);
    const lines = await service.newLines();
    expect(lines).toContainEqual(
      expect.stringMatching(new RegExp(`^sockact: ERR_HANDOVER_${reason.source}`)),
    );
    expect(lines).toContain("sockact: the handover failed, and the old version serves on");
    expect(await service.status()).toMatch(
      /^Serving .*; the handover failed, and the old version serves on$/,
    );
    expect(await service.processes()).toEqual([before]);
    expect(await service.systemd.show("app.service", "ActiveState")).toBe("active");
  };

  test.each(versions)("that %s, the old version serves on", async (_, source, reason) => {
    await service.deploy(source);
    await expectFailure(reason);
  });

  test("whose file is missing, the old version serves on", async () => {
    await service.remove();
    await expectFailure(/EXITED.* ended before/);
  });

  test("a reload with a correct version hands over to it", async () => {
    const before = await service.pid();
    await service.deploy(good("2"));
    await using clients = await service.clients();
    expect(await service.reload()).toMatchObject({ code: 0 });
    expect(await service.untilOneProcess()).not.toBe(before);
    await clients.round();
    await clients.expectNoFailure(8);
    expect([await service.version(), await service.version(81)]).toEqual(["2", "2"]);
    expect(await service.servedTwice()).toEqual([]);
  });
});
