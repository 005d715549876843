// The health socket, from `sockact install` to `sockact uninstall`.
import { existsSync } from "node:fs";
import { bootPrivateSystemd, type CommandResult, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sockactInside } from "./run.ts";
import { openClient, sockact } from "./services.ts";

describeWith({ privateSystemd: true, systemd: 253 }, "sockact install with health.listen", () => {
  let systemd: PrivateSystemd;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await systemd.mustRun(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/srv"]);
  });
  afterAll(() => systemd?.close());

  const isDrained = (name: string): boolean =>
    existsSync(systemd.hostPath(`/var/lib/sockact/drained/${name}`));

  const folder = "/srv/web";
  const inFolder = (...args: string[]): Promise<CommandResult> =>
    systemd.run([...sockactInside(systemd), ...args], { cwd: folder, timeout: 60_000 });
  const configure = (more: object): Promise<void> =>
    systemd.write(
      `${folder}/sockact.config.json`,
      JSON.stringify({
        name: "web",
        exec: [systemd.node, `${systemd.project}/packages/cli/test/programs/service.mjs`, "web"],
        sockets: [{ listen: 90 }],
        ...more,
      }),
    );

  it("adds the health socket, enables only the app's socket, and uninstall removes all", async () => {
    await systemd.write("/etc/web.json", `{ "version": 1 }`);
    await configure({});
    expect(await inFolder("install", "--yes")).toMatchObject({ code: 0 });
    const pid = await systemd.show("web.service", "MainPID");
    await configure({ health: { listen: 8091 } });
    const installed = await inFolder("install", "--yes");
    expect(installed).toMatchObject({
      code: 0,
      stderr: expect.not.stringContaining("no installation config"),
    });
    expect(installed.stdout).not.toContain("8091");
    expect(installed.stderr).toMatch(/^ {2}listens on {2}port 90\n {2}probes on {3}port 8091\n/m);
    expect((await systemd.request("http://127.0.0.1:8091/")).status).toBe(200);
    expect(await systemd.show("web-health.socket", "UnitFileState")).toBe("static");
    expect(await systemd.show("web.service", "MainPID")).toBe(pid);
    expect(await inFolder("install", "--yes")).toMatchObject({ code: 0 });

    await sockact(systemd, "drain", "web");
    expect((await systemd.request("http://127.0.0.1:8091/")).status).toBe(503);
    expect(await inFolder("uninstall", "web", "--yes")).toMatchObject({ code: 0 });
    expect(isDrained("web")).toBe(false);
    await expect(systemd.request("http://127.0.0.1:8091/")).rejects.toMatchObject({
      code: "ECONNREFUSED",
    });
    expect(await systemd.show("web-health.socket", "LoadState")).toBe("not-found");
  });

  it("removes the health socket that a config no longer has", async () => {
    await configure({ health: { listen: 8091 } });
    expect(await inFolder("install", "--yes")).toMatchObject({ code: 0 });
    // A probe that is being answered is not in the way of a restart.
    const silent = await openClient(systemd, { port: 8091 });
    await configure({ health: { listen: 8091 }, environment: { CHANGED: "yes" } });
    expect(await inFolder("install", "--yes")).toMatchObject({ code: 0 });
    await configure({});
    expect(await inFolder("install", "--yes")).toMatchObject({ code: 0 });
    await expect(systemd.request("http://127.0.0.1:8091/")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect((await systemd.request("http://127.0.0.1:90/")).status).toBe(200);
    silent.kill();
    await inFolder("uninstall", "web", "--yes");
  });

  it("refuses a template, whose instances it can't know", async () => {
    await configure({ template: true, sockets: [{ listen: "/run/web-%i.sock" }] });
    expect(await inFolder("install", "--yes")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /web has template: true, .*\n[^]*units --out [^]*enable --now web@1\.socket/,
      ),
    });
  });

  it("refuses the name drained, whose folder has the files of sockact drain", async () => {
    await configure({ name: "drained" });
    expect(await inFolder("install", "--yes")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("sockact has its own files in /var/lib/sockact/drained"),
    });
  });
});
