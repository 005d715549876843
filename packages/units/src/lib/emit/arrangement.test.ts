import { describe, expect, it } from "vitest";
import type { AppDescription } from "../description/app.ts";
import { UnitError } from "../problems.ts";
import { emitUnits } from "./emit.ts";

const shop: AppDescription = {
  name: "shop",
  hardening: "none",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  sockets: [{ listen: 80 }],
};

describe("a process for each connection", () => {
  const units = emitUnits({
    ...shop,
    sockets: [{ listen: [80, "/run/shop.sock"], accept: true }],
  });

  it("has a template that depends on no socket and is forgotten when it ends", () => {
    expect(units).toEqual({
      "shop.socket": `[Unit]
Description=shop socket

[Socket]
ListenStream=80
ListenStream=/run/shop.sock
Accept=true
TriggerLimitIntervalSec=0

[Install]
WantedBy=sockets.target
`,
      "shop@.service": `[Unit]
Description=shop %i
CollectMode=inactive-or-failed

[Service]
ExecStart=/usr/bin/node /srv/shop/server.js
DynamicUser=yes
WorkingDirectory=/srv/shop
Environment=NODE_ENV=production
NonBlocking=true
`,
    });
  });

  it("may get its connection as standard input", () => {
    const inetd: AppDescription = { ...shop, inetd: true, sockets: [{ listen: 80, accept: true }] };
    expect(emitUnits(inetd)["shop@.service"]).toContain(
      "Environment=NODE_ENV=production\nStandardInput=socket\nStandardOutput=socket\nStandardError=journal\n",
    );
    expect(emitUnits({ ...inetd, standardOutput: "journal" })["shop@.service"]).toContain(
      "StandardInput=socket\nStandardOutput=journal\n",
    );
    expect(emitUnits(inetd)["shop@.service"]).not.toContain("NonBlocking");
  });

  it("is nothing of a socket that says it does not accept", () => {
    const refusing = emitUnits({ ...shop, sockets: [{ listen: 80, accept: false }] });
    expect(refusing["shop.socket"]).toContain("Accept=false\n");
    expect(refusing["shop.service"]).toBe(emitUnits(shop)["shop.service"]);
  });
});

describe("a template", () => {
  const template: AppDescription = {
    ...shop,
    template: true,
    sockets: [{ listen: { specifier: "/run/shop/%i.sock" } }],
  };

  it("is a pair whose instances have a socket each", () => {
    expect(emitUnits(template)).toEqual({
      "shop@.socket": `[Unit]
Description=shop %i socket

[Socket]
ListenStream=/run/shop/%i.sock
TriggerLimitIntervalSec=0

[Install]
WantedBy=sockets.target
`,
      "shop@.service": `[Unit]
Description=shop %i
Requires=shop@%i.socket
After=shop@%i.socket
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=/usr/bin/node /srv/shop/server.js
DynamicUser=yes
WorkingDirectory=/srv/shop
Environment=NODE_ENV=production
Environment=SOCKACT_IDLE_EXIT_STATUS=42
Restart=always
RestartSec=1s
RestartPreventExitStatus=42
SuccessExitStatus=42
NonBlocking=true

[Install]
Also=shop@%i.socket
`,
    });
  });

  it("passes each instance all of its sockets", () => {
    const units = emitUnits({
      ...template,
      defaultInstance: "main",
      sockets: [
        { name: "http", listen: 80 },
        { name: "my api", listen: 81 },
      ],
    });
    expect(Object.keys(units)).toEqual(["shop-http@.socket", "shop-my\\x20api@.socket", "shop@.service"]);
    expect(units["shop-my\\x20api@.socket"]).toContain(
      "FileDescriptorName=my api\nService=shop@%i.service\n",
    );
    expect(units["shop-http@.socket"]).toContain("WantedBy=sockets.target\nDefaultInstance=main\n");
    expect(units["shop@.service"]).toContain(
      "Sockets=shop-http@%i.socket\nSockets=shop-my\\\\x20api@%i.socket\n\n[Install]\nDefaultInstance=main\nAlso=shop-http@%i.socket\n",
    );
  });

  it("gives each instance its own folder", () => {
    const service = emitUnits({ ...template, hardening: "outbound" })["shop@.service"];
    expect(service).toContain("StateDirectory=shop/%i\nEnvironment=HOME=%S/shop/%i\n");
  });
});

describe("a specifier", () => {
  it("expands where it is said to be one, and in no other text", () => {
    const units = emitUnits({
      ...shop,
      exec: ["/usr/bin/node", "%n $HOME", { specifier: "%n is 100%% $HOME" }, { variable: "HOME" }],
      workingDirectory: { specifier: "%S/100%% mine" },
      environment: { PORT: "%i", NAME: { specifier: "the %n" } },
    });
    expect(units["shop.service"]).toContain(
      'ExecStart=/usr/bin/node "%%n $$HOME" "%n is 100%% $$HOME" ${HOME}\n',
    );
    expect(units["shop.service"]).toContain("WorkingDirectory=%S/100%% mine\n");
    expect(units["shop.service"]).toContain('Environment="NAME=the %n"\nEnvironment=PORT=%%i\n');
  });

  it("reports a program that is in a home", () => {
    const { "shop.service": service } = emitUnits({
      ...shop,
      hardening: "inbound",
      user: "me",
      exec: [{ specifier: "%h/bin/shop" }],
    });
    expect(service).toContain("ProtectHome=read-only\n");
  });
});

describe("a user's own manager", () => {
  const mine: AppDescription = { ...shop, manager: "user", hardening: "outbound" };

  it("is asked for nothing that only the system's can grant", () => {
    const { "shop.service": service } = emitUnits(mine);
    expect(service).not.toMatch(/DynamicUser|RemoveIPC|HOME/);
    expect(service).toMatch(/StateDirectory=shop\n[^]*PrivateUsers=yes[^]*ProtectHome=read-only/);
    expect(emitUnits({ ...mine, hardening: "inbound" })["shop.service"]).not.toContain("IPAddressDeny");
  });

  it("receives the notifications of a user's service at the user's socket", () => {
    expect(emitUnits({ ...mine, uid: 1000, type: "notify" })["shop.service"]).toContain(
      "OpenFile=/run/user/1000/systemd/notify:notify\n",
    );
  });
});

describe("the version of systemd", () => {
  const text = (description: Partial<AppDescription>) =>
    Object.values(emitUnits({ ...shop, hardening: "inbound", ...description })).join("");

  it("bounds what is added", () => {
    expect(text({ systemd: 246 })).not.toMatch(/ProtectProc|ProcSubset|PrivateIPC/);
    expect(text({ systemd: 247 })).toMatch(/ProtectProc[^]*ProcSubset/);
  });

  it("is too old for a directive of the sandbox or a credential", () => {
    const emit = () =>
      text({
        systemd: 246,
        hardening: { profile: "none", procSubset: "pid" },
        credentials: { key: "/etc/key" },
      });
    const problems = ["hardening.procSubset", "credentials"].map((path) => ({
      code: "SOCKACT_ERR_UNIT_VERSION",
      path,
    }));
    expect(emit).toThrow(UnitError);
    expect(emit).toThrow(
      expect.objectContaining({ problems: problems.map((one) => expect.objectContaining(one)) }),
    );
  });

  it("changes nothing where it is the one that is thought of when none is named", () => {
    expect(text({ systemd: 249 })).toBe(text({}));
  });
});

describe("what has no field", () => {
  it("is written raw, at the end of its section, and no less literal", () => {
    const units = emitUnits({
      ...shop,
      raw: {
        Unit: { AssertPathExists: ["/a", "/b"] },
        Service: { LimitRTPRIO: 5, LogExtraFields: ["A=100%", { specifier: "B=%n" }], CPUAccounting: true },
      },
      sockets: [{ listen: 80, raw: { Socket: { PipeSize: "64K" }, Install: { RequiredBy: "b.service" } } }],
    });
    expect(units["shop.service"]).toContain(
      "StartLimitIntervalSec=0\nAssertPathExists=/a\nAssertPathExists=/b\n\n",
    );
    expect(units["shop.service"]).toContain(
      "NonBlocking=true\nLimitRTPRIO=5\nLogExtraFields=A=100%%\nLogExtraFields=B=%n\nCPUAccounting=true\n\n",
    );
    expect(units["shop.socket"]).toContain("TriggerLimitIntervalSec=2s\nPipeSize=64K\n\n");
    expect(units["shop.socket"]).toContain("WantedBy=sockets.target\nRequiredBy=b.service\n");
  });

  it("may be all that a socket listens on", () => {
    const sockets = [{ raw: { Socket: { ListenFIFO: "/run/shop" } } }];
    expect(emitUnits({ ...shop, sockets })["shop.socket"]).toContain("ListenFIFO=/run/shop\n");
  });

  it("refuses directives of the sandbox, which have their own fields", () => {
    const raw = { Service: { PrivateTmp: true } };
    expect(() => emitUnits({ ...shop, raw })).toThrow(
      expect.objectContaining({
        hint: "raw.Service.PrivateTmp: write hardening: { profile: 'none', privateTmp: … }",
      }),
    );
  });
});

describe("commands besides the program", () => {
  it("are one line each, in their order, with their flags before the path", () => {
    const { "shop.service": service } = emitUnits({
      ...shop,
      execStartPre: [["/bin/mkdir", "100% $HOME"], { command: ["/bin/my rm", "x"], mayFail: true }],
      execStartPost: [{ command: ["/bin/chown", "x"], mayFail: true, privileged: true }],
      execReload: [["/bin/kill", "-HUP", { variable: "MAINPID" }]],
    });
    expect(service).toContain(
      [
        'ExecStartPre=/bin/mkdir "100%% $$HOME"',
        'ExecStartPre=-"/bin/my rm" x',
        "ExecStart=/usr/bin/node /srv/shop/server.js",
        "ExecStartPost=-+/bin/chown x",
        "ExecReload=/bin/kill -HUP ${MAINPID}",
        "",
      ].join("\n"),
    );
  });
});
