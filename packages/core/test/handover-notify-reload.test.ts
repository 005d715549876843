import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeWith, systemdVersion } from "@sockact/testkit";
import { good, VersionedService } from "./versioned-service.ts";

/**
 * While this file exists, the command of ExecReload= does not begin, as if the shell needed long to start.
 */
const SLOW_SHELL = "/run/slow-shell";

/** systemd sends SIGHUP too. Version 257 and older send it when the command starts. */
const NOTIFY_RELOAD = "Type=notify-reload\nEnvironment=SOCKACT_DRAIN_TIMEOUT=100s";

describeWith(
  { privateSystemd: true, systemd: 253 },
  "a service of Type=notify-reload that hands over",
  () => {
    let service: VersionedService;
    beforeAll(async () => {
      service = await VersionedService.boot();
    });
    afterAll(() => service?.systemd.close());

    const start = async (lines: string): Promise<void> => {
      await service.install(lines);
      await service.deploy(good("1"));
      await service.start();
      await service.newLines();
    };
    const untilLine = async (pattern: RegExp): Promise<void> =>
      void (await service.systemd.waitForJournal("app.service", pattern, 60_000));

    const tookOver = (pid: number): RegExp => new RegExp(`took over from process ${pid}$`);

    /**
     * Starts a reload whose command begins when `begin` is called. The app gets the signal of systemd at
     * once.
     */
    const reloadWithSlowShell = async () => {
      const { systemd } = service;
      await systemd.write(SLOW_SHELL, "");
      const pid = await service.pid();
      const reloaded = service.reload(60_000);
      await systemd.waitForUnit("app.service", "ActiveState", "reloading", 60_000);
      // From version 258 on, systemd leaves the signal to the command. A second one has no effect during a
      // handover.
      await systemd.run(["kill", "-HUP", String(pid)]);
      const begin = async (): Promise<void> => void (await systemd.mustRun(["rm", SLOW_SHELL]));
      return { pid, reloaded, begin };
    };

    test("succeeds and fails with the handover", async () => {
      await start(NOTIFY_RELOAD);
      for (const version of ["2", "3"]) {
        await service.deploy(good(version));
        expect(await service.reload()).toMatchObject({ code: 0 });
        expect(await service.version()).toBe(version);
      }
      const pid = await service.pid();
      await service.deploy("process.exit(3);");
      expect(await service.reload()).toMatchObject({ code: 1 });
      expect([await service.pid(), await service.version()]).toEqual([pid, "3"]);
    });

    describe("if the shell starts only when the handover has ended", () => {
      beforeAll(async () => {
        const { systemd } = service;
        await start(NOTIFY_RELOAD);
        const text = await systemd.mustRun(["systemctl", "cat", "app.service"]);
        const command = /^ExecReload=(.*)$/m.exec(text)?.[1] as string;
        const slow = command.replace("'", `'while [ -e ${SLOW_SHELL} ]; do sleep 0.05; done; `);
        await start(`${NOTIFY_RELOAD}\nExecReload=\nExecReload=${slow}`);
      });

      test("the reload succeeds while a connection still drains, and so does the next one", async () => {
        await service.systemd.write("/run/hold", "");
        await using busy = await service.connect();
        busy.get("/held");
        await untilLine(/^\/held$/);
        await service.deploy(good("2"));
        const first = await reloadWithSlowShell();
        await untilLine(tookOver(first.pid));
        await first.begin();
        expect(await first.reloaded).toMatchObject({ code: 0, stderr: "" });
        expect(busy.received, "the connection still waits").toBe("");

        await service.deploy(good("3"));
        const second = await reloadWithSlowShell();
        // The second handover begins when the first one has moved its connections.
        await service.systemd.mustRun(["rm", "/run/hold"]);
        await untilLine(tookOver(second.pid));
        await second.begin();
        expect(await second.reloaded).toMatchObject({ code: 0, stderr: "" });
        expect(await service.version()).toBe("3");
        await busy.receives(/ 1$/);
        expect(
          (await service.newLines()).filter((line) => line.startsWith("sockact: handed over")),
          // systemd sends SIGHUP after the command, unless RELOADING=1 has come in a message of its own.
        ).toHaveLength(systemdVersion()! < 258 ? 2 : 4);
      });

      test("the reload succeeds if the old process has ended already", async () => {
        await service.deploy(good("4"));
        const { pid, reloaded, begin } = await reloadWithSlowShell();
        await untilLine(tookOver(pid));
        await service.systemd.waitUntil(
          async () => !(await service.processes()).includes(pid),
          "the old process has ended",
          60_000,
        );
        await begin();
        expect(await reloaded).toMatchObject({ code: 0, stderr: "" });
      });

      test("the reload fails with the handover, and the next one has its own result", async () => {
        const before = await service.version();
        await service.deploy("process.exit(3);");
        const { pid, reloaded, begin } = await reloadWithSlowShell();
        await untilLine(/the handover failed, and the old version keeps serving$/);
        await begin();
        expect(await reloaded).toMatchObject({ code: 1 });
        expect([await service.pid(), await service.version()]).toEqual([pid, before]);
        await service.deploy(good("5"));
        expect(await service.reload()).toMatchObject({ code: 0 });
        expect(await service.version()).toBe("5");
      });
    });

    test("without a command in ExecReload= shows a failure in its status, and is not reloading any more", async () => {
      await start("Type=notify-reload\nExecReload=\nUnsetEnvironment=SOCKACT_RELOAD_RESULT");
      await service.deploy("process.exit(3);");
      expect(await service.reload()).toMatchObject({ code: 0 });
      const show = (property: string): Promise<string> => service.systemd.show("app.service", property);
      expect([await show("ActiveState"), await show("SubState")]).toEqual(["active", "running"]);
      expect(await service.status()).toMatch(/; the handover failed, and the old version keeps serving$/);
      await service.deploy(good("2"));
      expect(await service.reload()).toMatchObject({ code: 0 });
      expect(await service.version()).toBe("2");
    });
  },
);
