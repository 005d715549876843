import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";

const programs = fileURLToPath(new URL("programs/", import.meta.url));

describeWith({ privateSystemd: true, systemd: 253 }, "WatchdogSec=", () => {
  let systemd: PrivateSystemd;
  let port = 80;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

  /** Starts a service with a socket. Returns its name. */
  const start = async (
    name: string,
    [program, variables]: [program: string, variables: string],
    lines: string[],
  ): Promise<string> => {
    const path = systemd.project + programs.slice(programs.indexOf("/packages/")) + program;
    await systemd.installUnits({
      [`${name}.socket`]: `[Socket]\nListenStream=${port++}\n`,
      [`${name}.service`]: `[Service]
ExecStart=${systemd.node} ${path}
OpenFile=/run/systemd/notify:notify
NonBlocking=true
Environment='${variables}'
${lines.join("\n")}
`,
    });
    await systemd.start(`${name}.socket`, `${name}.service`);
    return `${name}.service`;
  };

  /** Waits until systemd has received this many reports. */
  const untilReports = async (unit: string, count: number): Promise<void> => {
    const reports = new Set<string>();
    await systemd.waitUntil(async () => {
      expect(await systemd.show(unit, "ActiveState")).toBe("active");
      // Each value is the time of the last report.
      return reports.add(await systemd.show(unit, "WatchdogTimestampMonotonic")).size >= count;
    }, `${count} reports have arrived`);
  };

  // There are two reports in each WatchdogSec=. If there were none, systemd would end the service after the first value.
  const LONGER_THAN_WATCHDOG = 4;

  describe.concurrent("of a service that systemd does not wait for", () => {
    test.each(["exec", "simple"])("Type=%s: the app lives on while its `ready` is pending", async (type) => {
      // Nobody answers whether it is ready, and it is not healthy so far.
      const app: [string, string] = [
        "lifecycle.mjs",
        'APP={"hooks":["onEvent","ready","healthCheck that fails"]}',
      ];
      const unit = await start(`starts-${type}`, app, [`Type=${type}`, "WatchdogSec=3s"]);
      await untilReports(unit, LONGER_THAN_WATCHDOG);
      const journal = (await systemd.journal(unit, "service")).join("\n");
      expect(journal).toContain("asked whether ready");
      expect(journal).not.toMatch(/"ready"|healthCheck|Warning/);
    });

    test("a cluster lives on while the `ready` of its workers is pending", async () => {
      await systemd.write("/run/hold", "");
      const unit = await start(
        "cluster",
        ["cluster.mjs", "NOT_READY=/run/hold"],
        ["Type=exec", "WatchdogSec=3s"],
      );
      await untilReports(unit, LONGER_THAN_WATCHDOG);
      expect((await systemd.journal(unit, "service")).join("\n")).toMatch(/"not ready"/);
    });
  });

  test.concurrent("of an app that is ready: systemd ends it when its healthCheck fails, and the journal has the code", async () => {
    const app: [string, string] = ["lifecycle.mjs", 'APP={"hooks":["onEvent","healthCheck that fails"]}'];
    const unit = await start("ill", app, ["Type=notify", "WatchdogSec=1s"]);
    await systemd.waitForUnit(unit, "Result", "watchdog");
    expect((await systemd.journal(unit, "service")).join("\n")).toContain(
      "ERR_WATCHDOG_HEALTH: healthCheck() returned false",
    );
  });

  test.concurrent.each([
    ["is not healthy", "yes", /healthCheck\(\) of worker 2 \(process \d+\) returned false/],
    [
      "has a blocked event loop",
      "busy",
      /healthCheck\(\) of worker 2 \(process \d+\) has not answered in 900 ms/,
    ],
  ])(
    "of a cluster: systemd ends it when a worker %s, and the journal names the worker",
    async (_, ill, message) => {
      const unit = await start(
        `cluster-${ill}`,
        ["cluster.mjs", `ILL=${ill}`],
        ["Type=notify", "WatchdogSec=2s"],
      );
      await systemd.waitForUnit(unit, "Result", "watchdog");
      expect((await systemd.journal(unit, "service")).join("\n")).toMatch(message);
    },
  );

  test.concurrent("of a cluster whose workers are healthy: it lives on", async () => {
    const unit = await start(
      "cluster-healthy",
      ["cluster.mjs", "WORKERS=2"],
      ["Type=notify", "WatchdogSec=3s"],
    );
    await untilReports(unit, LONGER_THAN_WATCHDOG);
    expect((await systemd.journal(unit, "service")).join("\n")).not.toContain("SOCKACT_WATCHDOG");
  });

  test.concurrent("an app with `watchdog: false` reports nothing", async () => {
    const app: [string, string] = ["lifecycle.mjs", 'APP={"hooks":["onEvent"],"options":{"watchdog":false}}'];
    const unit = await start("own", app, ["Type=notify", "WatchdogSec=1s"]);
    await systemd.waitForUnit(unit, "Result", "watchdog");
    expect((await systemd.journal(unit, "service")).join("\n")).toContain('"ready"');
  });
});
