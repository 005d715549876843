import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeWith } from "@sockact/testkit";
import { expect, it, onTestFinished } from "vitest";
import { emitUnits, type AppDescription } from "../src/index.ts";

/** The exposure that `systemd-analyze security` finds: 0 is none, 10 is most. */
function exposure(description: Partial<AppDescription>, unit = "app.service"): number {
  const folder = mkdtempSync(join(tmpdir(), "sockact-units-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const units = emitUnits({
    name: "app",
    exec: ["/bin/sh"],
    sockets: [{ listen: 80 }],
    ...description,
  });
  for (const [name, text] of Object.entries(units)) {
    writeFileSync(join(folder, name.replace("@.service", ".service")), text);
  }
  const { stdout, stderr } = spawnSync(
    "systemd-analyze",
    ["security", "--offline=true", "--no-pager", join(folder, unit)],
    { encoding: "utf8" },
  );
  const level = /Overall exposure level for [\w@.]+: ([\d.]+)/.exec(stdout)?.[1];
  if (level === undefined) throw new Error(`${stdout}${stderr}`);
  return Number(level);
}

describeWith({ commands: ["systemd-analyze"], systemd: 250 }, "systemd-analyze security", () => {
  it("finds an inbound service next to not exposed", () => {
    expect(exposure({ hardening: "inbound" })).toBeLessThanOrEqual(0.2);
  });

  it("finds it so too when it tells that it is ready, and when it rolls over", () => {
    expect(exposure({ hardening: "inbound", type: "notify", watchdogSec: "30s" })).toBeLessThanOrEqual(0.2);
    expect(exposure({ hardening: "inbound", rolling: true })).toBeLessThanOrEqual(0.2);
  });

  it("finds an outbound service little exposed", () => {
    expect(exposure({ hardening: "outbound" })).toBeLessThanOrEqual(1.1);
  });

  it("finds either little worse with a user of its own, in a home", () => {
    const inHome = { user: "me", workingDirectory: "/home/me/app" };
    expect(exposure({ hardening: "inbound", ...inHome })).toBeLessThanOrEqual(0.3);
    expect(exposure({ hardening: "outbound", ...inHome })).toBeLessThanOrEqual(1.2);
  });

  it("finds one that listens by itself little worse: it keeps the host's network and users, and one capability", () => {
    expect(exposure({ bind: "capability", hardening: "inbound" })).toBeLessThanOrEqual(1.4);
    expect(exposure({ bind: "capability", hardening: "outbound" })).toBeLessThanOrEqual(1.5);
  });

  it("finds a proxy, and an inbound service behind it, next to not exposed", () => {
    for (const unit of ["app.service", "app@proxy.service"]) {
      const unix = { bind: "proxy", backend: "/run/app/app.sock", hardening: "inbound" } as const;
      expect(exposure(unix, unit)).toBeLessThanOrEqual(0.2);
      expect(exposure({ bind: "proxy", hardening: "inbound" }, unit)).toBeLessThanOrEqual(0.5);
    }
    expect(exposure({ bind: "proxy" }, "app@proxy.service")).toBeLessThanOrEqual(0.9);
  });
});
