// What `sockact drain` takes besides a service with sockets, and what it finds in the place of its file.
import { existsSync } from "node:fs";
import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { emitUnits } from "@sockact/units";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { install, sockact } from "./services.ts";

describeWith({ privateSystemd: true, systemd: 253 }, "sockact drain", () => {
  let systemd: PrivateSystemd;

  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
    await install(systemd, { name: "shop", sockets: [{ listen: 80 }], healthSocket: 8081 });
  });
  afterAll(() => systemd?.close());
  afterEach(() => systemd.run(["rm", "-rf", "/var/lib/sockact/drained"]));

  const isDrained = (name: string): boolean =>
    existsSync(systemd.hostPath(`/var/lib/sockact/drained/${name}`));

  it("takes a service that no socket starts, and waits for the whole time", async () => {
    await systemd.installUnits({ "bound.service": "[Service]\nExecStart=/bin/sleep infinity\n" });
    const { code, stdout, stderr } = await sockact(
      systemd,
      "drain",
      "bound.service",
      "--wait",
      "1s",
      "--json",
    );
    expect({ code, reports: JSON.parse(stdout) as unknown }).toEqual({
      code: 0,
      reports: [{ name: "bound", drained: true, changed: true, quiet: true }],
    });
    expect(stderr).toMatch(
      /units of bound have neither health nor[^]*no socket starts bound, so its connections/,
    );
    expect(isDrained("bound")).toBe(true);
    expect(await sockact(systemd, "undrain", "bound")).toMatchObject({ code: 0 });
    expect(await sockact(systemd, "drain", "bount")).toMatchObject({ code: 1 });
  });

  it("drains all instances of a template, by the name of the template or of one of them", async () => {
    await systemd.installUnits(
      emitUnits({
        name: "inst",
        exec: ["/bin/sleep", "infinity"],
        sockets: [{ listen: "/run/inst-%i.sock" }],
        template: true,
        health: "/healthz",
      }),
    );
    await systemd.start("inst@1.socket", "inst@2.socket");
    expect(await sockact(systemd, "drain", "inst@1")).toMatchObject({
      code: 0,
      stderr: "",
      stdout: expect.stringMatching(/^inst with all its instances is drained: [^]* undrain inst\n$/),
    });
    expect(isDrained("inst")).toBe(true);
    const again = await sockact(systemd, "drain", "inst", "--json");
    expect(JSON.parse(again.stdout)).toEqual([{ name: "inst", drained: true, changed: false }]);
    expect(await sockact(systemd, "undrain", "inst@2")).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^inst is no longer drained\./),
    });
    expect(isDrained("inst")).toBe(false);
    expect(await sockact(systemd, "drain", "inst@7")).toMatchObject({ code: 1 });
  });

  it("warns about a service of the distribution", async () => {
    expect(await sockact(systemd, "drain", "systemd-journald")).toMatchObject({
      stderr: expect.stringContaining("the units of systemd-journald have neither"),
    });
  });

  it.each([
    ["a folder", "mkdir -p drained/shop", "drained/shop is not a file", 1],
    [
      "a dangling symlink",
      "mkdir -p drained && ln -s /nowhere drained/shop",
      "drained/shop is not a file",
      0,
    ],
    [
      "a closed folder",
      "mkdir -p drained && chmod 700 drained && touch drained/shop",
      "Open it: chmod 755 /var/lib/sockact/drained",
      0,
    ],
  ])("refuses %s in the place of its file", async (_what, command, message, undrained) => {
    const inside = `mkdir -p /var/lib/sockact && cd /var/lib/sockact && rm -rf drained && ${command}`;
    await systemd.mustRun(["sh", "-c", inside]);
    const { code, stderr } = await sockact(systemd, "drain", "shop");
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(message) });
    expect(stderr).toContain("SOCKACT_ERR_INSTALL_PATH");
    expect(await sockact(systemd, "undrain", "shop")).toMatchObject({ code: undrained });
  });
});
