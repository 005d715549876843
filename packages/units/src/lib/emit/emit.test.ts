import { describe, expect, it } from "vitest";
import { gitea } from "../../../test/gitea.ts";
import type { AppDescription } from "../description/app.ts";
import { emitUnits } from "./emit.ts";
import { reasons } from "../write/reasons.ts";

const shop: AppDescription = {
  name: "shop",
  exec: ["/usr/bin/node", "/srv/shop/server.js"],
  sockets: [{ listen: 80 }],
};

function service(description: Partial<AppDescription>): string {
  const all = { ...shop, ...description };
  return emitUnits(all)[`${all.name}.service`]!;
}

/** A unit file as lines of `[Section] key=value`. */
function directives(text: string): string[] {
  let section = "";
  return text.split("\n").flatMap((line) => {
    if (line.startsWith("[")) section = line;
    return line.includes("=") ? [`${section} ${line}`] : [];
  });
}

it("does not depend on the order of fields, variables or credentials", () => {
  const description: AppDescription = {
    ...shop,
    environment: { B: "1", A: "2" },
    credentials: { b: "/b", a: "/a" },
    sockets: [{ noDelay: true, listen: 80 }],
  };
  const reversed = (key: string, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toReversed())
      : value;
  const other = JSON.parse(JSON.stringify(description, reversed)) as AppDescription;
  expect(Object.keys(other)[0]).toBe("credentials");
  expect(JSON.stringify(emitUnits(other))).toBe(JSON.stringify(emitUnits(description)));
});

describe("the Gitea pair", () => {
  const wanted = {
    "gitea.socket": ["[Unit] Description=Gitea socket", "[Socket] ListenStream=80", "[Socket] NoDelay=true"],
    "gitea.service": [
      "[Unit] Description=Gitea (Git with a cup of tea)",
      "[Unit] Requires=gitea.socket",
      "[Unit] After=syslog.target",
      "[Unit] After=network.target",
      "[Unit] After=postgresql.service",
      "[Service] RestartSec=2s",
      "[Service] Type=simple",
      "[Service] User=git",
      "[Service] Group=git",
      "[Service] WorkingDirectory=/home/git/go/src/code.gitea.io/gitea",
      "[Service] ExecStart=/home/git/go/src/code.gitea.io/gitea/gitea web",
      "[Service] Restart=always",
      // One line in Gitea's own.
      "[Service] Environment=HOME=/home/git",
      "[Service] Environment=USER=git",
      "[Service] NonBlocking=true",
      "[Install] WantedBy=multi-user.target",
    ],
  };
  const additions: Record<string, Record<string, string>> = {
    "gitea.socket": {
      "[Socket] TriggerLimitIntervalSec=0": "a service that ends without accepting would fail the socket",
      "[Install] WantedBy=sockets.target": "the socket is what is enabled",
    },
    "gitea.service": {
      "[Unit] After=gitea.socket": "Requires= alone starts both at once",
      "[Unit] StartLimitIntervalSec=0": "a crash loop would fail the socket",
      "[Install] Also=gitea.socket": "enabling the service enables its socket",
    },
  };

  it("is one description's, directive for directive", () => {
    const units = emitUnits(gitea);
    expect(Object.keys(units)).toEqual(Object.keys(wanted));
    for (const [unit, expected] of Object.entries(wanted)) {
      const added = Object.keys(additions[unit]!);
      expect(directives(units[unit]!).toSorted()).toEqual([...expected, ...added].toSorted());
    }
  });
});

describe("one socket", () => {
  it("gives a pair that shares its name", () => {
    expect(emitUnits({ ...shop, hardening: "none" })).toEqual({
      "shop.socket": `[Unit]
Description=shop socket

[Socket]
ListenStream=80
TriggerLimitIntervalSec=0

[Install]
WantedBy=sockets.target
`,
      "shop.service": `[Unit]
Description=shop
Requires=shop.socket
After=shop.socket
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
Also=shop.socket
`,
    });
  });

  it("may listen on several addresses, which are one line each", () => {
    const units = emitUnits({
      ...shop,
      sockets: [{ listen: [80, "[::1]:8080", "/run/shop.sock"], listenDatagram: 80 }],
    });
    expect(units["shop.socket"]).toContain(
      "ListenStream=80\nListenStream=[::1]:8080\nListenStream=/run/shop.sock\nListenDatagram=80\n",
    );
  });

  it("may have a name", () => {
    const units = emitUnits({ ...shop, sockets: [{ listen: 80, name: "http" }] });
    expect(units["shop.socket"]).toContain("FileDescriptorName=http\n");
    expect(units["shop.socket"]).not.toContain("Service=");
  });

  it("takes every option of systemd.socket(5) that it knows", () => {
    const units = emitUnits({
      ...shop,
      sockets: [
        {
          listen: "/run/100%.sock",
          backlog: 64,
          bindIPv6Only: "ipv6-only",
          bindToDevice: "eth0",
          freeBind: true,
          reusePort: false,
          keepAlive: true,
          keepAliveTimeSec: "5min",
          keepAliveIntervalSec: "10s",
          keepAliveProbes: 3,
          deferAcceptSec: "1s",
          socketMode: "0660",
          socketUser: "shop",
          socketGroup: "www-data",
          directoryMode: "0750",
          removeOnStop: true,
          pollLimitIntervalSec: "2s",
          pollLimitBurst: 100,
        },
      ],
    });
    expect(directives(units["shop.socket"]!).slice(1, -2)).toEqual(
      `ListenStream=/run/100%%.sock Backlog=64 BindIPv6Only=ipv6-only BindToDevice=eth0 FreeBind=true ReusePort=false KeepAlive=true
       KeepAliveTimeSec=5min KeepAliveIntervalSec=10s KeepAliveProbes=3 DeferAcceptSec=1s SocketMode=0660 SocketUser=shop
       SocketGroup=www-data DirectoryMode=0750 RemoveOnStop=true PollLimitIntervalSec=2s PollLimitBurst=100`
        .split(/\s+/)
        .map((line) => `[Socket] ${line}`),
    );
  });
});

describe("several sockets", () => {
  const units = emitUnits({
    ...shop,
    sockets: [
      { listen: 80, name: "http" },
      { listen: "/run/shop.sock", name: "my api" },
    ],
  });

  it("are a unit each, named after the socket, and all of the service", () => {
    expect(Object.keys(units)).toEqual(["shop-http.socket", "shop-my\\x20api.socket", "shop.service"]);
    expect(units["shop-my\\x20api.socket"]).toContain("FileDescriptorName=my api\nService=shop.service\n");
    expect(units["shop-my\\x20api.socket"]).toContain("Description=shop my api socket\n");
  });

  it("are required, waited for, passed and enabled together", () => {
    for (const key of ["Requires", "After"]) {
      expect(units["shop.service"]).toContain(`${key}=shop-http.socket\n${key}=shop-my\\x20api.socket\n`);
    }
    for (const key of ["Sockets", "Also"]) {
      expect(units["shop.service"]).toContain(`${key}=shop-http.socket\n${key}=shop-my\\\\x20api.socket\n`);
    }
  });
});

describe("the service", () => {
  it("runs as the user that is asked for, or as one that exists only while it runs", () => {
    expect(service({})).toContain("DynamicUser=yes");
    expect(service({ user: "git" })).toContain("User=git\n");
    expect(service({ user: "git" })).not.toContain("DynamicUser");
  });

  it("has no delay before a restart that never comes", () => {
    expect(service({ restart: "no" })).not.toContain("RestartSec");
  });

  it("keeps its documentation and its other units in order", () => {
    const text = service({
      documentation: ["https://example.com/100%25", "man:shop(8)"],
      requires: ["postgresql@15-main.service"],
      wants: ["redis.service"],
      after: ["redis.service", "postgresql@15-main.service"],
    });
    expect(text).toContain(`Documentation=https://example.com/100%%25
Documentation=man:shop(8)
Requires=shop.socket
Requires=postgresql@15-main.service
Wants=redis.service
After=shop.socket
After=redis.service
After=postgresql@15-main.service
`);
  });

  it("can be an instance of a template", () => {
    expect(Object.keys(emitUnits({ ...shop, name: "shop@blue" }))).toEqual([
      "shop@blue.socket",
      "shop@blue.service",
    ]);
  });
});

describe("when the service is started again", () => {
  const of = (description: Partial<AppDescription>): string[] =>
    // The service comes last.
    Object.values(emitUnits({ ...shop, ...description }))
      .at(-1)!
      .split("\n")
      .filter((line) => /^(?:Restart|SuccessExit|Environment=SOCKACT_IDLE_EXIT)/.test(line));
  const always = ["Restart=always", "RestartSec=1s"];
  const asleep = ["RestartPreventExitStatus=42", "SuccessExitStatus=42"];
  const variable = "Environment=SOCKACT_IDLE_EXIT_STATUS=42";
  const sleeper = [variable, ...always, ...asleep];
  const exec = ["/usr/bin/gitea"] as const;

  it.each<[string, Partial<AppDescription>, string[]]>([
    ["Node, after each exit but the one that is sleep", {}, sleeper],
    ["Node behind env", { exec: ["/usr/bin/env", "node", "/srv/shop/server.js"] }, sleeper],
    ["another program, after each exit", { exec }, always],
    ["another program that may sleep", { exec, idleTimeout: "5min" }, sleeper],
    [
      "instances of a template",
      { template: true, sockets: [{ listen: { specifier: "/run/%i.sock" } }] },
      sleeper,
    ],
    ["instances that take turns", { rolling: true }, sleeper],
    ["a program that asks for no restart", { restart: "no", idleTimeout: "5min" }, ["Restart=no"]],
    [
      "a program that sleeps with 0",
      { restart: "on-failure", idleTimeout: "5min" },
      ["Restart=on-failure", "RestartSec=1s"],
    ],
    [
      "a program that is started again after a success alone",
      { restart: "on-success" },
      [variable, "Restart=on-success", "RestartSec=1s", ...asleep],
    ],
    ["Node that never sleeps", { idleTimeout: false }, always],
    ["a program that listens by itself, and so never sleeps", { bind: "capability" }, always],
    ["a program behind a proxy, which sleeps in its place", { bind: "proxy", idleTimeout: "5min" }, always],
  ])("%s", (_, description, lines) => {
    expect(of(description)).toEqual(lines);
  });

  it("systemd's own limit of starts applies where a failure is followed by no restart, and nowhere else", () => {
    const limit = (description: Partial<AppDescription>) =>
      /^StartLimitIntervalSec=(.*)$/m.exec(
        Object.values(emitUnits({ ...shop, ...description })).at(-1)!,
      )?.[1];
    for (const restart of ["no", "on-success", "on-abnormal", "on-abort", "on-watchdog"] as const) {
      expect([restart, limit({ restart })]).toEqual([restart, "10s"]);
      expect([restart, limit({ restart, rolling: true })]).toEqual([restart, "10s"]);
    }
    for (const restart of ["always", "on-failure"] as const)
      expect([restart, limit({ restart })]).toEqual([restart, "0"]);
    expect(limit({ restartPreventExitStatus: [3] })).toBe("10s");
    expect(limit({ restartPreventExitStatus: [0, 42] })).toBe("0");
    // The status of an app behind a proxy that has answered the waiting clients.
    expect(limit({ restartPreventExitStatus: [43], hosts: ["shop.example.com"] })).toBe("0");
    expect(limit({ restartPreventExitStatus: [43] })).toBe("10s");
    // No connection starts the service of these.
    expect(limit({ restart: "no", bind: "capability" })).toBe("0");
    expect(limit({ restart: "no", bind: "proxy" })).toBe("0");
  });

  it("a service for one connection never is", () => {
    const sockets = [{ listen: 80, accept: true }];
    const { "shop@.service": text } = emitUnits({ ...shop, inetd: true, sockets });
    expect(text).not.toMatch(/Restart|42/);
  });

  it("keeps the statuses that are asked for, and has that of sleep once", () => {
    expect(of({ restartPreventExitStatus: [3, "SIGTERM"], successExitStatus: [42, 143] })).toEqual([
      variable,
      ...always,
      "RestartPreventExitStatus=3",
      "RestartPreventExitStatus=SIGTERM",
      "RestartPreventExitStatus=42",
      "SuccessExitStatus=42",
      "SuccessExitStatus=143",
    ]);
  });

  it("a pause follows a condition that has refused the start, where a connection may still wait", () => {
    const execCondition = [["/usr/bin/test", "-e", "/srv/ready"]] as const;
    const pause = `ExecStopPost=/bin/sh -c "if [ \\"$$SERVICE_RESULT\\" = exec-condition ]; then sleep 1; fi"\n`;
    expect(service({ execCondition })).toContain(pause);
    expect(service({})).not.toContain("ExecStopPost");
    expect(service({ execCondition, bind: "capability" })).not.toContain("ExecStopPost");
    const sockets = [{ listen: 80, accept: true }];
    expect(emitUnits({ ...shop, inetd: true, execCondition, sockets })["shop@.service"]).not.toContain(
      "ExecStopPost",
    );
  });

  it("the trigger limit stays where a condition of the unit can refuse the start", () => {
    const socket = (description: Partial<AppDescription>) =>
      Object.values(emitUnits({ ...shop, ...description }))[0];
    expect(socket({})).toContain("TriggerLimitIntervalSec=0\n");
    expect(socket({ conditionPathExists: "/srv/ready" })).toContain("TriggerLimitIntervalSec=2s\n");
    expect(socket({ raw: { Unit: { ConditionHost: "a" } } })).toContain("TriggerLimitIntervalSec=2s\n");
    const perConnection = { inetd: true, sockets: [{ listen: 80, accept: true }] };
    expect(socket({ conditionPathExists: "/srv/ready", ...perConnection })).toContain(
      "TriggerLimitIntervalSec=0\n",
    );
  });
});

describe("the lifecycle", () => {
  const lifecycle: Partial<AppDescription> = {
    hardening: "none",
    type: "notify",
    watchdogSec: "30s",
    drainTimeout: "1min",
    idleTimeout: "5min",
  };

  it("is a few lines of the service", () => {
    expect(emitUnits({ ...shop, ...lifecycle })).toEqual({
      "shop.socket": `[Unit]
Description=shop socket

[Socket]
ListenStream=80
TriggerLimitIntervalSec=0

[Install]
WantedBy=sockets.target
`,
      "shop.service": `[Unit]
Description=shop
Requires=shop.socket
After=shop.socket
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
OpenFile=/run/systemd/notify:notify
OpenFile=/run/systemd/journal/socket:journal:graceful
ExecStart=/usr/bin/node /srv/shop/server.js
DynamicUser=yes
WorkingDirectory=/srv/shop
Environment=NODE_ENV=production
Environment=SOCKACT_DRAIN_TIMEOUT=1min
Environment=SOCKACT_IDLE_TIMEOUT=5min
Environment=SOCKACT_IDLE_EXIT_STATUS=42
Restart=always
RestartSec=1s
RestartPreventExitStatus=42
SuccessExitStatus=42
TimeoutStopSec=70s
WatchdogSec=30s
NonBlocking=true

[Install]
Also=shop.socket
`,
    });
  });

  it("asks nothing of a systemd older than 253 or of the program unless the type notifies", () => {
    const { "shop.socket": socket, "shop.service": text } = emitUnits(shop);
    expect(`${socket}${text}`).not.toMatch(
      /Type=(?!exec)|NotifyAccess|OpenFile|Watchdog|TimeoutStop|PollLimit|SOCKACT_(?!IDLE_EXIT_STATUS=)/,
    );
    expect(service({ type: "notify" })).not.toMatch(/Watchdog|TimeoutStop|SOCKACT_(?:DRAIN|IDLE_TIMEOUT)/);
  });

  it.each<[string, Partial<AppDescription>, string | undefined]>([
    ["of which nothing is known", {}, "exec"],
    ["on a systemd without that type", { systemd: 239 }, undefined],
    ["that opens its port itself", { bind: "capability" }, "exec"],
    ["for one connection", { inetd: true, sockets: [{ listen: 80, accept: true }] }, undefined],
    ["whose instances take turns", { rolling: true }, "notify"],
    ["with a type", { type: "simple" }, "simple"],
    ["with the preload, which reports", { preload: true, systemd: 253 }, "notify-reload"],
    ["with the preload, on an older systemd", { preload: true, systemd: 252 }, "exec"],
    ["with the preload, on any systemd", { preload: true }, "exec"],
    ["with the preload and a type", { preload: true, systemd: 253, type: "exec" }, "exec"],
    ["with the preload and a handover", { preload: true, systemd: 253, handover: true }, "notify"],
    [
      "with a preload that may be in a child process",
      { preload: "/srv/preload.cjs", systemd: 253, exec: ["/srv/shop/node_modules/.bin/next", "start"] },
      "exec",
    ],
    [
      "with the preload, told not to report",
      { preload: true, systemd: 253, environment: { SOCKACT_NOTIFY: "no" } },
      "exec",
    ],
    [
      "with the preload, and signals that it leaves alone",
      { preload: true, systemd: 253, environment: { SOCKACT_SIGNALS: "no" } },
      "exec",
    ],
    [
      "with the preload, that reloads at another signal",
      { preload: true, systemd: 253, reloadSignal: "SIGUSR2" },
      "exec",
    ],
    [
      "with the preload, which serves no datagrams",
      { preload: true, systemd: 253, sockets: [{ listenDatagram: 53 }] },
      "exec",
    ],
    [
      "with the preload, for a user whose number is not known",
      { preload: true, systemd: 253, manager: "user" },
      "exec",
    ],
  ])("has a start that fails with its program: a service %s", (_title, fields, type) => {
    const units = Object.entries(emitUnits({ ...shop, ...fields }));
    const text = units.find(([name]) => /^shop@?[.]service$/.test(name))![1];
    expect(/^Type=(.*)$/m.exec(text)?.[1]).toBe(type);
  });

  const steps = ["RestartSec=100ms", "RestartSteps=5", "RestartMaxDelaySec=1s"];
  it.each<[string, Partial<AppDescription>, string[] | null]>([
    ["soon on a systemd that can wait longer each time", { systemd: 254 }, steps],
    ["soon if it opens its port itself", { systemd: 257, bind: "capability" }, steps],
    ["soon if it takes turns", { systemd: 257, rolling: true }, steps],
    ["after a second on an older one", { systemd: 253 }, ["RestartSec=1s"]],
    ["after a second on any", {}, ["RestartSec=1s"]],
    [
      "after a second if a limit of starts applies",
      { systemd: 257, restart: "on-abnormal" },
      ["RestartSec=1s"],
    ],
    ["as the description says", { systemd: 257, restartSec: "3s" }, ["RestartSec=3s"]],
    [
      "by the steps of the description",
      { systemd: 257, restartSteps: 3, restartMaxDelaySec: "1min" },
      ["RestartSec=1s", "RestartSteps=3", "RestartMaxDelaySec=1min"],
    ],
    ["never", { systemd: 257, restart: "no" }, null],
    ["never for one connection", { systemd: 257, sockets: [{ listen: 80, accept: true }] }, null],
  ])("starts the service again %s", (_title, fields, lines) => {
    const units = Object.entries(emitUnits({ ...shop, ...fields }));
    const text = units.find(([name]) => /^shop@?[.]service$/.test(name))![1];
    expect(text.match(/^Restart(?:Sec|Steps|MaxDelaySec)=.*$/gm)).toEqual(lines);
  });

  it.each<[string, Partial<AppDescription>, string[] | null]>([
    ["one process that is too large", { memoryMax: "512M" }, ["OOMPolicy=continue"]],
    ["what the description says", { memoryMax: "512M", oomPolicy: "kill" }, ["OOMPolicy=kill"]],
    ["one line for a handover too", { memoryMax: "512M", handover: true }, ["OOMPolicy=continue"]],
    ["nothing that an old systemd lacks", { memoryMax: "512M", systemd: 242 }, null],
    ["nothing without a limit", { memoryHigh: "512M" }, null],
  ])("loses to the limit of memory %s", (_title, fields, lines) => {
    expect(service(fields).match(/^OOMPolicy=.*$/gm)).toEqual(lines);
  });

  it("leaves a program that sends to NOTIFY_SOCKET without the descriptor", () => {
    const text = service({ type: "notify-reload", openFile: false, notifyAccess: "all" });
    expect(text).toContain("Type=notify-reload\nNotifyAccess=all\nExecStart");
  });

  it("writes a poll limit only where a socket asks for one", () => {
    const sockets = [{ listen: 80, pollLimitBurst: 3 }];
    expect(emitUnits({ ...shop, type: "notify", systemd: 255, sockets })["shop.socket"]).toContain(
      "PollLimitBurst=3\nTriggerLimitIntervalSec=0\n\n",
    );
  });

  it.each<[string, Partial<AppDescription>, string]>([
    ["10 seconds longer than the drain", { drainTimeout: "20s" }, "TimeoutStopSec=30s\n"],
    [
      "10 seconds longer than a drain of odd length",
      { drainTimeout: "1.5s 100us" },
      "TimeoutStopSec=11501ms\n",
    ],
    ["what is asked for", { drainTimeout: "20s", timeoutStopSec: "25s" }, "TimeoutStopSec=25s\n"],
    ["what is asked for where no drain is", { timeoutStopSec: "20s" }, "TimeoutStopSec=20s\n"],
    ["longer than a drain of a lifetime", { drainTimeout: "40y" }, "TimeoutStopSec=1262304010s\n"],
    ["without end for a drain without one", { drainTimeout: "infinity" }, "TimeoutStopSec=infinity\n"],
  ])("gives a stop a time that is %s", (_, description, line) => {
    expect(service(description)).toContain(line);
  });

  it("writes the variables with a unit, which sockact wants", () => {
    expect(service({ drainTimeout: 0 })).toContain("Environment=SOCKACT_DRAIN_TIMEOUT=0s\n");
    expect(service({ idleTimeout: "1h 30min" })).toContain('Environment="SOCKACT_IDLE_TIMEOUT=1h 30min"\n');
  });
});

describe("a rolling restart", () => {
  const rolling: Partial<AppDescription> = { rolling: true, hardening: "none" };

  it("has a template whose instances share the socket, which starts blue", () => {
    expect(emitUnits({ ...shop, ...rolling })).toEqual({
      "shop.socket": `[Unit]
Description=shop socket

[Socket]
ListenStream=80
Service=shop@blue.service
TriggerLimitIntervalSec=0

[Install]
WantedBy=sockets.target
`,
      "shop@.service": `[Unit]
Description=shop
Requires=shop.socket
After=shop.socket
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
OpenFile=/run/systemd/notify:notify
OpenFile=/run/systemd/journal/socket:journal:graceful
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
Sockets=shop.socket

[Install]
Also=shop.socket
`,
    });
  });

  it("shares each of several sockets", () => {
    const sockets = [
      { listen: 80, name: "http" },
      { listen: "/run/shop.sock", name: "api" },
    ];
    const units = emitUnits({ ...shop, ...rolling, sockets });
    expect(Object.keys(units)).toEqual(["shop-http.socket", "shop-api.socket", "shop@.service"]);
    for (const socket of ["shop-http.socket", "shop-api.socket"]) {
      expect(units[socket]).toContain("Service=shop@blue.service\n");
      for (const key of ["Requires", "After", "Sockets", "Also"])
        expect(units["shop@.service"]).toContain(`${key}=${socket}\n`);
    }
  });

  it("gives both instances one folder and home", () => {
    const text = emitUnits({ ...shop, rolling: true })["shop@.service"]!;
    expect(text).toContain("StateDirectory=shop\nEnvironment=HOME=%S/shop\n");
  });

  it("enables blue where the service is to run without traffic", () => {
    expect(emitUnits({ ...shop, ...rolling, wantedBy: ["multi-user.target"] })["shop@.service"]).toContain(
      "[Install]\nWantedBy=multi-user.target\nDefaultInstance=blue\nAlso=shop.socket\n",
    );
  });

  it("changes nothing when it is false", () => {
    expect(emitUnits({ ...shop, rolling: false })).toEqual(emitUnits(shop));
  });
});

describe("the sandbox", () => {
  it("is outbound by default", () => {
    expect(service({})).toBe(service({ hardening: "outbound" }));
  });

  it("leaves an inbound service no network, and an outbound one the usual address families", () => {
    expect(service({ hardening: "inbound" })).toMatch(
      /PrivateNetwork=yes[^]*RestrictAddressFamilies=none\nIPAddressDeny=any/,
    );
    expect(service({})).toContain("RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK\n");
    expect(service({})).not.toMatch(/PrivateNetwork|IPAddressDeny|ProcSubset/);
  });

  it("lets an inbound service make unix sockets only if it notifies by one", () => {
    const notify: Partial<AppDescription> = { hardening: "inbound", type: "notify" };
    expect(service(notify)).toContain("RestrictAddressFamilies=none\n");
    expect(service({ ...notify, exec: ["/usr/bin/python3", "/srv/shop/app.py"] })).toContain(
      "RestrictAddressFamilies=AF_UNIX\n",
    );
    expect(service({ ...notify, notifyAccess: "all" })).toContain("RestrictAddressFamilies=AF_UNIX\n");
  });

  it("gives an outbound service its own folder, and a dynamic user a home there unless the description has one", () => {
    expect(service({})).toContain("StateDirectory=shop\nEnvironment=HOME=%S/shop\n");
    expect(service({ name: "shop:a\\x2db", sockets: [{ listen: 80, name: "http" }] })).toContain(
      "StateDirectory=shop_a_x2db\nEnvironment=HOME=%S/shop_a_x2db\n",
    );
    expect(service({ user: "shop" })).toContain("StateDirectory=shop\nNoNewPrivileges");
    expect(service({ environment: { HOME: "/srv/shop" } })).not.toContain("HOME=%S");
  });

  it("lets a program in a home be read there, and hides homes from any other", () => {
    expect(service({})).toContain("ProtectHome=yes\n");
    expect(service({ user: "me", exec: ["/usr/bin/node", "/home/me/shop/server.js"] })).toContain(
      "ProtectHome=read-only\n",
    );
    expect(
      service({ user: "me", exec: ["/home/me/.nvm/versions/node/v22.0.0/bin/node", "/srv/shop/server.js"] }),
    ).toContain("ProtectHome=read-only\n");
    expect(service({ user: "me", workingDirectory: "//root" })).toContain("ProtectHome=read-only\n");
    expect(service({ workingDirectory: "/homes" })).toContain("ProtectHome=yes\n");
  });

  it("can be opened for folders that the service writes to", () => {
    const lines = 'ReadWritePaths=/srv/shop/data\nReadWritePaths="/srv/100%% mine"\n';
    const readWritePaths = ["/srv/shop/data", "/srv/100% mine"];
    for (const owner of [{ user: "shop" }, { group: "shop" }, { supplementaryGroups: ["shop"] }])
      expect(service({ readWritePaths, ...owner })).toContain(lines);
  });
});

describe("without a sandbox", () => {
  it("a program may be in a temporary folder if the service has no temporary folders of its own", () => {
    expect(service({ user: "shop", hardening: "none", exec: ["/tmp/shop"] })).toContain(
      "ExecStart=/tmp/shop\n",
    );
  });
});

describe("comments", () => {
  const units = emitUnits({ ...shop, description: "Shop" }, { comments: true });

  it("give the reason of each directive that was not asked for, and of no other", () => {
    const lines = units["shop.service"]!.split("\n");
    const uncommented = lines.filter(
      (line, index) => line.includes("=") && !line.startsWith("#") && !lines[index - 1]!.startsWith("# "),
    );
    expect(uncommented).toEqual([
      "Description=Shop",
      "ExecStart=/usr/bin/node /srv/shop/server.js",
      // Its reason stands above the line before.
      "SystemCallFilter=~@privileged @resources",
    ]);
  });

  it("change nothing else", () => {
    const without = emitUnits({ ...shop, description: "Shop" });
    for (const [unit, text] of Object.entries(units))
      expect(text.replace(/^#.*\n/gm, "")).toBe(without[unit]);
  });

  it("are one line each, which no backslash continues", () => {
    for (const reason of Object.values(reasons)) expect(reason).toMatch(/^[^\n\\]+\.$/);
  });
});
