import process from "node:process";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { emitUnits } from "../../units/src/index.ts";
import { socketActivate } from "./activated-process.ts";
import { freeAddress } from "./addresses.ts";
import { startProcess } from "./app-process.ts";
import { bootPrivateSystemd } from "./boot-private-systemd.ts";
import { httpRequest, openConnection, requestOver } from "./http-request.ts";
import { inside } from "./load.ts";
import { preloading } from "./preload.ts";
import type { PrivateSystemd } from "./private-systemd.ts";
import { describeWith } from "./requires.ts";
import { SANDBOXED_APP } from "./sandbox.ts";

export interface LifecycleUnderTest {
  /** The name in the titles of the tests: `Express 5`. */
  title: string;
  /** The module of an app that uses lifecycle-app.mjs. */
  program: string;
  /** The file of the preload that gives the app its sockets, if the app has no line of sockact. */
  preload?: string;
  /** Whether a usual run has only the tests that depend on the framework. `npm run test:long` has all of them. */
  isSample?: boolean;
}

/** The behaviour of an app under a service manager, with only `systemdListen()` or the preload, for any framework. */
export function lifecycleContract({ title, program, preload, isSample = false }: LifecycleUnderTest): void {
  const isShort = isSample && !process.env["SOCKACT_LONG"];
  // With a preload, an app gets the socket for the port on which it listens. An adapter ignores the port.
  const variables = preload === undefined ? {} : { ...preloading(preload), PORT: "3000" };

  describeWith({ privateSystemd: true, systemd: 253 }, `${title}, under a service manager`, () => {
    let systemd: PrivateSystemd;
    const url = "http://localhost/";
    const show = (...properties: string[]): Promise<string[]> =>
      Promise.all(properties.map((property) => systemd.show("app.service", property)));
    const variablesInside = (): Record<string, string> =>
      preload === undefined ? {} : { ...preloading(inside(systemd, preload)), PORT: "3000" };
    const install = async ({
      environment,
      ...more
    }: { idleTimeout?: "300ms"; environment?: Record<string, string> } = {}): Promise<void> => {
      const exec = [systemd.node, inside(systemd, program)];
      const units = emitUnits({
        ...SANDBOXED_APP,
        exec,
        environment: { ...variablesInside(), ...environment },
        ...more,
      });
      await systemd.installUnits(units);
      await systemd.start("app.socket");
    };
    beforeAll(async () => {
      systemd = await bootPrivateSystemd();
    });
    afterAll(() => systemd?.close());
    beforeEach(async () => {
      await systemd.stop("app.socket", "app.service").catch(() => {});
      await install();
    });

    test("systemctl start returns only once the app is ready, and requests are answered", async () => {
      await install({ environment: { NOT_READY: "/run/hold" } });
      await systemd.write("/run/hold", "");
      const started = systemd.start("app.service");
      await systemd.waitForJournal("app.service", /waits until/);
      expect(await show("ActiveState")).toEqual(["activating"]);
      await systemd.mustRun(["rm", "/run/hold"]);
      await started;
      expect(await show("ActiveState", "SubState")).toEqual(["active", "running"]);
      expect(await systemd.request(url)).toMatchObject({ status: 200 });
    });

    test("systemctl stop runs onStop after the last connection has closed, and ends it with success", async () => {
      await systemd.start("app.service");
      const slow = systemd.request(`${url}slow`);
      await systemd.waitForJournal("app.service", /a slow request/);
      await systemd.stop("app.service");
      expect(await slow).toMatchObject({ status: 200, body: "slow" });
      expect(await show("Result", "ExecMainStatus", "ActiveState")).toEqual(["success", "0", "inactive"]);
      const journal = (await systemd.journal("app.service")).join("\n");
      // Not in this order: the log of Fastify is written a moment later than console.log().
      for (const line of ["SIGTERM: draining, 1 open connection", "drained", "the app stops"])
        expect(journal).toContain(line);
    });

    test("SOCKACT_IDLE_TIMEOUT in the unit sends it to sleep, and the next request wakes it", async () => {
      await install({ idleTimeout: "300ms" });
      for (let turn = 0; turn < 3; turn++) {
        expect(await systemd.request(url)).toMatchObject({ status: 200 });
        await systemd.waitForUnit("app.service", "ActiveState", "inactive");
        expect(await show("Result", "MainPID")).toEqual(["success", "0"]);
      }
      expect(await systemd.show("app.socket", "ActiveState")).toBe("active");
    });

    if (isShort) return;

    test("it runs in the sandbox that its units describe", async () => {
      await systemd.start("app.service");
      // An empty list of allowed families: none.
      expect(await show("NotifyAccess", "DynamicUser", "RestrictAddressFamilies", "PrivateNetwork")).toEqual([
        "main",
        "yes",
        "",
        "yes",
      ]);
    });

    test("systemctl status shows what it serves", async () => {
      await systemd.start("app.service");
      expect(await show("StatusText")).toEqual(["Serving [::]:80"]);
      expect(await systemd.mustRun(["systemctl", "status", "app.service"])).toContain(
        'Status: "Serving [::]:80"',
      );
    });

    test("the watchdog leaves it alone while it answers, and restarts it when its event loop is blocked", async () => {
      await systemd.start("app.service");
      const [before, since] = await show("MainPID", "ActiveEnterTimestampMonotonic");
      const up = async (): Promise<number> =>
        Number((await systemd.mustRun(["cat", "/proc/uptime"])).split(" ")[0]);
      // Longer than WatchdogSec=.
      await systemd.waitUntil(
        async () => (await up()) > Number(since) / 1e6 + 3,
        "three seconds have passed",
      );
      expect(await show("MainPID")).toEqual([before]);
      await systemd.request(`${url}block`).catch(() => {});
      await systemd.waitUntil(async () => (await show("NRestarts"))[0] !== "0", "it is restarted");
      await systemd.waitForUnit("app.service", "ActiveState", "active");
      expect(await systemd.request(url)).toMatchObject({ status: 200 });
      expect(await show("MainPID")).not.toEqual([before]);
      expect((await systemd.journal("app.service")).join("\n")).toContain("Watchdog timeout");
    });

    test(`systemctl reload returns${preload === undefined ? " when onReload has ended" : ""}, and nobody is disturbed`, async () => {
      await systemd.start("app.service");
      const before = await show("MainPID");
      await systemd.systemctl("reload", "app.service");
      await systemd.systemctl("reload", "app.service");
      // A preload has no hook of the app to call.
      if (preload === undefined) expect((await systemd.request(`${url}reloads`)).body).toBe("2");
      expect(await show("MainPID", "ActiveState")).toEqual([...before, "active"]);
    });

    test.each([
      ["Accept=yes", "Type=notify\nOpenFile=/run/systemd/notify:notify\n"],
      // Not with OpenFile=: systemd 257 then announces one name too many.
      ["inetd style", "StandardInput=socket\nStandardOutput=journal\n"],
    ])(
      "%s: a process for each connection, up to MaxConnections=, and each ends with success",
      async (_, how) => {
        const exec = `${systemd.node} ${inside(systemd, program)}`;
        const environment = Object.entries(variablesInside())
          .map(([name, value]) => `Environment='${name}=${value}'\n`)
          .join("");
        await systemd.installUnits({
          "each.socket": "[Socket]\nListenStream=81\nAccept=yes\nMaxConnections=1\n",
          "each@.service": `[Service]\nExecStart=${exec}\nDynamicUser=yes\n${environment}${how}`,
        });
        await systemd.start("each.socket");
        const eachUrl = "http://localhost:81/";
        const ended = async (): Promise<boolean> =>
          (await systemd.show("each.socket", "NConnections")) === "0";
        // journalctl fails until the first one has written something.
        const journal = (): Promise<string[]> => systemd.journal("each@*").catch(() => []);
        const before = (await journal()).length;
        const slow = systemd.request(`${eachUrl}slow`);
        await systemd.waitUntil(
          async () => (await journal()).slice(before).includes("a slow request"),
          "the first connection is served",
        );
        await expect(systemd.request(eachUrl)).rejects.toThrow(/ECONNRESET|socket hang up/);
        expect(await slow).toMatchObject({ status: 200, body: "slow" });
        await systemd.waitUntil(ended, "the first process has ended");
        expect(await systemd.request(eachUrl)).toMatchObject({ status: 200, body: "hello" });
        await systemd.waitUntil(ended, "the second process has ended");
        // If the kernel counts no tasks, systemd 262 warns that it could not read their limit.
        const lines = (await journal()).slice(before).filter((line) => !line.includes("pids.max"));
        expect(lines.filter((line) => line.includes("the app stops"))).toHaveLength(2);
        expect(lines.join("\n")).not.toMatch(/Failed|Warning/);
        await systemd.stop("each.socket");
      },
    );
  });

  if (isShort) return;

  describeWith({ commands: ["systemd-socket-activate"] }, `${title}, beside close-with-grace`, () => {
    test("a client that waits before its next request is answered, and the app's own handler ends the process", async () => {
      const address = await freeAddress("tcp4");
      await using app = await socketActivate([address], [process.execPath, program], {
        env: { ...variables, GRACE: "1" },
      });
      const client = openConnection(address);
      expect((await requestOver(client)).headers.connection).toBe("keep-alive");
      app.kill("SIGTERM");
      // The preload holds the app's own handlers back until the connections have drained.
      await app.line(preload === undefined ? /the grace begins/ : /SIGTERM: draining/);
      expect(await requestOver(client)).toMatchObject({ status: 200, headers: { connection: "close" } });
      await app.line(/the grace ends/);
      expect(await app.ended).toBe(0);
    });

    test("the stop does not wait for an idle client until the library's own timer ends the process", async () => {
      const address = await freeAddress("tcp4");
      await using app = await socketActivate([address], [process.execPath, program], {
        env: { ...variables, GRACE: "1" },
      });
      const client = openConnection(address);
      await requestOver(client);
      app.kill("SIGTERM");
      await app.line(/the grace ends/);
      expect(await app.ended).toBe(0);
      expect(app.stderr).not.toContain("killed by timeout");
      client.destroy();
    });
  });

  describeWith({}, `${title}, started in a terminal`, () => {
    test("SIGINT stops it as usual, and nothing is printed that the app does not print", async () => {
      const port = (await freeAddress("tcp4")).split(":").at(-1) as string;
      const seen = [];
      for (const plain of ["1", ""]) {
        const env = { ...(!plain && variables), PORT: port, PLAIN: plain };
        await using app = startProcess([process.execPath, program], { env });
        await app.line(/listens/);
        expect(await httpRequest(`localhost:${port}`)).toMatchObject({ status: 200 });
        app.kill("SIGINT");
        seen.push({ ended: await app.ended, stdout: app.stdout, stderr: app.stderr });
      }
      expect(seen[1]).toEqual(seen[0]);
      expect(seen[0]).toMatchObject({ ended: "SIGINT", stderr: "" });
    });
  });
}
