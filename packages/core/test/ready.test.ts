import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type AppProcess, httpRequest } from "@sockact/testkit";
import { appOnSocket, type LifecycleApp, startApp, systemdSocket } from "./lifecycle-app.ts";
import { type ServiceManager, serviceManager } from "./service-manager.ts";

const ready = { hooks: ["onEvent", "onListen"] };

describe.concurrent("onListen", () => {
  test("is called when the server listens, and delays READY=1; requests are answered in the meantime", async () => {
    const { app, address } = await appOnSocket(ready);
    await using running = app;
    await running.event("asked whether ready");
    expect((await httpRequest(address)).status).toBe(200);
    expect(running.stdout).not.toContain('"ready"');
    running.write("answer");
    expect(await running.event("ready")).toEqual({ event: "ready", notified: false });
    expect(running.stdout.match(/asked whether ready/g)).toHaveLength(1);
  });

  test("that is still pending at a reload still delays READY=1, and the reload follows", async () => {
    const { app, address } = await appOnSocket({ hooks: ["onEvent", "onListen", "onReload"] });
    await using running = app;
    await running.event("asked whether ready");
    running.kill("SIGHUP");
    // The app has handled the signal by now.
    await httpRequest(address);
    expect(running.stdout).not.toContain('"reloading"');
    running.write("answer");
    await running.event("reloaded");
    expect(running.stdout).toMatch(/"ready".*"reloading"/s);
  });

  test("that rejects ends the process with the error, and READY=1 is not sent", async () => {
    const { app } = await appOnSocket(ready);
    await using running = app;
    running.write("fail");
    expect(await running.ended).toBe(1);
    expect(running.stderr).toContain("Error: not ready");
    expect(running.stdout).not.toContain('"ready"');
  });

  test("of two apps: READY=1 waits for both", async () => {
    const [a, b] = [await systemdSocket(), await systemdSocket()];
    await using app = await startApp(
      [a[0], b[0]],
      { apps: [{ options: { name: "a" } }, { ...ready, options: { name: "b" } }] },
      { names: ["a", "b"] },
    );
    expect(app.stdout).not.toContain('"ready"');
    app.write("answer");
    await app.event("ready");
  });

  test("starts the time of idleTimeout", async () => {
    const { app } = await appOnSocket({ ...ready, options: { idleTimeout: "50ms" } });
    await using running = app;
    running.write("clock 150");
    await running.event("clock");
    expect(running.stdout).not.toContain('"idle"');
    running.write("answer");
    await running.event("idle");
    expect(await running.ended).toBe(0);
  });

  test("that is still pending at SIGTERM does not delay the stop", async () => {
    const { app } = await appOnSocket(ready);
    await using running = app;
    running.kill("SIGTERM");
    expect(await running.ended).toBe(0);
    expect(running.stdout).not.toContain('"ready"');
  });
});

test.concurrent("two servers that take their sockets by name: ready when both listen", async () => {
  const [a, b] = [await systemdSocket(), await systemdSocket()];
  await using app = await startApp(
    [a[0], b[0]],
    { apps: [{ options: { name: "a" } }, { options: { name: "b" } }] },
    { names: ["a", "b"] },
  );
  await app.event("ready");
  expect(app.stdout).toMatch(/"name":"a"[^]*"name":"b"[^]*"ready"/);
});

test.concurrent("a socket without a server delays READY=1 only until the warning about it", async () => {
  const [a, b] = [await systemdSocket(), await systemdSocket()];
  await using app = await startApp([a[0], b[0]], { options: { name: "a" } }, { names: ["a", "b"] });
  expect(app.stdout).not.toContain('"ready"');
  await app.event("ready");
  expect(app.stderr).toContain("Nothing in this process serves b");
});

describe.concurrent("with a service manager", () => {
  /** One app on one socket, with the descriptor of `OpenFile=`. */
  async function start(
    app: LifecycleApp,
    env: Record<string, string> = {},
  ): Promise<{ app: AppProcess; address: string; manager: ServiceManager }> {
    const manager = serviceManager();
    const [fd, address] = await systemdSocket();
    const started = await startApp([fd, manager.connect()], app, {
      names: ["web", "notify"],
      env: { NOTIFY_SOCKET: manager.NOTIFY_SOCKET, ...env },
    });
    return { app: started, address, manager };
  }

  test("SIGHUP is handled before READY=1, as systemd 262 requires for Type=notify-reload", async () => {
    const { app, manager } = await start(ready);
    await using running = app;
    await running.event("asked whether ready");
    const caught = /^SigCgt:\s*(\w+)$/m.exec(readFileSync(`/proc/${running.pid}/status`, "utf8"))?.[1];
    // Signal 1 is the lowest bit: proc_pid_status(5).
    expect(BigInt(`0x${caught}`) & 1n).toBe(1n);
    running.write("answer");
    expect(await manager.message()).toMatch(/^READY=1\n/);
  });

  test.each(["abc", "0"])(
    "WATCHDOG_USEC that is malformed (%j) is an `error` event before READY=1, and the app serves",
    async (WATCHDOG_USEC) => {
      const { app, address, manager } = await start({}, { WATCHDOG_USEC });
      await using running = app;
      expect(await running.event("error")).toMatchObject({
        error: expect.stringContaining("WATCHDOG_USEC must be a whole number above 0"),
      });
      expect(await running.event("ready")).toEqual({ event: "ready", notified: true });
      expect(running.stdout).toMatch(/"error"[^]*"ready"/);
      expect(await manager.message()).toMatch(/^READY=1\n/);
      expect((await httpRequest(address)).status).toBe(200);
      running.kill("SIGTERM");
      expect(await manager.message()).toMatch(/^STOPPING=1\n/);
      expect(await running.ended).toBe(0);
    },
  );

  test("WATCHDOG_USEC that is empty counts as not set", async () => {
    const { app, address } = await start({}, { WATCHDOG_USEC: "" });
    await using running = app;
    await running.event("ready");
    expect((await httpRequest(address)).status).toBe(200);
    expect(running.stdout).not.toContain("WATCHDOG");
  });
});
