import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { OPEN_FILE, outcomes, SANDBOXED, tellService } from "./service.ts";

describeWith({ privateSystemd: true, systemd: 253 }, "messages to a service manager", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

  describe.concurrent("the descriptor that OpenFile= passes", () => {
    test("a service with Type=notify has started when ready() was called, and not before", async () => {
      await systemd.installUnits({
        "waits.service": tellService(systemd, {
          calls: [[["status", "Warming up"]]],
          onUsr1: [[["ready"]]],
          lines: [OPEN_FILE],
        }),
      });
      await systemd.systemctl("start", "--no-block", "waits.service");
      await systemd.waitForUnit("waits.service", "StatusText", "Warming up");
      expect(await systemd.show("waits.service", "ActiveState")).toBe("activating");
      await systemd.systemctl("kill", "--kill-whom=main", "--signal=USR1", "waits.service");
      await systemd.waitForUnit("waits.service", "ActiveState", "active");
      expect(await outcomes(systemd, "waits.service")).toEqual([
        ["status", true],
        ["ready", true],
      ]);
    });

    test("works in the tightest sandbox as the only passed descriptor, which child processes do not get", async () => {
      await systemd.installUnits({
        "sandbox.service": tellService(systemd, {
          calls: [[["backend"]], [["status", "Serving"], ["ready"]], [["child"]]],
          lines: [OPEN_FILE, ...SANDBOXED, "WatchdogSec=60"],
        }),
      });
      await systemd.start("sandbox.service");
      await systemd.waitForJournal("sandbox.service", /"event":"done"/);
      expect(await outcomes(systemd, "sandbox.service")).toEqual([
        ["backend", "descriptor"],
        ["status", true],
        ["ready", true],
        ["child", []],
      ]);
      expect(await systemd.show("sandbox.service", "StatusText")).toBe("Serving");
      expect(await systemd.journal("sandbox.service")).not.toContainEqual(expect.stringContaining("Warning"));
    });

    test("carries an extension of the start, a message of the greatest length, and the end", async () => {
      const text = "x".repeat(4096 - "STATUS=".length);
      await systemd.installUnits({
        "says.service": tellService(systemd, {
          calls: [
            [["extendTimeout", "1min"]],
            [["status", text]],
            [["notify", { READY: 1, ERRNO: 2, BUSERROR: undefined }]],
          ],
          onUsr1: [[["stopping"], ["status", "Last words"]]],
          lines: [OPEN_FILE],
        }),
      });
      await systemd.start("says.service");
      expect(await systemd.show("says.service", "StatusText")).toBe(text);
      expect(await systemd.show("says.service", "StatusErrno")).toBe("2");
      await systemd.systemctl("kill", "--kill-whom=main", "--signal=USR1", "says.service");
      await systemd.waitForUnit("says.service", "StatusText", "Last words");
      expect(await systemd.show("says.service", "ActiveState")).toBe("deactivating");
    });

    test("a service with Type=notify-reload has reloaded when it reports so", async () => {
      await systemd.installUnits({
        "reloads.service": tellService(systemd, {
          calls: [[["ready"]]],
          lines: [OPEN_FILE, "Type=notify-reload"],
        }),
      });
      await systemd.start("reloads.service");
      await systemd.systemctl("reload", "reloads.service");
      expect(await systemd.show("reloads.service", "ActiveState")).toBe("active");
      expect((await systemd.journal("reloads.service", "manager")).join("\n")).toContain(
        "Reloaded reloads.service",
      );
    });
  });

  describe.concurrent("WatchdogSec=", () => {
    const watched = (
      watchdog: string,
      onUsr1: [string][][] = [],
      lines = [OPEN_FILE, ...SANDBOXED],
    ): string =>
      tellService(systemd, {
        calls: [[["ready"]]],
        onUsr1,
        lines: [...lines, "WatchdogSec=3s", `Environment=WATCHDOG=${watchdog}`],
      });

    test.each([
      ["descriptor", [OPEN_FILE, ...SANDBOXED]],
      ["systemd-notify", ["NotifyAccess=all", "DynamicUser=yes"]],
    ])("a service whose event loop turns lives on, and dies once it is blocked: %s", async (name, lines) => {
      const unit = `blocks-${name}.service`;
      await systemd.installUnits({ [unit]: watched("on", [[["block"]]], lines) });
      await systemd.start(unit);
      expect(await systemd.waitForJournal(unit, /"event":"watchdog"/)).toContain('"interval":1500');
      // Each value is the time of the last ping. There are two pings in each WatchdogSec=.
      const pings = new Set<string>();
      await systemd.waitUntil(
        async () => pings.add(await systemd.show(unit, "WatchdogTimestampMonotonic")).size > 3,
        "four pings have arrived",
      );
      expect(await systemd.show(unit, "ActiveState")).toBe("active");
      await systemd.systemctl("kill", "--kill-whom=main", "--signal=USR1", unit);
      await systemd.waitForUnit(unit, "Result", "watchdog");
    });

    test("systemd ends a service whose health check fails, and the log has the reason", async () => {
      await systemd.installUnits({ "ill.service": watched("check") });
      await systemd.start("ill.service");
      const last = (): Promise<string> => systemd.show("ill.service", "WatchdogTimestampMonotonic");
      const first = await last();
      await systemd.waitUntil(async () => (await last()) !== first, "another ping has arrived");
      await systemd.systemctl("kill", "--kill-whom=main", "--signal=USR2", "ill.service");
      await systemd.waitForUnit("ill.service", "Result", "watchdog");
      const said = (await systemd.journal("ill.service", "service")).filter((line) =>
        line.includes("[SOCKACT_WARN_WATCHDOG]"),
      );
      expect(said).toEqual([
        expect.stringContaining("SOCKACT_ERR_WATCHDOG_HEALTH: healthCheck() returned false"),
      ]);
    });

    test("a service without a watchdog sends no pings", async () => {
      await systemd.installUnits({
        "free.service": watched("on").replace("WatchdogSec=3s", ""),
      });
      await systemd.start("free.service");
      expect(await systemd.waitForJournal("free.service", /"event":"watchdog"/)).toContain('"interval":null');
    });
  });

  test("still works after systemctl daemon-reexec", async () => {
    await systemd.installUnits({
      "stays.service": tellService(systemd, {
        calls: [[["ready"]]],
        onUsr1: [[["status", "Still heard"]]],
        lines: [OPEN_FILE],
      }),
    });
    await systemd.start("stays.service");
    await systemd.systemctl("daemon-reexec");
    await systemd.systemctl("kill", "--kill-whom=main", "--signal=USR1", "stays.service");
    await systemd.waitForUnit("stays.service", "StatusText", "Still heard");
    expect(await systemd.show("stays.service", "ActiveState")).toBe("active");
  });

  test("messages wait in order while the queue of systemd is full", async () => {
    const count = 100;
    await systemd.installUnits({
      "floods.service": tellService(systemd, {
        calls: [[["ready"]]],
        onUsr1: [Array.from({ length: count }, (_, index) => ["status", `number ${index + 1}`])],
        lines: [OPEN_FILE],
      }),
    });
    await systemd.start("floods.service");
    const pid = await systemd.show("floods.service", "MainPID");
    process.kill(systemd.pid, "SIGSTOP");
    try {
      await systemd.mustRun(["kill", "-USR1", pid]);
      // The queue of the kernel has room for 11 messages.
      await systemd.waitForJournal("floods.service", /"name":"status"/);
    } finally {
      process.kill(systemd.pid, "SIGCONT");
    }
    await systemd.waitForJournal("floods.service", /"event":"done"/);
    await systemd.waitForUnit("floods.service", "StatusText", `number ${count}`);
    expect(new Set((await outcomes(systemd, "floods.service")).map(([, outcome]) => outcome))).toEqual(
      new Set([true]),
    );
  });
});
