import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeWith } from "@sockact/testkit";
import { expect, it, onTestFinished } from "vitest";
import { emitUnits, explain, type AppDescription } from "../src/index.ts";

interface Finding {
  name: string;
  exposure: string | null;
}

/** What `systemd-analyze security` says of the service of a description. */
function analyze(description: Partial<AppDescription>, unit: string, ...options: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "sockact-units-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(emitUnits({ ...app, ...description }))) {
    writeFileSync(join(folder, name.replace("@.service", ".service")), text);
  }
  const { stdout, stderr } = spawnSync(
    "systemd-analyze",
    ["security", "--offline=true", "--no-pager", ...options, join(folder, unit)],
    { encoding: "utf8" },
  );
  if (stdout === "") throw new Error(stderr);
  return stdout;
}

/** What of it adds to the exposure. */
function costly(description: Partial<AppDescription>): string[] {
  const findings = JSON.parse(analyze(description, "app.service", "--json=short")) as Finding[];
  return findings.filter(({ exposure: cost }) => cost !== null).map(({ name }) => name);
}

/** The exposure that it finds: 0 is none, 10 is most. */
function exposure(description: Partial<AppDescription>, unit = "app.service"): number {
  return Number(/Overall exposure level for [\w@.]+: ([\d.]+)/.exec(analyze(description, unit))?.[1]);
}

const app: AppDescription = {
  name: "app",
  exec: ["/usr/bin/node", "/srv/app/server.js"],
  sockets: [{ listen: 80 }],
};

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

  it("finds less with jitless, and more where a directive is turned off", () => {
    expect(costly({ hardening: "inbound", jitless: true })).toEqual([
      "RootDirectory=/RootImage=",
      "DeviceAllow=",
    ]);
    expect(exposure({ hardening: { profile: "inbound", privateNetwork: false } })).toBeGreaterThan(0.5);
  });

  it("finds a service without a sandbox exposed", () => {
    expect(exposure({ hardening: "none" })).toBeGreaterThan(7);
    expect(exposure({ hardening: "none", user: "root", acknowledge: ["user-root"] })).toBeGreaterThan(9);
  });

  it.each(["inbound", "outbound"] as const)(
    "finds nothing in %s that has no answer in the table",
    (hardening) => {
      const told = explain({ ...app, hardening });
      for (const name of costly({ hardening })) {
        const directive = /^\w+/.exec(name)![0];
        const answer = told.find((explanation) => explanation.directive === directive);
        // What is written and still counts has a price, had it said less.
        expect([name, answer?.status === "left out" || answer?.cost !== undefined]).toEqual([name, true]);
      }
    },
  );
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
