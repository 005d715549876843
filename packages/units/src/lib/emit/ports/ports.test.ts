import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { everyField } from "../../../../test/every-field.ts";
import type { AppDescription } from "../../description/app.ts";
import { emitUnits } from "../emit.ts";
import { reasonsOf } from "../../write/reasons.ts";
import { UnitError } from "../../problems.ts";

const shop: AppDescription = {
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  sockets: [{ listen: 80, noDelay: true }],
};
const container = { image: "localhost/shop:1" };

/** Fields that may be anything, as a program without types has them. */
const emit = (fields: object, options = {}) => emitUnits({ ...shop, ...fields }, options);

function problemsOf(fields: object): UnitError["problems"] {
  try {
    emit(fields);
  } catch (error) {
    if (error instanceof UnitError) return error.problems;
    throw error;
  }
  return [];
}

describe("by one word", () => {
  it("the same description is passed its sockets, listens itself, or has a proxy before it", () => {
    const ways = ["socket", "capability", "proxy"].map((bind) => Object.keys(emit({ bind })));
    expect(ways).toEqual([
      ["shop.socket", "shop.service"],
      ["shop.service"],
      ["shop.socket", "shop@proxy.service", "shop.service"],
    ]);
    expect(emit({ bind: "socket" })).toEqual(emit({}));
    expect(Object.keys(emit({ container }))).toEqual(["shop.socket", "shop.container"]);
  });

  it("each added directive has a reason, and each reason belongs to a directive", () => {
    const described = [
      { bind: "capability", hardening: "inbound" },
      { bind: "proxy", hardening: "inbound", sockets: [{ listen: 80 }] },
      { bind: "proxy", hardening: "inbound", backend: "/run/shop/app.sock" },
      { container, hardening: "inbound", type: "notify", drainTimeout: "5s" },
      { conditionPathExists: "/srv/shop" },
      { restart: "no" },
      { rolling: true },
      { preload: true, systemd: 253 },
      { systemd: 254 },
      { handover: true, timeoutStartSec: "5min" },
      { handover: true, handoverTimeout: "5min" },
      { healthSocket: 8081 },
    ];
    const comments = described.flatMap((fields) =>
      Object.values(emit(fields, { comments: true })).flatMap((text) => text.match(/^# .*$/gm) ?? []),
    );
    const reasons = Object.values(reasonsOf).flatMap((table) => Object.values(table));
    expect(comments).toEqual(expect.arrayContaining(reasons.map((reason) => `# ${reason}`)));
  });
});

describe("a service that listens by itself", () => {
  const service = (fields: object) => emit({ bind: "capability", ...fields })["shop.service"]!;

  it("starts at boot with the one capability, and with no other even without a sandbox", () => {
    expect(service({ hardening: "none" })).toBe(`[Unit]
Description=shop
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=/usr/bin/node /srv/shop/server.js
DynamicUser=yes
WorkingDirectory=/srv/shop
Environment=NODE_ENV=production
Environment=PORT=80
Restart=always
RestartSec=1s
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
AmbientCapabilities=CAP_NET_BIND_SERVICE

[Install]
WantedBy=multi-user.target
`);
    expect(service({ wantedBy: ["shop.target"] })).toMatch(/\[Install\]\nWantedBy=shop.target\n$/);
  });

  it.each(["inbound", "outbound"])("can use it, and be reached, in the sandbox %s", (hardening) => {
    const text = service({ hardening });
    expect(text.match(/^(?:Capability|Ambient).*=.*/gm)).toEqual([
      "CapabilityBoundingSet=CAP_NET_BIND_SERVICE",
      "AmbientCapabilities=CAP_NET_BIND_SERVICE",
    ]);
    expect(text).not.toMatch(/^(?:PrivateUsers|PrivateNetwork|IPAddressDeny|NonBlocking|Sockets|Requires)=/m);
    expect(text).toMatch(/^RestrictAddressFamilies=.*AF_INET AF_INET6/m);
    expect(text).toContain("SocketBindAllow=tcp:80\n");
    expect(text).toContain(`SocketBindDeny=${hardening === "inbound" ? "any" : "1-1023"}\n`);
    expect(text.includes("SystemCallFilter=~connect\n")).toBe(hardening === "inbound");
  });

  it.each([
    [80, "Environment=PORT=80\n"],
    ["127.0.0.1:80", "Environment=PORT=80\nEnvironment=HOST=127.0.0.1\nEnvironment=HOSTNAME=127.0.0.1\n"],
    ["[::1]:80", "Environment=PORT=80\nEnvironment=HOST=::1\nEnvironment=HOSTNAME=::1\n"],
    [
      "[fe80::1]:80%eth0",
      "Environment=PORT=80\nEnvironment=HOST=fe80::1%%eth0\nEnvironment=HOSTNAME=fe80::1%%eth0\n",
    ],
  ])("is told to listen on %s", (listen, line) => {
    expect(service({ sockets: [{ listen }], user: "shop" })).toContain(line);
  });

  it("gets no variable that the description sets, and none for several ports", () => {
    const told = service({ environment: { PORT: "8080" }, sockets: [{ listen: "127.0.0.1:80" }] });
    expect(told.match(/^Environment=(?:PORT|HOST).*/gm)).toEqual([
      "Environment=PORT=8080",
      "Environment=HOST=127.0.0.1",
      "Environment=HOSTNAME=127.0.0.1",
    ]);
    expect(
      service({
        environment: { PORT: false, HOST: false },
        passEnvironment: ["HOSTNAME"],
        sockets: [{ listen: "127.0.0.1:80" }],
      }),
    ).not.toMatch(/^Environment=(?:PORT|HOST)/m);
    expect(service({ sockets: [{ listen: [80, 443] }] })).not.toMatch(/PORT|HOST/);
    expect(service({ sockets: [{ listen: 80, listenDatagram: 443 }] })).toContain("Environment=PORT=80\n");
  });
});

describe("a proxy", () => {
  const units = (fields: object) => emit({ bind: "proxy", ...fields });

  it("and its service bring each other up, and end together", () => {
    const written = units({ idleTimeout: "1h 30min" });
    expect(written["shop.socket"]).toContain("Service=shop@proxy.service\n");
    expect(written["shop@proxy.service"]).toContain(
      "Requires=shop.socket\nBindsTo=shop.service\nAfter=shop.socket\nAfter=shop.service\n",
    );
    expect(written["shop@proxy.service"]).toContain(
      'ExecStart=/usr/lib/systemd/systemd-socket-proxyd --connections-max=1024 "--exit-idle-time=1h 30min" 127.0.0.1:3000\n',
    );
    expect(written["shop.service"]).toContain("BindsTo=shop@proxy.service\n");
    expect(written["shop.service"]).toContain("[Install]\nAlso=shop.socket\n");
    expect(written["shop.service"]).not.toMatch(/SOCKACT_IDLE_TIMEOUT|NonBlocking/);
  });

  it("shares a user with its service, whatever that is called", () => {
    expect(Object.keys(units({ name: "shop@blue" }))[1]).toBe("shop@blue-proxy.service");
    const named = units({ user: "me", group: "us" })["shop@proxy.service"];
    expect(named).toMatch(/^User=me\nGroup=us$/m);
    expect(named).not.toContain("DynamicUser");
  });

  it("reaches a unix socket in a folder that is the service's own", () => {
    const written = units({ backend: "/run/shop/http/app.sock", hardening: "inbound" });
    expect(written["shop.service"]).toContain("RuntimeDirectory=shop/http\nRuntimeDirectoryMode=0700\n");
    expect(written["shop.service"]).toContain("Environment=PORT=/run/shop/http/app.sock\n");
    for (const unit of ["shop.service", "shop@proxy.service"]) {
      expect(written[unit]).toMatch(/^PrivateNetwork=yes$/m);
      expect(written[unit]).toMatch(/^RestrictAddressFamilies=AF_UNIX\nIPAddressDeny=any$/m);
      expect(written[unit]).not.toMatch(/JoinsNamespaceOf|IPAddressAllow/);
    }
  });

  it("reaches a port of a loopback device that is the service's own if that is inbound, and the host's otherwise", () => {
    const inbound = units({ hardening: "inbound" })["shop@proxy.service"];
    expect(inbound).toContain("JoinsNamespaceOf=shop.service\n");
    expect(inbound).toMatch(/^PrivateNetwork=yes$/m);
    for (const hardening of ["outbound", "none"]) {
      const proxy = units({ hardening, backend: "[::1]:3000" })["shop@proxy.service"];
      expect(proxy).toContain(" ::1:3000\n");
      expect(proxy).not.toMatch(/JoinsNamespaceOf|PrivateNetwork/);
      expect(proxy).toContain("IPAddressDeny=any\nIPAddressAllow=localhost\n");
    }
  });

  it("waits for a service that notifies to be ready, and for the port of another service", () => {
    expect(units({ type: "notify" })["shop.service"]).not.toContain("ExecStartPost");
    expect(units({ backend: "127.0.0.1:8080" })["shop.service"]).toContain(":1F90 ");
    expect(units({})["shop.service"]).toContain("[Service]\nType=exec\n");
  });
});

describe("a description is accepted that", () => {
  it.each<[string, object]>([
    [
      "has its own loopback device, with the port of its socket",
      { bind: "proxy", hardening: "inbound", sockets: [{ listen: 3000 }] },
    ],
    ["has a backend on another address", { bind: "proxy", sockets: [{ listen: "127.0.0.2:3000" }] }],
    ["has a name with a :, and a named socket", { name: "a:b", sockets: [{ listen: 80, name: "http" }] }],
    ["has a name with a :, and no passed socket", { name: "a:b", bind: "capability" }],
    [
      "has a name with a :, and a process for each connection",
      {
        name: "a:b",
        inetd: true,
        exec: ["/usr/bin/true"],
        hardening: "none",
        sockets: [{ listen: 80, accept: true }],
      },
    ],
  ])("%s", (_, fields) => {
    expect(problemsOf(fields)).toEqual([]);
  });
});

describe("a description is refused that", () => {
  it.each<[string, object, string, string, RegExp]>([
    ["has no such way", { bind: "port" }, "bind", "CHOICE", /choices/],
    ["has a backend for nothing", { backend: "127.0.0.1:3000" }, "backend", "CONFLICT", /there is no proxy/],
    ["sleeps forever", { bind: "capability", idleTimeout: "5min" }, "idleTimeout", "CONFLICT", /wake/],
    [
      "has users that its capability is not for",
      { bind: "capability", hardening: { privateUsers: true } },
      "hardening.privateUsers",
      "CONFLICT",
      /prevent the service from listening/,
    ],
    [
      "has a backend that is the port of its socket",
      { bind: "proxy", sockets: [{ listen: 3000 }] },
      "backend",
      "CONFLICT",
      /already open: "3000" of sockets\[0\]/,
    ],
    [
      "has a backend that is the path of its socket",
      { bind: "proxy", backend: "/run/shop/app.sock", sockets: [{ listen: [80, "/run/shop/app.sock"] }] },
      "backend",
      "CONFLICT",
      /already open/,
    ],
    ["has a socket with two names", { name: "a:b" }, "name", "NAME", /"a:b" contains a :/],
    ["has a container with two names", { name: "a:b", container }, "name", "NAME", /"a:b" contains a :/],
    [
      "opens the folder of its backend",
      { bind: "proxy", backend: "/run/shop/app.sock", runtimeDirectoryMode: "0755" },
      "runtimeDirectoryMode",
      "CONFLICT",
      /folder of the backend/,
    ],
    [
      "has a sandbox of systemd around a container",
      { container: { image: "localhost/shop:1" }, exec: undefined, hardening: { privateIPC: true } },
      "hardening.privateIPC",
      "CONFLICT",
      /its own sandbox/,
    ],
    ["rolls on one port", { bind: "capability", rolling: true }, "rolling", "CONFLICT", /instances/],
    ["is a user's own", { bind: "capability", manager: "user" }, "manager", "CONFLICT", /cannot grant/],
    [
      "has a mode for no file",
      { bind: "capability", sockets: [{ listen: 80, socketMode: "0660" }] },
      "sockets[0].socketMode",
      "CONFLICT",
      /no socket unit/,
    ],
    [
      "needs no capability",
      { bind: "capability", sockets: [{ listen: [80, "/run/shop.sock"] }] },
      "sockets[0].listen",
      "CONFLICT",
      /not a TCP or UDP port/,
    ],
    [
      "counts as started too early",
      { bind: "proxy", type: "simple" },
      "type",
      "CONFLICT",
      /before its program runs/,
    ],
    [
      "passes datagrams on",
      { bind: "proxy", sockets: [{ listen: 80, listenDatagram: 80 }] },
      "sockets[0].listenDatagram",
      "CONFLICT",
      /only stream connections/,
    ],
    ["rolls behind a proxy", { bind: "proxy", rolling: true }, "rolling", "CONFLICT", /instances/],
    ["has a user's proxy", { bind: "proxy", manager: "user" }, "manager", "CONFLICT", /folder/],
    ["has a backend elsewhere", { bind: "proxy", backend: "10.0.0.1:80" }, "backend", "ADDRESS", /loopback/],
    [
      "has a backend with no port",
      { bind: "proxy", backend: "127.0.0.1:0" },
      "backend",
      "ADDRESS",
      /port is 0/,
    ],
    ["has a backend on any address", { bind: "proxy", backend: "3000" }, "backend", "ADDRESS", /loopback/],
    [
      "has a backend in no folder of its own",
      { bind: "proxy", backend: "/run/app.sock" },
      "backend",
      "ADDRESS",
      /folder/,
    ],
    [
      "has a backend outside its folder",
      { bind: "proxy", backend: "/run/shop/../app.sock" },
      "backend",
      "ADDRESS",
      /folder/,
    ],
    [
      "has a backend too long",
      { bind: "proxy", backend: `/run/shop/${"a".repeat(100)}` },
      "backend",
      "LENGTH",
      /110 bytes/,
    ],
    [
      "has a proxy too old to sleep",
      { bind: "proxy", idleTimeout: "5min", systemd: 245 },
      "idleTimeout",
      "VERSION",
      /246/,
    ],
    ["has a name too long for the proxy", { bind: "proxy", name: "a".repeat(242) }, "name", "LENGTH", /256/],
    ["has a container that binds", { container, bind: "proxy" }, "bind", "CONFLICT", /passed/],
    ["has no container", { container: "localhost/shop" }, "container", "TYPE", /not an object/],
    ["has no image", { container: {} }, "container.image", "MISSING", /missing/],
    [
      "has an image of some registry",
      { container: { image: "shop:1" } },
      "container.image",
      "NAME",
      /full name/,
    ],
    [
      "has no such field",
      { container: { ...container, ports: [] } },
      "container.ports",
      "FIELD",
      /not a field/,
    ],
    [
      "has a relative volume",
      { container: { ...container, volumes: ["data:data"] } },
      "container.volumes[0]",
      "PATH",
      /volume/,
    ],
    [
      "loses a field",
      { container, readWritePaths: ["/srv"] },
      "readWritePaths",
      "CONFLICT",
      /does not apply to a container/,
    ],
    [
      "has a file of variables that may be missing",
      { container, environmentFile: ["/etc/shop/env", { path: "/etc/shop/more", optional: true }] },
      "environmentFile[1].optional",
      "CONFLICT",
      /Podman/,
    ],
    [
      "has a container without a file of variables that may be missing",
      { container, environmentFile: { path: "/etc/shop/env", optional: true } },
      "environmentFile.optional",
      "CONFLICT",
      /Podman/,
    ],
    ["reloads", { container, type: "notify-reload" }, "type", "CONFLICT", /Podman/],
    [
      "is killed while it drains",
      { container, drainTimeout: "30s", timeoutStopSec: "20s" },
      "timeoutStopSec",
      "CONFLICT",
      /Podman would kill/,
    ],
    [
      "starts with a target that a user's manager does not have",
      { container, manager: "user", wantedBy: ["multi-user.target"] },
      "wantedBy",
      "CONFLICT",
      /no unit multi-user/,
    ],
    [
      "stays active after its program",
      { container, raw: { Service: { RemainAfterExit: "yes" } } },
      "raw.Service.RemainAfterExit",
      "CONFLICT",
      /has exited/,
    ],
    [
      "has its own processes in raw",
      { container, raw: { Service: { PrivatePIDs: true } } },
      "raw.Service.PrivatePIDs",
      "CONFLICT",
      /LISTEN_PID/,
    ],
    [
      "stops when nothing needs it",
      { container, raw: { Unit: { StopWhenUnneeded: true } } },
      "raw.Unit.StopWhenUnneeded",
      "CONFLICT",
      /does not need/,
    ],
    [
      "closes its port at each stop",
      { container, raw: { Unit: { PropagatesStopTo: "shop.socket" } } },
      "raw.Unit.PropagatesStopTo",
      "CONFLICT",
      /close the port/,
    ],
    ["has an empty argument", { container, exec: ["node", ""] }, "exec[1]", "TEXT", /cannot express/],
    [
      "has a lone semicolon",
      { container: { ...container, podmanArgs: [";"] } },
      "container.podmanArgs[0]",
      "TEXT",
      /cannot express/,
    ],
  ])("%s", (_, fields, path, code, message) => {
    expect(problemsOf(fields)).toMatchObject([
      {
        path,
        code: `SOCKACT_ERR_UNIT_${code}`,
        message: expect.stringMatching(message),
        hint: expect.stringMatching(/./),
      },
    ]);
  });

  it("but not a container that notifies, for any systemd and any manager", () => {
    const told = { container, type: "notify", hardening: "inbound" };
    expect(problemsOf({ ...told, systemd: 249 })).toEqual([]);
    const text = emit({ ...told, manager: "user" })["shop.container"];
    expect(text).toContain("Notify=true\n");
    expect(text).not.toMatch(/OpenFile|Type=/);
  });

  it("but not options that tune a socket, which the program sets itself", () => {
    expect(problemsOf({ bind: "capability", sockets: [{ listen: 80, noDelay: true, backlog: 64 }] })).toEqual(
      [],
    );
  });
});

describe("a container", () => {
  const lines = (fields: object) => emit({ container, ...fields })["shop.container"]!.split("\n");
  const valuesOf = (key: string, fields: object) =>
    lines(fields).flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []));

  it("has files of variables, as Podman reads them", () => {
    expect(valuesOf("EnvironmentFile", { environmentFile: "/etc/shop/env" })).toEqual(["/etc/shop/env"]);
    const several = ["/etc/shop/env", { path: "/srv/$a b%" }, { path: "/etc/c", optional: false }];
    expect(valuesOf("EnvironmentFile", { environmentFile: several })).toEqual([
      "/etc/shop/env",
      '"/srv/$$a b%%"',
      "/etc/c",
    ]);
  });

  it("writes every field that it accepts", () => {
    const base = emit({ container });
    const fields = Object.values(everyField)
      .flatMap((description) => Object.entries(description))
      .filter(
        ([field]) =>
          !/^(?:name|exec|sockets|acknowledge|systemd|manager|uid|backend|bind|openFile)$/.test(field),
      );
    const lost = fields.filter(([field, value]) => {
      const given = { container, [field]: value };
      return problemsOf(given).length === 0 && isDeepStrictEqual(emit(given), base);
    });
    expect(lost).toEqual([]);
    expect(
      fields.filter(([field, value]) => problemsOf({ container, [field]: value }).length === 0).length,
    ).toBeGreaterThan(20);
  });

  it("accepts each directive of Podman in raw that has the name of one of systemd", () => {
    const raw = { Container: { NoNewPrivileges: true, ReloadSignal: "SIGHUP" } };
    const fields = { hardening: "none", systemd: 252, raw };
    expect(valuesOf("NoNewPrivileges", fields)).toEqual(["true"]);
    expect(valuesOf("ReloadSignal", fields)).toEqual(["SIGHUP"]);
    expect(problemsOf({ container, raw: { Service: { ReloadSignal: "SIGHUP" } } })).toMatchObject([
      { path: "raw.Service.ReloadSignal", hint: "write reloadSignal" },
    ]);
    expect(problemsOf({ container, raw: { Container: { EnvironmentFile: "/etc/shop/env" } } })).toMatchObject(
      [{ path: "raw.Container.EnvironmentFile", hint: "write environmentFile" }],
    );
    expect(problemsOf({ container, raw: { Container: { NoNewPrivileges: false } } })).toMatchObject([
      { path: "raw.Container.NoNewPrivileges", code: "SOCKACT_ERR_UNIT_CONFLICT" },
    ]);
  });
});

describe("any text in a field of a way", () => {
  const shape = (fields: object) =>
    Object.values(emit(fields)).map((text) =>
      text.split(/\r\n|[\n\r\0]/).map((line) => /^[^=]*/.exec(line)![0]),
    );
  const text = fc
    .tuple(
      fc.constantFrom("", "/run/shop/", "127.0.0.1:", "localhost/", "/srv:/", "a"),
      fc.string({ unit: fc.constantFrom(..."\n\r\0\\\"'%$;#[]=: \t/@.a1".split("")), maxLength: 8 }),
    )
    .map((parts) => parts.join(""));
  const fields: Record<string, (value: string) => object> = {
    backend: (backend) => ({ bind: "proxy", backend }),
    image: (image) => ({ container: { image } }),
    volumes: (volume) => ({ container: { ...container, volumes: [volume] } }),
    userNS: (userNS) => ({ container: { ...container, userNS } }),
    podmanArgs: (word) => ({ container: { ...container, podmanArgs: [word] } }),
    exec: (word) => ({ container, exec: [word] }),
    environmentFile: (path) => ({ container, environmentFile: path }),
  };
  const harmless: Record<string, string> = {
    backend: "/run/a/b",
    image: "localhost/a",
    volumes: "/a:/b",
    environmentFile: "/a",
  };

  it.each(Object.keys(fields))("%s is refused or stays in its own line", (field) => {
    const shapeOf = (value: string) => {
      const asked = fields[field]!(value);
      return problemsOf(asked).length === 0 ? JSON.stringify(shape(asked)) : "refused";
    };
    const harmlessShapes = ["refused", ...[harmless[field] ?? "a", "127.0.0.1:80"].map(shapeOf)];
    fc.assert(
      fc.property(text, (value) => {
        expect(harmlessShapes).toContain(shapeOf(value));
      }),
      { seed: 20_250_307, numRuns: 500 },
    );
    expect(shapeOf(harmless[field] ?? "a")).not.toBe("refused");
  });
});
