import { afterAll, beforeAll, expect, test } from "vitest";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { OPEN_FILE, SANDBOXED, tellService } from "./service.ts";

describeWith({ privateSystemd: true, systemd: 253 }, "WatchdogSec=", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

  const watched = (watchdog: string, onUsr1: [string][][] = [], lines = [OPEN_FILE, ...SANDBOXED]): string =>
    tellService(systemd, {
      calls: [[["ready"]]],
      onUsr1,
      lines: [...lines, "WatchdogSec=500ms", `Environment=WATCHDOG=${watchdog}`],
    });

  test.each([
    ["descriptor", [OPEN_FILE, ...SANDBOXED]],
    ["systemd-notify", ["NotifyAccess=all", "DynamicUser=yes"]],
  ])("a service whose event loop turns lives on, and dies once it is blocked: %s", async (name, lines) => {
    const unit = `blocks-${name}.service`;
    await systemd.installUnits({ [unit]: watched("on", [[["block"]]], lines) });
    await systemd.start(unit);
    expect(await systemd.waitForJournal(unit, /"event":"watchdog"/)).toContain('"interval":250');
    const pings = new Set<string>();
    // Each value is the time of the last ping. There are two pings in each WatchdogSec=.
    await expect
      .poll(async () => pings.add(await systemd.show(unit, "WatchdogTimestampMonotonic")).size, {
        timeout: 10_000,
      })
      .toBeGreaterThan(8);
    expect(await systemd.show(unit, "ActiveState")).toBe("active");
    await systemd.systemctl("kill", "--kill-whom=main", "--signal=USR1", unit);
    await systemd.waitForUnit(unit, "Result", "watchdog");
  });

  test("systemd ends a service whose health check fails, and the log has the reason", async () => {
    await systemd.installUnits({ "ill.service": watched("check") });
    await systemd.start("ill.service");
    const first = await systemd.show("ill.service", "WatchdogTimestampMonotonic");
    await expect.poll(() => systemd.show("ill.service", "WatchdogTimestampMonotonic")).not.toBe(first);
    await systemd.systemctl("kill", "--kill-whom=main", "--signal=USR2", "ill.service");
    await systemd.waitForUnit("ill.service", "Result", "watchdog");
    const said = (await systemd.journal("ill.service", "service")).filter((line) =>
      line.includes("[SOCKACT_WATCHDOG]"),
    );
    expect(said).toEqual([expect.stringContaining("ERR_WATCHDOG_HEALTH: healthCheck() returned false")]);
  });

  test("a service without a watchdog sends no pings", async () => {
    await systemd.installUnits({
      "free.service": watched("on").replace("WatchdogSec=500ms", ""),
    });
    await systemd.start("free.service");
    expect(await systemd.waitForJournal("free.service", /"event":"watchdog"/)).toContain('"interval":null');
  });
});
