import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
// By its path, because @sockact/units has the testkit as a dependency.
import { type AppDescription, emitUnits } from "../../units/src/index.ts";

const programs = fileURLToPath(new URL("programs/", import.meta.url));

/** A service whose socket has been started. */
interface Installed {
  unit: string;
  socket: string;
  url: string;
}

describeWith({ privateSystemd: true }, "under a service manager", () => {
  let systemd: PrivateSystemd;
  let port = 8000;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

  /** Installs the units of a program under a new name, and starts the socket. */
  async function install(
    name: string,
    program: string,
    more: Partial<AppDescription> = {},
    dropIn?: string,
  ): Promise<Installed> {
    const exec = [systemd.node, systemd.project + programs.slice(programs.indexOf("/packages/")) + program];
    const listen = port++;
    const sockets = [{ listen }];
    if (dropIn !== undefined) await systemd.write(`/run/systemd/system/${name}.service.d/more.conf`, dropIn);
    await systemd.installUnits(emitUnits({ name, exec, hardening: "inbound", sockets, ...more }));
    await systemd.start(`${name}.socket`);
    return { unit: `${name}.service`, socket: `${name}.socket`, url: `http://localhost:${listen}/` };
  }

  const show = (unit: string, ...properties: string[]): Promise<string[]> =>
    Promise.all(properties.map((property) => systemd.show(unit, property)));

  describe.concurrent("an app that sleeps", () => {
    const sleepAndWake = async ({ unit, socket, url }: Installed, turns: number): Promise<string[]> => {
      for (let turn = 0; turn < turns; turn++) {
        expect(await systemd.request(url)).toMatchObject({ status: 200 });
        await systemd.waitForUnit(unit, "ActiveState", "inactive");
      }
      expect(await systemd.show(socket, "ActiveState")).toBe("active");
      return show(unit, "Result", "ExecMainStatus", "NRestarts");
    };
    const ASLEEP = ["success", "42", "0"];

    test("answers after each sleep, and no start is a restart", async () => {
      const installed = await install("sleeps", "listen.mjs", { idleTimeout: "20ms" });
      expect(await sleepAndWake(installed, 3)).toEqual(ASLEEP);
    });

    describeWith({ systemd: 253 }, "by a descriptor of OpenFile=", () => {
      test("says in systemctl status that it is asleep", async () => {
        const { unit, url } = await install("says", "listen.mjs", { idleTimeout: "20ms", type: "notify" });
        await systemd.request(url);
        await systemd.waitForUnit(unit, "ActiveState", "inactive");
        expect(await systemd.show(unit, "StatusText")).toBe("Asleep: the next connection starts it");
      });
    });

    test("answers after 100 sleeps", { tags: "campaign" }, async () => {
      expect(
        await sleepAndWake(await install("sleeps-often", "listen.mjs", { idleTimeout: "20ms" }), 100),
      ).toEqual(ASLEEP);
    });

    test("may have its idleTimeout in the code", async () => {
      const environment = { LISTEN_OPTIONS: '{"idleTimeout":"20ms"}' };
      expect(await sleepAndWake(await install("coded", "listen.mjs", { environment }), 2)).toEqual(ASLEEP);
    });

    test("may be a cluster", async () => {
      const installed = await install("sleepy-cluster", "cluster.mjs", { idleTimeout: "50ms" });
      expect(await sleepAndWake(installed, 2)).toEqual(ASLEEP);
    });

    test("with restart: on-failure sleeps with 0", async () => {
      const installed = await install("fails", "listen.mjs", { idleTimeout: "20ms", restart: "on-failure" });
      expect(await sleepAndWake(installed, 2)).toEqual(["success", "0", "0"]);
    });

    test("and whose onStop never settles is started again by Restart=always", async () => {
      const options = { idleTimeout: "200ms", drainTimeout: 0, idleExitStatus: 42 };
      const { unit, url } = await install("never-stops", "lifecycle.mjs", {
        restartSec: "1s",
        environment: { APP: JSON.stringify({ options, hooks: ["onStop"], input: true }) },
      });
      expect(await systemd.request(url)).toMatchObject({ status: 200 });
      await systemd.waitForJournal(unit, /SOCKACT_ERR_STOP_TIMEOUT/);
      expect(await systemd.request(url)).toMatchObject({ status: 200 });
      expect(Number(await systemd.show(unit, "NRestarts"))).toBeGreaterThan(0);
      // Without this, the stop would take the whole TimeoutStopSec=.
      await systemd.systemctl("kill", "--signal=KILL", unit);
    });
  });

  describeWith({ systemd: 253 }, "with OpenFile=", () => {
    describe.concurrent("a cluster", () => {
      const sandboxed = (
        name: string,
        environment: Record<string, string> = {},
        dropIn?: string,
      ): Promise<Installed> => install(name, "cluster.mjs", { type: "notify-reload", environment }, dropIn);
      /** How many times the workers have printed this. */
      const count = async (unit: string, event: string): Promise<number> =>
        (await systemd.journal(unit, "service")).filter((line) => line.includes(`"event":"${event}"`)).length;
      const untilUp = (unit: string, workers = 2): Promise<void> =>
        systemd.waitUntil(async () => (await count(unit, "up")) >= workers, `${workers} workers are up`);

      test("has started only once the `onListen` of a worker is fulfilled", async () => {
        await systemd.write("/run/hold", "");
        const { unit, url } = await sandboxed("starts", { NOT_READY: "/run/hold" });
        const started = systemd.start(unit);
        await systemd.waitForJournal(unit, /"not ready"/);
        expect(await show(unit, "ActiveState")).toEqual(["activating"]);
        await systemd.mustRun(["rm", "/run/hold"]);
        await started;
        expect(await show(unit, "ActiveState", "SubState", "StatusText")).toEqual([
          "active",
          "running",
          `Serving [::]:${new URL(url).port}`,
        ]);
        expect(await systemd.request(url)).toMatchObject({ status: 200 });
      });

      test("whose workers are all killed serves with new workers in the same service, and systemctl reload returns when the `onReload` of each has ended", async () => {
        const { unit, url } = await sandboxed("kills");
        await systemd.start(unit);
        const before = await show(unit, "MainPID", "NRestarts");
        await untilUp(unit);
        await systemd.mustRun(["pkill", "--signal=KILL", "--parent", before[0] as string]);
        expect(await systemd.request(url)).toMatchObject({ status: 200 });
        await untilUp(unit, 4);
        expect(await show(unit, "MainPID", "NRestarts")).toEqual(before);
        await systemd.systemctl("reload", unit);
        expect(await count(unit, "reloaded")).toBe(2);
        expect(await show(unit, "ActiveState")).toEqual(["active"]);
      });

      test.each(["control-group", "mixed"])(
        "KillMode=%s: systemctl stop lets every worker end by itself",
        async (mode) => {
          const { unit } = await sandboxed(`stops-${mode}`, {}, `[Service]\nKillMode=${mode}\n`);
          await systemd.start(unit);
          await untilUp(unit);
          await systemd.stop(unit);
          expect(await show(unit, "Result", "ExecMainStatus")).toEqual(["success", "0"]);
          expect(await count(unit, "stopped")).toBe(2);
          expect(await count(unit, "exit")).toBe(2);
        },
      );
    });

    describe("WatchdogSec=", () => {
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

      // There are two reports in each WatchdogSec=. If there were none, systemd would end the service after
      // the first value.
      const LONGER_THAN_WATCHDOG = 4;

      describe.concurrent("of a service that systemd does not wait for", () => {
        test.each(["exec", "simple"])(
          "Type=%s: the app lives on while its `onListen` is pending",
          async (type) => {
            // Nobody answers whether it is ready, and it is not healthy so far.
            const app: [string, string] = [
              "lifecycle.mjs",
              'APP={"hooks":["onEvent","onListen","healthCheck that fails"]}',
            ];
            const unit = await start(`starts-${type}`, app, [`Type=${type}`, "WatchdogSec=3s"]);
            await untilReports(unit, LONGER_THAN_WATCHDOG);
            const journal = (await systemd.journal(unit, "service")).join("\n");
            expect(journal).toContain("asked whether ready");
            expect(journal).not.toMatch(/"ready"|healthCheck|Warning/);
          },
        );

        test("a cluster lives on while the `onListen` of its workers is pending", async () => {
          await systemd.write("/run/hold-watchdog", "");
          const unit = await start(
            "cluster",
            ["cluster.mjs", "NOT_READY=/run/hold-watchdog"],
            ["Type=exec", "WatchdogSec=3s"],
          );
          await untilReports(unit, LONGER_THAN_WATCHDOG);
          expect((await systemd.journal(unit, "service")).join("\n")).toMatch(/"not ready"/);
        });
      });

      test.concurrent("of an app that is ready: systemd ends it when its healthCheck fails, and the journal has the code", async () => {
        const app: [string, string] = ["lifecycle.mjs", 'APP={"hooks":["onEvent","healthCheck that fails"]}'];
        const unit = await start("ill", app, ["Type=notify", "WatchdogSec=3s"]);
        await systemd.waitForUnit(unit, "Result", "watchdog");
        expect((await systemd.journal(unit, "service")).join("\n")).toContain(
          "SOCKACT_ERR_WATCHDOG_HEALTH: healthCheck() returned false",
        );
      });

      test.concurrent.each([
        ["is not healthy", "yes", /healthCheck\(\) of worker 2 \(process \d+\) returned false/],
        [
          "has a blocked event loop",
          "busy",
          /healthCheck\(\) of worker 2 \(process \d+\) has not answered in 1800 ms/,
        ],
      ])(
        "of a cluster: systemd ends it when a worker %s, and the journal names the worker",
        async (_, ill, message) => {
          const unit = await start(
            `cluster-${ill}`,
            ["cluster.mjs", `ILL=${ill}`],
            ["Type=notify", "WatchdogSec=4s"],
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
        expect((await systemd.journal(unit, "service")).join("\n")).not.toContain("SOCKACT_WARN_WATCHDOG");
      });

      test.concurrent("an app with `watchdog: false` reports nothing", async () => {
        const app: [string, string] = [
          "lifecycle.mjs",
          'APP={"hooks":["onEvent"],"options":{"watchdog":false}}',
        ];
        const unit = await start("own", app, ["Type=notify", "WatchdogSec=3s"]);
        await systemd.waitForUnit(unit, "Result", "watchdog");
        expect((await systemd.journal(unit, "service")).join("\n")).toContain('"ready"');
      });
    });
  });
});
