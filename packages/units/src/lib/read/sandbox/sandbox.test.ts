import { describe, expect, it } from "vitest";
import type { AppDescription } from "../../description/app.ts";
import { emitUnits } from "../../emit/emit.ts";
import { explain } from "../../emit/explain.ts";
import { UnitError, type UnitProblem } from "../../problems.ts";
import { neverWritten, profiles, sandboxDirectives } from "./directives.ts";
import type { HardeningOptions, SandboxField } from "../../description/hardening.ts";

const shop: AppDescription = {
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  sockets: [{ listen: 80 }],
};

function service(hardening: HardeningOptions, description: Partial<AppDescription> = {}): string {
  return emitUnits({ ...shop, ...description, hardening })["shop.service"]!;
}

function problems(hardening: unknown, description: Partial<AppDescription> = {}): readonly UnitProblem[] {
  try {
    emitUnits({ ...shop, ...description, hardening: hardening as HardeningOptions });
  } catch (error) {
    if (error instanceof UnitError) return error.problems;
    throw error;
  }
  throw new Error("It was taken.");
}

describe("a profile as an object", () => {
  it("is the profile of that name, and outbound where none is named", () => {
    for (const profile of ["inbound", "outbound", "none"] as const)
      expect(service({ profile })).toBe(emitUnits({ ...shop, hardening: profile })["shop.service"]);
    expect(service({})).toBe(service({ profile: "outbound" }));
  });

  /** The lines that a change of the sandbox takes out, and those that it brings. */
  function difference(hardening: HardeningOptions, description: Partial<AppDescription> = {}) {
    const before = service({ profile: hardening.profile! }, description).split("\n");
    const after = service(hardening, description).split("\n");
    const without = (lines: string[], others: string[]) => lines.filter((line) => !others.includes(line));
    return [without(before, after), without(after, before)];
  }

  it.each<[HardeningOptions, string[], string[]]>([
    [{ profile: "inbound", privateNetwork: false }, ["PrivateNetwork=yes"], []],
    [{ profile: "outbound", privateNetwork: true }, [], ["PrivateNetwork=yes"]],
    [{ profile: "outbound", protectHome: "read-only" }, ["ProtectHome=yes"], ["ProtectHome=read-only"]],
    [{ profile: "inbound", procSubset: "all" }, ["ProcSubset=pid"], ["ProcSubset=all"]],
    [{ profile: "inbound", umask: "0027" }, ["UMask=0077"], ["UMask=0027"]],
    [{ profile: "inbound", umask: false }, ["UMask=0077"], []],
    [
      { profile: "outbound", restrictNamespaces: ["net", "pid", "user"] },
      ["RestrictNamespaces=yes"],
      ["RestrictNamespaces=net pid user"],
    ],
    [
      { profile: "outbound", ipAddressDeny: true, ipAddressAllow: ["localhost", "10.0.0.0/8", "fd00::/8"] },
      [],
      ["IPAddressAllow=localhost 10.0.0.0/8 fd00::/8", "IPAddressDeny=any"],
    ],
    [
      { profile: "outbound", systemCallFilter: ["@resources", "~@ipc", "mbind"] },
      [],
      ["SystemCallFilter=@resources mbind", "SystemCallFilter=~@ipc"],
    ],
    [
      { profile: "outbound", systemCallFilter: false },
      [
        "SystemCallFilter=@system-service",
        "SystemCallFilter=~@privileged @resources",
        "SystemCallErrorNumber=EPERM",
      ],
      [],
    ],
    [
      { profile: "outbound", systemCallErrorNumber: "ENOSYS" },
      ["SystemCallErrorNumber=EPERM"],
      ["SystemCallErrorNumber=ENOSYS"],
    ],
    [
      { profile: "none", systemCallFilter: ["@system-service"] },
      [],
      ["SystemCallFilter=@system-service", "SystemCallErrorNumber=EPERM"],
    ],
    [
      { profile: "outbound", ambientCapabilities: ["CAP_NET_RAW"] },
      ["CapabilityBoundingSet=", "AmbientCapabilities=", "PrivateUsers=yes"],
      ["CapabilityBoundingSet=CAP_NET_RAW", "AmbientCapabilities=CAP_NET_RAW"],
    ],
    [
      { profile: "inbound", restrictAddressFamilies: ["AF_UNIX", "AF_INET"] },
      ["RestrictAddressFamilies=none"],
      ["RestrictAddressFamilies=AF_UNIX AF_INET"],
    ],
    [
      { profile: "outbound", restrictAddressFamilies: [] },
      ["RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK"],
      ["RestrictAddressFamilies=none"],
    ],
  ])("differs by %j", (hardening, gone, come) => {
    expect(difference(hardening)).toEqual([gone, come]);
  });

  it("can leave out each directive of the sandbox that nothing else requires, with a user", () => {
    for (const field of Object.keys(sandboxDirectives) as SandboxField[]) {
      if (["systemCallErrorNumber", "ipAddressAllow"].includes(field)) continue;
      const { key } = sandboxDirectives[field];
      const text = service({ profile: "inbound", [field]: false }, { user: "shop" });
      expect(text).not.toContain(`\n${key}=`);
    }
  });
});

describe("a sandbox that contradicts itself or the service", () => {
  it.each<[HardeningOptions, Partial<AppDescription>, SandboxField, RegExp]>([
    [{ noNewPrivileges: false }, {}, "noNewPrivileges", /with DynamicUser=/],
    [{ profile: "none", privateTmp: false }, {}, "privateTmp", /PrivateTmp=no/],
    [{ protectSystem: "full" }, {}, "protectSystem", /ProtectSystem=full/],
    [{ protectHome: false }, {}, "protectHome", /read-only or yes/],
    [{ removeIPC: false }, {}, "removeIPC", /with DynamicUser=/],
    [{ protectHome: true }, { workingDirectory: "/home/me" }, "protectHome", /^home-hidden: /],
    [{ memoryDenyWriteExecute: true }, {}, "memoryDenyWriteExecute", /^jit-killed: .*with Node/],
    [
      { memoryDenyWriteExecute: true },
      { exec: ["/usr/bin/env", "deno"] },
      "memoryDenyWriteExecute",
      /^jit-killed: .*with deno/,
    ],
    [
      { ambientCapabilities: ["CAP_NET_RAW"], capabilityBoundingSet: ["CAP_CHOWN"] },
      {},
      "capabilityBoundingSet",
      /does not contain CAP_NET_RAW/,
    ],
    [
      { ambientCapabilities: ["CAP_NET_RAW"], privateUsers: true },
      {},
      "privateUsers",
      /CAP_NET_RAW has no effect on the rest of the machine/,
    ],
    [{ ipAddressAllow: ["localhost"] }, {}, "ipAddressAllow", /no address is denied/],
    [
      { systemCallErrorNumber: false } as unknown as HardeningOptions,
      {},
      "systemCallErrorNumber",
      /kills the program/,
    ],
    [
      { restrictAddressFamilies: ["AF_INET"] },
      { type: "notify", openFile: false },
      "restrictAddressFamilies",
      /^notify-blocked: /,
    ],
  ])("is told so: %j with %j", (hardening, description, field, message) => {
    expect(problems(hardening, description)).toMatchObject([
      {
        code: expect.stringMatching(/^SOCKACT_ERR_UNIT_(?:CONFLICT|LINT)$/),
        path: `hardening.${field}`,
        message: expect.stringMatching(message),
        hint: expect.stringMatching(/./),
      },
    ]);
  });

  it("is taken where it makes sense", () => {
    expect(service({ noNewPrivileges: false, protectSystem: "full" }, { user: "shop" })).toContain(
      "ProtectSystem=full\n",
    );
    expect(service({ memoryDenyWriteExecute: true }, { exec: ["/usr/bin/caddy"] })).toContain(
      "MemoryDenyWriteExecute=yes\n",
    );
    expect(service({ privateTmp: false }, { user: "shop", exec: ["/tmp/shop"] })).toContain(
      "ExecStart=/tmp/shop\n",
    );
  });
});

describe("a sandbox that systemd would not understand", () => {
  it.each<[unknown, string, string]>([
    ["max", "SOCKACT_ERR_UNIT_CHOICE", "hardening"],
    [null, "SOCKACT_ERR_UNIT_CHOICE", "hardening"],
    [{ profile: "max" }, "SOCKACT_ERR_UNIT_CHOICE", "hardening.profile"],
    [{ PrivateTmp: true }, "SOCKACT_ERR_UNIT_FIELD", "hardening.PrivateTmp"],
    [{ privateNetwork: "yes" }, "SOCKACT_ERR_UNIT_TYPE", "hardening.privateNetwork"],
    [{ protectSystem: "most" }, "SOCKACT_ERR_UNIT_CHOICE", "hardening.protectSystem"],
    [{ procSubset: true }, "SOCKACT_ERR_UNIT_CHOICE", "hardening.procSubset"],
    [{ umask: "0o77" }, "SOCKACT_ERR_UNIT_NUMBER", "hardening.umask"],
    [{ systemCallFilter: [] }, "SOCKACT_ERR_UNIT_MISSING", "hardening.systemCallFilter"],
    [{ systemCallFilter: "@resources" }, "SOCKACT_ERR_UNIT_TYPE", "hardening.systemCallFilter"],
    [{ systemCallFilter: ["@resource"] }, "SOCKACT_ERR_UNIT_NAME", "hardening.systemCallFilter[0]"],
    [{ systemCallFilter: ["a\nb"] }, "SOCKACT_ERR_UNIT_TEXT", "hardening.systemCallFilter[0]"],
    [{ systemCallErrorNumber: "EFOO" }, "SOCKACT_ERR_UNIT_CHOICE", "hardening.systemCallErrorNumber"],
    [{ capabilityBoundingSet: ["CAP_ALL"] }, "SOCKACT_ERR_UNIT_NAME", "hardening.capabilityBoundingSet[0]"],
    [
      { restrictAddressFamilies: ["AF_NONE"] },
      "SOCKACT_ERR_UNIT_NAME",
      "hardening.restrictAddressFamilies[0]",
    ],
    [{ restrictNamespaces: ["time"] }, "SOCKACT_ERR_UNIT_CHOICE", "hardening.restrictNamespaces[0]"],
    [{ ipAddressDeny: ["10.0.0.0/33"] }, "SOCKACT_ERR_UNIT_ADDRESS", "hardening.ipAddressDeny[0]"],
    [{ ipAddressDeny: ["example.org"] }, "SOCKACT_ERR_UNIT_ADDRESS", "hardening.ipAddressDeny[0]"],
  ])("is refused: %j", (hardening, code, path) => {
    expect(problems(hardening)).toMatchObject([{ code, path, hint: expect.stringMatching(/./) }]);
  });
});

describe("jitless", () => {
  it("keeps Node and its children from compiling, in any profile", () => {
    for (const hardening of ["none", "outbound", "inbound"] as const) {
      const text = emitUnits({ ...shop, hardening, jitless: true })["shop.service"];
      expect(text).toContain("Environment=NODE_OPTIONS=--jitless\n");
      expect(text).toContain("MemoryDenyWriteExecute=yes\n");
    }
  });

  it("keeps the options that Node has already", () => {
    const environment = { NODE_OPTIONS: "--max-old-space-size=100" };
    expect(service({}, { jitless: true, environment })).toContain(
      'Environment="NODE_OPTIONS=--max-old-space-size=100 --jitless"\n',
    );
  });

  it("is refused for another program", () => {
    expect(problems({}, { jitless: true, exec: ["/usr/bin/deno"] })).toMatchObject([
      { code: "SOCKACT_ERR_UNIT_CONFLICT", path: "jitless" },
    ]);
    for (const exec of [["/opt/node-22/bin/node"], ["/usr/bin/nodejs"], ["/usr/bin/env", "node22"]])
      expect(service({}, { jitless: true, exec: [...exec, "/srv/app/server.js"] })).toContain("--jitless");
  });
});

describe("the table", () => {
  it("has a reason for each directive that a profile leaves out", () => {
    for (const { status, reason } of explain().filter(({ section }) => section === "Service"))
      expect([status, reason]).toEqual([status, expect.stringMatching(/.\.$/)]);
    const open = Object.values(sandboxDirectives).filter((directive) =>
      profiles.some((profile) => !(profile in directive)),
    );
    expect(open.filter(({ leftOut }) => leftOut === undefined)).toEqual([]);
  });

  it("has reasons of one line, which no backslash continues", () => {
    for (const { reason } of [...Object.values(sandboxDirectives), ...neverWritten])
      expect(reason).toMatch(/^[^\n\\]+\.$/);
  });
});
