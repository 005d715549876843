import { afterAll, beforeAll, expect, test } from "vitest";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { OPEN_FILE, outcomes, SANDBOXED, tellService } from "./service.ts";

describeWith({ privateSystemd: true, systemd: 253 }, "the descriptor that OpenFile= passes", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

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
