import { describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { ask, bootForDoctor } from "./doctor.ts";
import { handoverUnits } from "./handover.ts";
import { release, type Release } from "./services.ts";

describeWith({ privateSystemd: true, systemd: 253 }, "sockact doctor, on handovers", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootForDoctor();
  });
  afterAll(() => systemd?.close());

  let port = 80;
  const install = async (
    name: string,
    contents: Release = {},
    options: Omit<Parameters<typeof handoverUnits>[2], "port"> = {},
  ): Promise<void> => {
    await release(systemd, name, contents);
    await systemd.installUnits(handoverUnits(systemd, name, { port: port++, ...options }));
    await systemd.systemctl("enable", "--now", `${name}.socket`);
    await systemd.start(`${name}.service`);
  };
  const reload = (name: string) => systemd.run(["systemctl", "reload", `${name}.service`]);

  it("finds nothing in a service that was handed over", async () => {
    await install("healthy");
    expect(await reload("healthy")).toMatchObject({ code: 0 });
    expect((await ask(systemd, "healthy")).codes.filter((code) => code.startsWith("handover"))).toEqual([]);
  });

  it("shows why the last handover failed, until one succeeds", async () => {
    await install("broken");
    await release(systemd, "broken", { crash: true });
    expect(await reload("broken")).toMatchObject({ code: 1 });
    const found = (await ask(systemd, "broken")).finding("handover-failed");
    expect(found.severity).toBe("warning");
    expect(found.message).toContain("because the last handover failed: ERR_HANDOVER_EXITED.");
    expect(found.evidence[0]!.text).toMatch(
      /^Error: this release is broken\n[^]*\nsockact: ERR_HANDOVER_EXITED: /,
    );
    expect(found.copy).toContain("sockact explain ERR_HANDOVER_EXITED");
    await release(systemd, "broken");
    expect(await reload("broken")).toMatchObject({ code: 0 });
    expect((await ask(systemd, "broken")).codes).not.toContain("handover-failed");
  });

  it("says what to look for if it is not ready in time", async () => {
    await install("silent", {}, { lines: ["Environment=SOCKACT_HANDOVER_TIMEOUT=500ms"] });
    await release(systemd, "silent", { silent: true });
    expect(await reload("silent")).toMatchObject({ code: 1 });
    const found = (await ask(systemd, "silent")).finding("handover-failed");
    expect(found.message).toContain("ERR_HANDOVER_TIMEOUT");
    expect(found.fix).toContain("what the `ready` of the new version waits for");
  });

  it.each([
    ["of-type", ["Type=notify"], "Type=notify", ["  Type=notify-reload"]],
    ["of-inetd", ["StandardInput=socket"], "StandardInput=socket", []],
  ])("notices a unit that can't hand over: %s", async (name, lines, text, added) => {
    await release(systemd, name);
    await systemd.installUnits(handoverUnits(systemd, name, { port: port++, lines }));
    await systemd.start(`${name}.socket`);
    const { codes, finding } = await ask(systemd, name);
    const found = finding("handover-unsupported");
    expect(found.evidence[0]!.text).toBe(text);
    expect(found.copy).toEqual(expect.arrayContaining(added));
    expect(codes).not.toContain("handover-result-missing");
  });

  it("notices that systemctl reload does not learn of a failure", async () => {
    await install("loose", {}, { isAwaited: false });
    const found = (await ask(systemd, "loose")).finding("handover-result-missing");
    expect(found.severity).toBe("info");
    // The lines that it names do what it says.
    const lines = found.copy.filter((line) => line.startsWith("  ")).join("\n");
    await systemd.write("/run/systemd/system/loose.service.d/10.conf", lines);
    await systemd.systemctl("daemon-reload");
    await systemd.systemctl("restart", "loose.service");
    await release(systemd, "loose", { crash: true });
    expect(await reload("loose")).toMatchObject({ code: 1 });
    expect((await ask(systemd, "loose")).codes).not.toContain("handover-result-missing");
  });

  it("finds an old process whose onStop does not end", async () => {
    await install("stuck", { stops: false }, { lines: ["TimeoutStopSec=1s"] });
    const pid = await systemd.show("stuck.service", "MainPID");
    await release(systemd, "stuck");
    expect(await reload("stuck")).toMatchObject({ code: 0 });
    const found = await vi.waitUntil(
      async () => {
        const { findings } = await ask(systemd, "stuck");
        return findings.find(({ code }) => code === "handover-unfinished");
      },
      { timeout: 15_000 },
    );
    expect(found.message).toContain(`Process ${pid} still runs`);
    expect(found.evidence[0]!.text).toBe("sockact: drained");
    await systemd.run(found.copy[0]!.split(" "));
    expect((await ask(systemd, "stuck")).codes).not.toContain("handover-unfinished");
  });

  it("notices that the unit has changed since the start, which a reload does not apply", async () => {
    await install("changed");
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
