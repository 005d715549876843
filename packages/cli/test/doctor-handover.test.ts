import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import type { AppDescription } from "@sockact/units";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { ask, bootForDoctor } from "./doctor.ts";
import { sockactInside } from "./run.ts";
import { install, release, type Release } from "./services.ts";

describeWith({ privateSystemd: true, systemd: 253 }, "sockact doctor, on handovers", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootForDoctor();
  });
  afterAll(() => systemd?.close());

  let port = 80;
  const start = async (
    name: string,
    contents: Release = {},
    description: Partial<AppDescription> = {},
  ): Promise<void> => {
    await install(systemd, { name, sockets: [{ listen: port++ }], handover: true, ...description }, contents);
    await systemd.start(`${name}.service`);
  };
  const reload = (name: string) => systemd.run(["systemctl", "reload", `${name}.service`]);

  it("finds nothing in a service that was handed over", async () => {
    await start("healthy");
    expect(await reload("healthy")).toMatchObject({ code: 0 });
    expect((await ask(systemd, "healthy")).codes.filter((code) => code.startsWith("handover"))).toEqual([]);
  });

  it("shows why the last handover failed, until one succeeds", async () => {
    await start("broken");
    await release(systemd, "broken", { crash: true });
    expect(await reload("broken")).toMatchObject({ code: 1 });
    const found = (await ask(systemd, "broken")).finding("handover-failed");
    expect(found.severity).toBe("warning");
    expect(found.message).toContain("because the last handover failed: SOCKACT_ERR_HANDOVER_EXITED.");
    expect(found.evidence[0]!.text).toMatch(
      /^Error: this release is broken\n[^]*\nsockact: SOCKACT_ERR_HANDOVER_EXITED: /,
    );
    expect(found.copy).toContain("sockact explain SOCKACT_ERR_HANDOVER_EXITED");
    await release(systemd, "broken");
    expect(await reload("broken")).toMatchObject({ code: 0 });
    expect((await ask(systemd, "broken")).codes).not.toContain("handover-failed");
  });

  it("says that a reload without a handover has failed, until one succeeds", async () => {
    await start("settings", { reload: "fail" }, { handover: undefined, type: "notify-reload" });
    // systemd regards it as finished.
    expect(await reload("settings")).toMatchObject({ code: 0 });
    const found = (await ask(systemd, "settings")).finding("reload-failed");
    expect(found.severity).toBe("warning");
    expect(found.evidence[0]!.text).toMatch(/^StatusText=Serving .*; the reload failed/);
    expect(found.evidence[1]!.text).toMatch(/^sockact: reloading\n[^]*Error: the settings are broken/);
    expect(found.copy).toContain("sockact reload settings");
    const shown = await systemd.run([...sockactInside(systemd), "status", "settings", "--json"]);
    expect(shown.stdout).toContain('"code": "reload-failed"');
    await release(systemd, "settings");
    expect(await reload("settings")).toMatchObject({ code: 0 });
    expect((await ask(systemd, "settings")).codes).not.toContain("reload-failed");
  });

  it("says that the reload of a worker of a cluster has failed", async () => {
    await systemd.write(
      "/srv/cluster.mjs",
      `import cluster from "node:cluster";
      import { createServer } from "node:http";
      import { listen } from "${systemd.project}/packages/core/dist/index.js";
      if (cluster.isPrimary) cluster.fork();
      else await listen(createServer(), { onReload: () => { throw new Error("the worker is broken"); } });`,
    );
    const exec: [string, string] = [systemd.node, "/srv/cluster.mjs"];
    await start("cluster", {}, { exec, handover: undefined, type: "notify-reload" });
    await reload("cluster");
    const found = (await ask(systemd, "cluster")).finding("reload-failed");
    expect(found.evidence.at(-1)!.text).toContain("Error: the worker is broken");
  });

  it("says that the old version has the port that the new one opens by itself", async () => {
    await start("metrics", { port: 9464 });
    expect(await reload("metrics")).toMatchObject({ code: 1 });
    const { codes, finding } = await ask(systemd, "metrics");
    expect(finding("handover-failed").fix).toContain("Give that port a socket unit, too.");
    expect(codes).not.toContain("port-taken");
  });

  it("says what to look for if it is not ready in time", async () => {
    await start("silent", {}, { handoverTimeout: "500ms" });
    await release(systemd, "silent", { silent: true });
    expect(await reload("silent")).toMatchObject({ code: 1 });
    const found = (await ask(systemd, "silent")).finding("handover-failed");
    expect(found.message).toContain("SOCKACT_ERR_HANDOVER_TIMEOUT");
    expect(found.fix).toContain("what the `onListen` of the new version waits for");
  });

  it("says that the Node of the first start is gone, which a restart corrects", async () => {
    await systemd.mustRun(["sh", "-c", `touch /srv/node1 && mount --bind ${systemd.node} /srv/node1`]);
    const program = `${systemd.project}/packages/cli/test/programs/service.mjs`;
    await start("moved", {}, { exec: ["/srv/node1", program, "moved"] });
    await systemd.mustRun(["sh", "-c", "umount --lazy /srv/node1 && rm /srv/node1"]);
    expect(await reload("moved")).toMatchObject({ code: 1 });
    const found = (await ask(systemd, "moved")).finding("handover-failed");
    expect(found.fix).toMatch(/^\/srv\/node1 does not exist any more\. .* Restart the service/);
    expect(found.copy).toContain("sockact restart moved");
  });

  it("says while a handover is under way that the new version is not ready", async () => {
    await start("slow");
    const pid = await systemd.show("slow.service", "MainPID");
    await release(systemd, "slow", { silent: true });
    await systemd.systemctl("reload", "--no-block", "slow.service");
    const found = await vi.waitUntil(
      async () => {
        const { findings } = await ask(systemd, "slow");
        return findings.find(({ code }) => code === "handover-waiting");
      },
      { timeout: 50_000 },
    );
    expect(found.message).toMatch(
      new RegExp(
        `^The new version of slow\\.service has been starting for .* Process ${pid} serves meanwhile\\.$`,
      ),
    );
    await systemd.stop("slow.service");
  });

  it("leaves out the warnings of a new version that has failed", async () => {
    await start("warning", {}, { handoverTimeout: "1s" });
    await release(systemd, "warning", { warns: true, silent: true });
    expect(await reload("warning")).toMatchObject({ code: 1 });
    await systemd.waitForJournal("warning.service", /SOCKACT_WARN_UNCLAIMED/);
    expect((await ask(systemd, "warning")).codes).not.toContain("app-warning");
  });

  it("notices a changed file of variables, and a changed credential", async () => {
    await systemd.write("/etc/named.env", "A=1\n");
    await systemd.write("/etc/named.key", "secret\n");
    await start("named", {}, { environmentFile: ["/etc/named.env"], credentials: { key: "/etc/named.key" } });
    expect((await ask(systemd, "named")).codes).not.toContain("handover-unit-changed");
    await systemd.mustRun(["touch", "/etc/named.env", "/etc/named.key"]);
    const { findings } = await ask(systemd, "named");
    expect(
      findings
        .filter(({ code }) => code === "handover-unit-changed")
        .map(({ evidence }) => evidence[0]!.source),
    ).toEqual(["/etc/named.env", "/etc/named.key"]);
  });

  it("finds an old process whose onStop does not end", async () => {
    await start("stuck", { stops: false }, { timeoutStopSec: "1s", drainTimeout: "500ms" });
    const pid = await systemd.show("stuck.service", "MainPID");
    await release(systemd, "stuck");
    expect(await reload("stuck")).toMatchObject({ code: 0 });
    const found = await vi.waitUntil(
      async () => {
        const { findings } = await ask(systemd, "stuck");
        return findings.find(({ code }) => code === "handover-unfinished");
      },
      { timeout: 50_000 },
    );
    expect(found.message).toContain(`Process ${pid} still runs`);
    expect(found.evidence[0]!.text).toBe("sockact: drained");
    await systemd.run(found.copy[0]!.split(" "));
    expect((await ask(systemd, "stuck")).codes).not.toContain("handover-unfinished");
  });

  it("notices that the unit has changed since the start, which a reload does not apply", async () => {
    await start("changed");
    await systemd.write("/run/systemd/system/changed.service.d/10.conf", "[Service]\nNice=1\n");
    expect((await ask(systemd, "changed")).codes).not.toContain("handover-unit-changed");
    await systemd.systemctl("daemon-reload");
    expect(await reload("changed")).toMatchObject({ code: 0 });
    const found = (await ask(systemd, "changed")).finding("handover-unit-changed");
    expect(found.evidence[0]!.source).toBe("/run/systemd/system/changed.service.d/10.conf");
    await systemd.systemctl("restart", "changed.service");
    expect((await ask(systemd, "changed")).codes).not.toContain("handover-unit-changed");
  });
});
