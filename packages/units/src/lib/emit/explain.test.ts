import { describe, expect, it } from "vitest";
import type { AppDescription } from "../description/app.ts";
import { UnitError } from "../problems.ts";
import { emitUnits } from "./emit.ts";
import { explain, explanationText } from "./explain.ts";

const shop: AppDescription = {
  name: "shop",
  exec: ["/usr/bin/node", "/srv/app/server.js"],
  sockets: [{ listen: 80 }],
  hardening: { profile: "inbound", privateIPC: false, protectHome: "read-only" },
};

describe("explain", () => {
  it("explains every line of every unit", () => {
    for (const [unit, text] of Object.entries(emitUnits(shop))) {
      const told = explain(shop).filter((line) => line.unit === unit && line.status !== "left out");
      expect(told.map(({ directive, value }) => `${directive}=${value}`)).toEqual(
        text.split("\n").filter((line) => line.includes("=")),
      );
    }
  });

  it("says who wrote a line, why, and what it costs", () => {
    const told = explain(shop);
    const of = (directive: string) => told.filter((line) => line.directive === directive);
    expect(of("ListenStream")).toEqual([
      {
        unit: "shop.socket",
        profile: "inbound",
        section: "Socket",
        directive: "ListenStream",
        value: "80",
        status: "asked",
        reason: "The description sets it.",
      },
    ]);
    expect(
      explain({ ...shop, type: "notify-reload" }).filter(({ directive }) => directive === "Type"),
    ).toMatchObject([
      { status: "asked", reason: "The app tells systemd when it is ready, and answers systemctl reload." },
    ]);
    expect(of("ProtectHome")).toMatchObject([
      { status: "asked", reason: expect.stringContaining("home directories") },
    ]);
    expect(of("ProcSubset")).toMatchObject([{ status: "added", cost: expect.stringContaining("os.cpus()") }]);
  });

  it("gives no cost for directives that a port method opens, or for lines of the proxy", () => {
    const told = explain({ ...shop, bind: "proxy" });
    const paid = told.filter(({ cost }) => cost !== undefined);
    expect(paid.map(({ directive }) => directive)).toContain("ProcSubset");
    expect(paid.map(({ directive }) => directive)).not.toContain("RestrictAddressFamilies");
    expect(new Set(paid.map(({ unit }) => unit))).toEqual(new Set(["shop.service"]));
  });

  it("explains which directives are left out: by the description, by the profile, and always", () => {
    const leftOut = (description: AppDescription) =>
      Object.fromEntries(
        explain(description)
          .filter(({ status }) => status === "left out")
          .map(({ directive, reason }) => [directive, reason]),
      );
    expect(leftOut(shop)).toMatchObject({
      PrivateIPC: "The description disables it.",
      MemoryDenyWriteExecute: expect.stringContaining("jitless"),
      RootDirectory: expect.stringContaining("libraries"),
    });
    expect(leftOut({ ...shop, hardening: "outbound" })).toMatchObject({
      PrivateNetwork: expect.stringContaining("connections"),
    });
    expect(leftOut({ ...shop, hardening: "none" })).toMatchObject({
      PrivateTmp: "DynamicUser= implies it.",
      PrivateNetwork: "The description has no sandbox.",
    });
  });

  it("does not list a written directive as left out", () => {
    const notifying = { ...shop, type: "notify", notifyAccess: "all" } as const;
    expect(explain(notifying).filter(({ directive }) => directive === "NotifyAccess")).toMatchObject([
      { status: "asked", value: "all" },
    ]);
  });

  it("explains both profiles without a description", () => {
    const values = explain()
      .filter(({ directive, status }) => directive === "RestrictAddressFamilies" && status === "added")
      .map(({ profile, value, cost }) => [profile, value, cost]);
    expect(values).toEqual([
      ["inbound", "none", expect.stringContaining("EAFNOSUPPORT")],
      ["outbound", "AF_UNIX AF_INET AF_INET6 AF_NETLINK", expect.stringContaining("Bluetooth")],
    ]);
  });

  it("throws the same error as emitUnits", () => {
    expect(() => explain({ ...shop, name: "" })).toThrow(UnitError);
  });
});

it("explanationText has each reason below its lines", () => {
  const text = explanationText(explain(shop));
  expect(text).toMatch(
    /^shop\.socket \[Unit\] \(inbound\)\n\nDescription=shop socket\n {4}systemctl status and the journal/,
  );
  expect(text).toContain(
    "\nSystemCallFilter=@system-service\nSystemCallFilter=~@privileged @resources\n    The service can make the system calls that",
  );
  expect(text).toMatch(
    /\n\nshop\.service, left out \(inbound\)\n\nPrivateIPC=\n {4}The description disables it\.\n/,
  );
  expect(text).toMatch(/\nNotifyAccess=all\n/);
});
