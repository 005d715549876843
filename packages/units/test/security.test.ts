import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { emitUnits, explain, type AppDescription } from "../src/index.ts";

interface Finding {
  name: string;
  exposure: string | null;
}

const app: AppDescription = {
  name: "app",
  exec: ["/usr/bin/node", "/srv/app/server.js"],
  sockets: [{ listen: 80 }],
};

describeWith({ privateSystemd: true, systemd: 250 }, "systemd-analyze security", () => {
  let systemd: PrivateSystemd;
  beforeAll(async () => {
    systemd = await bootPrivateSystemd();
  });
  afterAll(() => systemd?.close());

  /**
   * What it says of the service of a description. It asks the service manager, as offline it does not know in
   * 252 what implies what.
   */
  async function analyze(description: Partial<AppDescription>, unit: string, ...options: string[]) {
    const units = Object.entries(emitUnits({ ...app, ...description })).map(
      ([name, text]) => [name.replace("@.service", ".service"), text] as const,
    );
    for (const [name, text] of units) await systemd.write(`/run/systemd/system/${name}`, text);
    await systemd.systemctl("daemon-reload");
    return systemd.mustRun(["systemd-analyze", "security", "--no-pager", ...options, unit]);
  }

  /** What of it adds to the exposure. */
  async function costly(description: Partial<AppDescription>): Promise<string[]> {
    const findings = JSON.parse(await analyze(description, "app.service", "--json=short")) as Finding[];
    return findings.filter(({ exposure: cost }) => cost !== null).map(({ name }) => name);
  }

  /** The exposure that it finds: 0 is none, 10 is most. */
  async function exposure(description: Partial<AppDescription>, unit = "app.service"): Promise<number> {
    const said = await analyze(description, unit);
    return Number(/Overall exposure level for [\w@.]+: ([\d.]+)/.exec(said)?.[1]);
  }

  it("rates an inbound service almost unexposed", async () => {
    expect(await exposure({ hardening: "inbound" })).toBeLessThanOrEqual(0.2);
  });

  it("gives the same rating when it notifies, with a rolling restart and with a handover", async () => {
    expect(await exposure({ hardening: "inbound", type: "notify", watchdogSec: "30s" })).toBeLessThanOrEqual(
      0.2,
    );
    expect(await exposure({ hardening: "inbound", rolling: true })).toBeLessThanOrEqual(0.2);
    expect(await exposure({ hardening: "inbound", handover: true })).toBeLessThanOrEqual(0.2);
  });

  it("rates an outbound service little exposed", async () => {
    expect(await exposure({ hardening: "outbound" })).toBeLessThanOrEqual(1.1);
  });

  it("rates a service without a sandbox as docs/hardening.md says", async () => {
    expect(await exposure({ hardening: "none" })).toBe(8.2);
    const root: Partial<AppDescription> = { user: "root", acknowledge: ["user-root"] };
    expect(await exposure({ hardening: "none", ...root })).toBe(9.6);
  });

  it("rates either only a little worse with its own user, in a home", async () => {
    const inHome = { user: "me", workingDirectory: "/home/me/app" };
    expect(await exposure({ hardening: "inbound", ...inHome })).toBeLessThanOrEqual(0.3);
    expect(await exposure({ hardening: "outbound", ...inHome })).toBeLessThanOrEqual(1.2);
  });

  it("finds less with jitless, and more where a directive is turned off", async () => {
    expect(await costly({ hardening: "inbound", jitless: true })).toEqual([
      "RootDirectory=/RootImage=",
      "DeviceAllow=",
    ]);
    expect(await exposure({ hardening: { profile: "inbound", privateNetwork: false } })).toBeGreaterThan(0.5);
  });

  it("finds a service without a sandbox exposed", async () => {
    expect(await exposure({ hardening: "none" })).toBeGreaterThan(7);
    expect(await exposure({ hardening: "none", user: "root", acknowledge: ["user-root"] })).toBeGreaterThan(
      9,
    );
  });

  it.each(["inbound", "outbound"] as const)(
    "finds nothing in %s that has no answer in the table",
    async (hardening) => {
      const told = explain({ ...app, hardening });
      for (const name of await costly({ hardening })) {
        const directive = /^\w+/.exec(name)![0];
        const answer = told.find((explanation) => explanation.directive === directive);
        // What is written and still counts has a price, had it said less.
        expect([name, answer?.status === "left out" || answer?.cost !== undefined]).toEqual([name, true]);
      }
    },
  );
  it("finds one that listens by itself little worse: it keeps the host's network and users, and one capability", async () => {
    expect(await exposure({ bind: "capability", hardening: "inbound" })).toBeLessThanOrEqual(1.4);
    expect(await exposure({ bind: "capability", hardening: "outbound" })).toBeLessThanOrEqual(1.5);
  });

  it("finds a proxy, and an inbound service that it forwards to, almost unexposed", async () => {
    for (const unit of ["app.service", "app@proxy.service"]) {
      const unix = { bind: "proxy", backend: "/run/app/app.sock", hardening: "inbound" } as const;
      expect(await exposure(unix, unit)).toBeLessThanOrEqual(0.2);
      expect(await exposure({ bind: "proxy", hardening: "inbound" }, unit)).toBeLessThanOrEqual(0.5);
    }
    expect(await exposure({ bind: "proxy" }, "app@proxy.service")).toBeLessThanOrEqual(0.9);
  });
});
