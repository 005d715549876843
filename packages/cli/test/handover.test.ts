// What `sockact reload` and `sockact status` show of a handover.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sockactInside } from "./run.ts";
import { install, release, sockact } from "./services.ts";

describeWith({ privateSystemd: true, systemd: 253 }, "a service with handover", () => {
  let systemd: PrivateSystemd;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await install(systemd, { name: "shop", sockets: [{ listen: 80 }], handover: true });
    // The app turns it on itself, so no command of the unit waits for the result.
    const plain = { name: "plain", sockets: [{ listen: 81 }], type: "notify-reload" } as const;
    await install(systemd, plain, { handover: true });
  });
  afterAll(() => systemd?.close());

  const ask = async (port: number) =>
    JSON.parse((await systemd.request(`http://127.0.0.1:${port}/`)).body) as { version: number; pid: number };

  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await sockact(systemd, ...args, "--json");
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as Record<string, unknown>;
  };

  /** A command that runs while the test goes on, and what it has written. */
  class Running {
    stdout = "";
    stderr = "";
    readonly child: ChildProcess;

    constructor(...args: string[]) {
      this.child = systemd.spawn([...sockactInside(systemd), ...args]);
      this.child.stdout!.setEncoding("utf8").on("data", (chunk: string) => (this.stdout += chunk));
      this.child.stderr!.setEncoding("utf8").on("data", (chunk: string) => (this.stderr += chunk));
    }

    async until(pattern: RegExp): Promise<void> {
      while (!pattern.test(this.stderr)) await once(this.child.stderr!, "data");
    }
  }

  /** A request that the old process still has to answer. */
  const hold = async (): Promise<{ body: Promise<string>; release: (pid: number) => Promise<unknown> }> => {
    const body = systemd.request("http://127.0.0.1:80/hold").then((answer) => answer.body);
    await systemd.waitForJournal("shop.service", /holds a request/);
    return { body, release: (pid) => systemd.run(["kill", "-USR2", String(pid)]) };
  };

  describe("sockact reload", () => {
    it("runs the new version, and names both processes", async () => {
      const old = await ask(80);
      await release(systemd, "shop", { version: 2 });
      const { code, stdout, stderr } = await sockact(systemd, "reload", "shop");
      const now = await ask(80);
      expect(code).toBe(0);
      expect(now.version).toBe(2);
      expect(stdout).toMatch(
        new RegExp(
          `^shop was handed over from process ${old.pid} to ${now.pid} in [\\d.]+ m?s\\. Process ${old.pid} has drained, and ended after [\\d.]+ m?s\\.\n$`,
        ),
      );
      expect(stderr).toMatch(new RegExp(`^Reloading shop\n.*shop\\[${old.pid}\\]: sockact: reloading\n`));
      expect(stderr).toContain(`shop[${old.pid}]: sockact: handed over to process ${now.pid}\n`);
      expect(stderr).toContain(`shop[${now.pid}]: sockact: ready, and took over from process ${old.pid}\n`);
      expect(await json("reload", "shop")).toEqual({
        name: "shop",
        outcome: "handed-over",
        units: ["shop.service"],
        took: expect.any(Number),
        confirmed: true,
        log: expect.arrayContaining(["sockact: reloading"]),
        handovers: [
          { unit: "shop.service", from: now.pid, to: (await ask(80)).pid, ended: expect.any(Number) },
        ],
        needsRestart: false,
      });
    });

    it("shows the old process until it has drained", async () => {
      const held = await hold();
      const { pid } = JSON.parse((await systemd.request("http://127.0.0.1:80/")).body) as { pid: number };
      const reload = new Running("reload", "shop");
      await reload.until(/handed over to process/);
      const [service] = (await json("status", "shop"))["services"] as [
        { pids: number[]; units: [{ pid: number; oldPids: number[] }] },
      ];
      const now = (await ask(80)).pid;
      expect(service.pids).toEqual([now, pid]);
      expect(service.units[0]).toMatchObject({ pid: now, oldPids: [pid] });
      expect((await sockact(systemd, "status", "shop")).stdout).toContain(
        `pid ${pid} drains: it is the old process of a handover\n`,
      );
      await held.release(pid);
      expect(await held.body).toBe("released");
      expect(await once(reload.child, "close")).toEqual([0, null]);
      expect(reload.stdout).toContain(`Process ${pid} has drained, and ended after`);
      expect(reload.stderr).toContain(`shop[${pid}]: sockact: drained\n`);
    });

    it.each([
      ["SIGINT", 130],
      ["SIGTERM", 143],
    ] as const)("leaves the old process alone at %s", async (signal, exitCode) => {
      const held = await hold();
      const { pid } = await ask(80);
      const reload = new Running("reload", "shop");
      await reload.until(/process \d+ drains/);
      reload.child.kill(signal);
      await once(reload.child, "close");
      await held.release(pid);
      expect(await held.body).toBe("released");
      expect(reload.child.exitCode).toBe(exitCode);
      expect(reload.stdout).toContain(`Process ${pid} still drains: sockact status shop\n`);
    });

    it.each([
      { name: "shop", port: 80, how: "as systemctl reload does" },
      { name: "plain", port: 81, how: "although systemctl reload succeeds" },
    ])("fails with the words of the new version, $how", async ({ name, port }) => {
      const { pid, version } = await ask(port);
      await release(systemd, name, { handover: true, crash: true });
      const { code, stdout, stderr } = await sockact(systemd, "reload", name);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toContain("Error: this release is broken\n");
      expect(stderr).toMatch(new RegExp(`${name}\\[${pid}\\]: sockact: SOCKACT_ERR_HANDOVER_EXITED: `));
      expect(stderr).toMatch(
        new RegExp(
          `error: the handover of ${name} failed, and the old version keeps serving \\(SOCKACT_ERR_HANDOVER_EXITED\\)\nThe lines above have the reason\\. .*\n.*sockact explain SOCKACT_ERR_HANDOVER_EXITED\n$`,
        ),
      );
      expect(await ask(port)).toEqual({ pid, version });
      const [{ warnings }] = (await json("status", name))["services"] as [{ warnings: { code: string }[] }];
      expect(warnings.map((warning) => warning.code)).toContain("handover-failed");
      const again = await sockact(systemd, "reload", name, "--json");
      expect(again.code).toBe(1);
      expect(JSON.parse(again.stdout)).toMatchObject({
        name,
        outcome: "failed",
        units: [`${name}.service`],
        log: expect.arrayContaining(["sockact: reloading"]),
        handovers: [],
        error: {
          code: "SOCKACT_ERR_HANDOVER_EXITED",
          message: `the handover of ${name} failed, and the old version keeps serving`,
          hint: expect.stringContaining("sockact explain SOCKACT_ERR_HANDOVER_EXITED"),
        },
      });
      await release(systemd, name, { handover: true });
      expect(await json("reload", name)).toMatchObject({ outcome: "handed-over" });
    });

    it("says that the new version takes long, and who serves meanwhile", async () => {
      const { pid } = await ask(80);
      await release(systemd, "shop", { silent: true });
      const reload = new Running("reload", "shop");
      await reload.until(/The new version of shop\.service is not ready yet/);
      expect(reload.stderr).toContain(`process ${pid} serves meanwhile. The limit is handoverTimeout`);
      await systemd.systemctl("stop", "shop.service");
      await once(reload.child, "close");
      await release(systemd, "shop");
      await ask(80);
    });

    it("says that a file of variables has changed", async () => {
      await systemd.write("/etc/env.env", "A=1\n");
      await install(systemd, {
        name: "env",
        sockets: [{ listen: 93 }],
        handover: true,
        environmentFile: ["/etc/env.env"],
      });
      await ask(93);
      expect(await json("reload", "env")).toMatchObject({ needsRestart: false });
      // The time of the start is in whole seconds.
      await systemd.waitUntil(async () => {
        await systemd.mustRun(["touch", "/etc/env.env"]);
        return (await json("reload", "env"))["needsRestart"] === true;
      }, "the file was newer");
      expect((await sockact(systemd, "reload", "env")).stdout).toMatch(
        /\n\/etc\/env\.env has changed since the service was started, and a reload does not apply the change\.\nTo apply it: sockact restart env\n$/,
      );
    });

    it("says that a unit that has changed needs a restart", async () => {
      await systemd.write("/run/systemd/system/shop.service.d/10.conf", "[Service]\nNice=1\n");
      const { code, stdout } = await sockact(systemd, "reload", "shop");
      expect(code).toBe(0);
      expect(stdout).toMatch(
        /\nThe unit has changed since the service was started, and a reload does not apply the change\.\nTo apply it: systemctl daemon-reload && sockact restart shop\n$/,
      );
      await systemd.systemctl("daemon-reload");
      expect(await json("reload", "shop")).toMatchObject({ outcome: "handed-over", needsRestart: true });
      expect(await json("restart", "shop")).toMatchObject({ outcome: "restarted" });
      expect(await json("reload", "shop")).toMatchObject({ outcome: "handed-over", needsRestart: false });
    });
  });
});
