import assert from "node:assert/strict";
import process from "node:process";
import { type AppDescription, emitUnits } from "@sockact/units";
import { socketActivate } from "./activated-process.ts";
import { freeAddress } from "./addresses.ts";
import { bootPrivateSystemd } from "./boot-private-systemd.ts";
import { during } from "./during.ts";
import { openConnection, requestOver } from "./http-request.ts";
import { Load } from "./load.ts";
import type { OneLoad } from "./loads.ts";
import { preloading } from "./preload.ts";
import type { PrivateSystemd } from "./private-systemd.ts";
import { assertMatches } from "./assertions.ts";
import { definitionsOf, type TestRunner } from "./test-runner.ts";
import { SANDBOXED_APP } from "./sandbox.ts";

/** The app that {@link lifecycleContract} tests. */
export interface LifecycleUnderTest {
  /** The name in the titles of the tests: `Express 5`. */
  readonly title: string;
  /** The module of an app that uses lifecycle-app.mjs. */
  readonly program: string;
  /** The file of the preload that gives the app its sockets, if the app does not use sockact itself. */
  readonly preload?: string | undefined;
}

/** While this file exists, an app is not ready. */
const NOT_READY = "/run/not-ready";
/** While this file exists, an app does not answer `/held`. */
const HOLD = "/run/hold";

/** Clients that always have a request in progress, some of them on a connection that stays open. */
const LOADS = [true, false].map((keepAlive): OneLoad => {
  const asking = { requests: [{ method: "GET", path: "/" }], answer: "^hello$" };
  const clients = { host: "127.0.0.1", port: 80, clients: 8, think: 100, away: 20, seed: 1 };
  return ["thinking", { ...asking, ...clients, keepAlive }];
});

/**
 * How an app behaves under a service manager, with only `systemdListen()` or the preload, for any framework.
 */
export function lifecycleContract(runner: TestRunner, { title, program, preload }: LifecycleUnderTest): void {
  const { afterAll, beforeAll, beforeEach, describe, describeWith, test } = definitionsOf(runner);
  describeWith({ privateSystemd: true, systemd: 253 }, `${title}, under a service manager`, () => {
    let systemd: PrivateSystemd;
    const show = (...properties: string[]): Promise<string[]> =>
      Promise.all(properties.map((property) => systemd.show("app.service", property)));
    const journal = (unit: string): Promise<readonly string[]> => systemd.journal(unit);
    const release = (file: string): Promise<string> => systemd.mustRun(["rm", file]);

    beforeAll(async () => {
      systemd = await bootPrivateSystemd();
      const exec = [systemd.node, systemd.inside(program)];
      const environment: Record<string, string> = {
        NOT_READY,
        HOLD,
        // With a preload, an app gets the socket for the port on which it listens. An adapter ignores the
        // port.
        ...(preload !== undefined && { ...preloading(systemd.inside(preload)), PORT: "3000" }),
      };
      const app: AppDescription = {
        ...SANDBOXED_APP,
        exec,
        environment,
        // On a busy machine, a healthy app may need seconds for an answer.
        watchdogSec: "1min",
        drainTimeout: "1min",
      };
      const each = (how: string): string =>
        `[Service]\nExecStart=${exec.join(" ")}\nDynamicUser=yes\n${how}${Object.entries(environment)
          .map(([name, value]) => `Environment='${name}=${value}'\n`)
          .join("")}`;
      await systemd.installUnits({
        ...emitUnits(app),
        ...emitUnits({ ...app, name: "sleepy", sockets: [{ listen: 81 }], idleTimeout: "300ms" }),
        "each.socket": "[Socket]\nListenStream=82\nAccept=yes\nMaxConnections=1\n",
        "each@.service": each("Type=notify\nOpenFile=/run/systemd/notify:notify\n"),
        "inetd.socket": "[Socket]\nListenStream=83\nAccept=yes\nMaxConnections=1\n",
        // Not with OpenFile=: systemd 257 announces one name too many.
        "inetd@.service": each("StandardInput=socket\nStandardOutput=journal\n"),
      });
      await systemd.start("app.socket", "sleepy.socket", "each.socket", "inetd.socket");
    });
    afterAll(async () => systemd?.close());
    beforeEach(() => systemd.stop("app.service"));

    test("systemctl start returns only once the app is ready, and the status says what it serves", async () => {
      await systemd.write(NOT_READY, "");
      const started = systemd.start("app.service");
      await systemd.waitForJournal("app.service", /waits until/);
      assert.deepEqual(await show("ActiveState"), ["activating"]);
      await release(NOT_READY);
      await started;
      assert.deepEqual(await show("ActiveState", "SubState", "StatusText"), [
        "active",
        "running",
        "Serving [::]:80",
      ]);
      assertMatches(await systemd.request("http://localhost/"), { status: 200, body: "hello" });
    });

    test(`systemctl reload returns${preload === undefined ? " when onReload has ended" : ""}, and the process stays`, async () => {
      await systemd.start("app.service");
      const before = await show("MainPID");
      await systemd.systemctl("reload", "app.service");
      await systemd.systemctl("reload", "app.service");
      // With a preload, the app has no hook to call.
      if (preload === undefined) assert.equal((await systemd.request("http://localhost/reloads")).body, "2");
      assert.deepEqual(await show("MainPID", "ActiveState"), [...before, "active"]);
    });

    test("systemctl stop runs onStop after the last connection has closed, and the service ends with success", async () => {
      await systemd.write(HOLD, "");
      await systemd.start("app.service");
      const stops = async (): Promise<number> =>
        (await journal("app.service")).filter((line) => line.includes("the app stops")).length;
      const before = await stops();
      const held = systemd.request("http://localhost/held");
      await systemd.waitForJournal("app.service", /a request is held/);
      const stopped = systemd.stop("app.service");
      await systemd.waitForJournal("app.service", /SIGTERM: draining, 1 open connection/);
      assert.equal(await stops(), before);
      await release(HOLD);
      assertMatches(await held, { status: 200, body: "held" });
      await stopped;
      assert.equal(await stops(), before + 1);
      assert.deepEqual(await show("Result", "ExecMainStatus", "ActiveState"), ["success", "0", "inactive"]);
      // The order of the lines varies: Fastify writes its log a moment later than console.log().
      assert.match((await journal("app.service")).join("\n"), /drained/);
    });

    test("a restart loses no request of its clients, and resets no connection", async () => {
      await systemd.start("app.service");
      const [before] = await show("MainPID");
      const load = Load.start(systemd, "together", { loads: LOADS });
      const { together } = await during({ together: load }, 1, () => systemd.restart("app.service"));
      for (const { failed, resets } of together.results)
        assert.deepEqual({ failed, resets }, { failed: {}, resets: 0 });
      assert.notDeepEqual(await show("MainPID"), [before]);
    });

    test("SOCKACT_IDLE_TIMEOUT in the unit sends it to sleep, and the next request wakes it", async () => {
      for (let turn = 0; turn < 2; turn++) {
        assertMatches(await systemd.request("http://localhost:81/"), { status: 200 });
        await systemd.waitForUnit("sleepy.service", "ActiveState", "inactive");
        assert.equal(await systemd.show("sleepy.service", "Result"), "success");
      }
      assert.equal(await systemd.show("sleepy.socket", "ActiveState"), "active");
    });

    const perConnection = async (name: string, port: number): Promise<void> => {
      const url = `http://localhost:${port}/`;
      const untilNone = (): Promise<void> => systemd.waitForUnit(`${name}.socket`, "NConnections", "0");
      await systemd.write(HOLD, "");
      const held = systemd.request(`${url}held`);
      await systemd.waitUntil(
        // journalctl fails until the first process has written a message.
        async () =>
          (await journal(`${name}@*`).catch((): readonly string[] => [])).includes("a request is held"),
        "the first connection is served",
      );
      await assert.rejects(systemd.request(url), /ECONNRESET|socket hang up/);
      await release(HOLD);
      assertMatches(await held, { status: 200, body: "held" });
      await untilNone();
      assertMatches(await systemd.request(url), { status: 200, body: "hello" });
      await untilNone();
      // If the kernel does not count tasks, systemd 262 warns that it could not read their limit.
      const lines = (await journal(`${name}@*`)).filter((line) => !line.includes("pids.max"));
      assert.equal(lines.filter((line) => line.includes("the app stops")).length, 2);
      assert.doesNotMatch(lines.join("\n"), /Failed|Warning/);
    };

    test("Accept=yes: a process for each connection, up to MaxConnections=, and each ends with success", () =>
      perConnection("each", 82));

    describeWith({ long: true }, "inetd style", () => {
      test("a process for each connection, up to MaxConnections=, and each ends with success", () =>
        perConnection("inetd", 83));
    });
  });

  describe(`${title}, beside close-with-grace`, () => {
    const start = async () => {
      const address = await freeAddress("tcp4");
      const variables = preload === undefined ? {} : { ...preloading(preload), PORT: "3000" };
      const app = await socketActivate([address], [process.execPath, program], {
        env: { ...variables, GRACE: "1" },
      });
      return { app, address };
    };

    test("a client that waits before its next request is answered, and the app's own handler ends the process", async () => {
      const { app, address } = await start();
      await using _ = app;
      const client = openConnection(address);
      assert.equal((await requestOver(client)).headers.connection, "keep-alive");
      app.kill("SIGTERM");
      // The preload calls the app's own handlers after the connections have drained.
      await app.line(preload === undefined ? /the grace begins/ : /SIGTERM: draining/);
      assertMatches(await requestOver(client), { status: 200, headers: { connection: "close" } });
      await app.line(/the grace ends/);
      assert.equal(await app.ended, 0);
    });

    describeWith({ long: true }, "an idle client", () => {
      test("the stop waits until its connection closes, and not until the library's own timer ends the process", async () => {
        const { app, address } = await start();
        await using _ = app;
        const client = openConnection(address);
        await requestOver(client);
        app.kill("SIGTERM");
        await app.line(/the grace ends/);
        assert.equal(await app.ended, 0);
        assert.doesNotMatch(app.stderr, /killed by timeout/);
        client.destroy();
      });
    });
  });
}
