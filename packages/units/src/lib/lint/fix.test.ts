import { describe, expect, it } from "vitest";
import { cleanPair } from "../../../test/faults.ts";
import { fixUnits } from "./fix.ts";
import { lintUnits, type FindingCode } from "./lint.ts";

const { "app.socket": socket = "", "app.service": service = "" } = cleanPair;
const program = "ExecStart=/usr/bin/node /srv/app/server.js\n";
const inService = (lines: string) => ({ "app.service": service.replace(program, `${program}${lines}\n`) });
const inSocket = (lines: string) => ({
  "app.socket": socket.replace("ListenStream=80\n", `ListenStream=80\n${lines}\n`),
});

/** The socket without anything under [Unit], and the service without a word of its socket. */
const bare = socket.replace(/^\[Unit\]\n.*\n\n/, "");
const unbound = service.replace("[Unit]\n", "").replace(/^(?:Requires|After)=.*\n/gm, "");

const limited = (from: string, to: string) => ({
  "app.service": service.replace("StartLimitIntervalSec=0\n", "").replace(from, to),
});

describe("fixUnits leaves to a person", () => {
  it.each<[FindingCode, string, Record<string, string>]>([
    ["directive-unknown", "a misspelled ExecStart=", inService("_ExecStart=/bin/other")],
    ["directive-unknown", "a program that is switched off with a digit", inService("ExecStart2=/bin/other")],
    ["directive-unknown", "a program that is switched off with a dash", inService("-ExecStart=/bin/other")],
    ["directive-misplaced", "a dependency that systemd ignores", inService("Requires=other.service")],
    ["directive-misplaced", "a condition that systemd ignores", inService("ConditionPathExists=/srv/on")],
    ["clients-blocked", "a firewall", inSocket("IPAddressDeny=any")],
    ["reuse-port", "a port that several sockets share", inSocket("ReusePort=yes")],
    [
      "comment-inline",
      "a lone # among the arguments of a program",
      { "app.service": service.replace(program, "ExecStart=/usr/bin/cut -d # -f 1\n") },
    ],
    [
      "accept-impossible",
      "which service a socket starts",
      { ...inSocket("Accept=yes\nService=other.service"), "other.service": service, "app@.service": service },
    ],
    [
      "address-conflict",
      "whether a port is open to everybody",
      {
        "app.socket": socket.replace(
          "ListenStream=80\n",
          "ListenStream=0.0.0.0:80\nListenStream=127.0.0.1:80\n",
        ),
      },
    ],
    [
      "address-conflict",
      "whether a port is for IPv6 alone",
      {
        "app.socket": socket.replace(
          "ListenStream=80\n",
          "ListenStream=81\nListenStream=[::]:80\nListenStream=0.0.0.0:80\n",
        ),
      },
    ],
    [
      "socket-wanted-by",
      "other units that want the socket",
      { "app.socket": socket.replace("sockets.target", "multi-user.target other.service") },
    ],
    [
      "remove-on-stop",
      "whether the service stops with its socket",
      {
        "app.socket": socket.replace(
          "ListenStream=80\n",
          "ListenStream=/run/app.sock\nSocketMode=0660\nRemoveOnStop=yes\n",
        ),
        "app.service": service.replace("Requires=", "Wants="),
      },
    ],
    [
      "runtime-directory",
      "a folder that is removed on purpose",
      {
        ...inService("RuntimeDirectory=app\nRuntimeDirectoryPreserve=no"),
        "app.socket": socket.replace(
          "ListenStream=80\n",
          "ListenStream=/run/app/http.sock\nSocketMode=0660\n",
        ),
      },
    ],
    ["directory-refused", "a folder in quotes", inService('WorkingDirectory="/srv/my app"')],
    ["kill-mode", "children that live on", inService("KillMode=process")],
    ["type-unfit", "a task that ends", inService("Type=oneshot\nExecStart=/usr/bin/node /srv/app/second.js")],
    ["standard-input-socket", "a socket as standard input", inService("StandardInput=socket")],
    ["stop-timeout", "a time that is given", inService("TimeoutStopSec=5")],
    ["notify-unheard", "a program with a library that notifies", inService("Type=notify")],
    ["open-file-name", "a name that the program knows", inService("OpenFile=/run/systemd/notify:ready")],
    ["open-file-path", "a file that systemd ignores", inService("OpenFile=%t/systemd/notify:notify")],
    [
      "names-missing",
      "names that the program knows",
      {
        ...inSocket("FileDescriptorName=http"),
        "app-api.socket": socket.replace("ListenStream=80", "ListenStream=81\nService=app.service"),
        "app.service": service
          .replace("After=app.socket", "After=app.socket\nRequires=app-api.socket\nAfter=app-api.socket")
          .replace("Also=app.socket", "Also=app.socket app-api.socket"),
      },
    ],
    [
      "requires-missing",
      "whether another program than Node needs its socket",
      {
        "app.service": service
          .replace(/^(?:Requires|After)=.*\n/gm, "")
          .replace(program, "ExecStart=/srv/app/venv/bin/gunicorn app\n"),
      },
    ],
    ...(
      [
        [
          "a socket that is ordered after its service",
          { "app.socket": `[Unit]\nAfter=app.service\n${bare}` },
        ],
        [
          "a socket that a third unit orders after the service",
          {
            "third.service": "[Unit]\nAfter=app.service\nBefore=app.socket\n[Service]\nExecStart=/bin/true\n",
          },
        ],
        ["a service before sysinit.target", { "app.service": `[Unit]\nBefore=sysinit.target\n${unbound}` }],
        [
          "a service without default dependencies",
          { "app.service": `[Unit]\nDefaultDependencies=no\n${unbound}` },
        ],
        [
          "a service that conflicts with its socket",
          { "app.service": `[Unit]\nConflicts=app.socket\n${unbound}` },
        ],
        [
          "a service with two sockets, of which one may fail",
          {
            "api.socket": `[Socket]\nService=app.service\nListenStream=81\nFileDescriptorName=api\n${bare.split("\n").slice(2).join("\n")}`,
            "app.service": `[Unit]\n${unbound.replace("Also=app.socket", "Also=app.socket api.socket")}`,
          },
        ],
      ] as const
    ).map(([name, files]): [FindingCode, string, Record<string, string>] => [
      "requires-missing",
      name,
      { "app.socket": bare, "app.service": `[Unit]\n${unbound}`, ...files },
    ]),
    ["start-limit", "a service that nothing restarts", limited("Restart=always\nRestartSec=1s\n", "")],
    [
      "start-limit",
      "waits that grow",
      limited("RestartSec=1s", "RestartSec=0\nRestartSteps=5\nRestartMaxDelaySec=1min"),
    ],
    [
      "directive-misplaced",
      "a start limit of a service that nothing restarts",
      limited("Restart=always", "Restart=no\nStartLimitIntervalSec=0"),
    ],
    [
      "directive-misplaced",
      "a start limit of a service with a condition",
      limited("[Service]", "ConditionPathExists=/nowhere\n[Service]\nStartLimitIntervalSec=0"),
    ],
    [
      "directive-misplaced",
      "a longer start limit",
      limited("[Service]", "[Service]\nStartLimitIntervalSec=60"),
    ],
    [
      "directive-unknown",
      "a file of variables that systemd does not read",
      inService("EnviromentFile=/etc/app.env"),
    ],
    ...[
      ["after another unit", socket.replace("[Unit]\n", "[Unit]\nAfter=db.service\n")],
      ["of an interface", socket.replace("=80", "=192.0.2.1:80\nFreeBind=true")],
      ["in a folder of a mount", socket.replace("=80", "=/srv/app.sock\nSocketMode=0660")],
      ["with a command", socket.replace("=80", "=80\nExecStartPre=/srv/app/prepare")],
      ["that a service requires", socket.replace("WantedBy=", "RequiredBy=")],
    ].map(([name, text]): [FindingCode, string, Record<string, string>] => [
      "socket-wanted-by",
      `a socket ${name}`,
      { "app.socket": text!.replace("sockets.target", "multi-user.target") },
    ]),
    [
      "service-missing",
      "a template of another program than Node",
      {
        ...inSocket("Accept=yes"),
        "app.service": service
          .replace(program, "ExecStart=/usr/sbin/sshd\n")
          .replace(/^.*app.socket\n/gm, ""),
      },
    ],
    [
      "start-limit",
      "a service with a condition",
      limited("[Service]", "ConditionPathExists=/nowhere\n[Service]"),
    ],
    [
      "sockets-missing",
      "whether all instances have the socket, or each has one",
      {
        "app.socket": socket.replace("ListenStream=80", "ListenStream=80\nService=app@blue.service"),
        "app@.service": service,
        "app.service": "",
      },
    ],
    [
      "requires-missing",
      "whether a service that is enabled by itself needs its socket",
      {
        "app.service": service
          .replace(/^(?:Requires|After)=.*\n/gm, "")
          .replace("[Install]\n", "[Install]\nWantedBy=multi-user.target\n"),
      },
    ],
    [
      "start-limit",
      "what happens at the limit",
      {
        "app.service": service.replace("StartLimitIntervalSec=0", "OnFailure=mail.service"),
      },
    ],
    ["variable-reserved", "a manager of its own", inService("Environment=NOTIFY_SOCKET=/run/x.sock")],
    ["crash-spins", "whether a service is restarted", { "app.service": service.replace("=always", "=no") }],
    [
      "restart-fast",
      "a delay that is given to a service without a socket",
      {
        "app.socket": "",
        "app.service": service.replace("RestartSec=1s", "RestartSec=0").replace(/^.*app.socket\n/gm, ""),
      },
    ],
    ["restart-fast", "a delay in a drop-in", { "app.service.d/1.conf": "[Service]\nRestartSec=0\n" }],
    [
      "sockets-missing",
      "whether all instances of another program than Node have the socket",
      {
        "app.socket": socket.replace("ListenStream=80", "ListenStream=80\nService=app@blue.service"),
        "app@.service": service.replace(program, "ExecStart=/srv/app/venv/bin/gunicorn app\n"),
        "app.service": "",
      },
    ],
    [
      "variable-reserved",
      "a variable before a quote that is not closed",
      inService('Environment=LISTEN_FDS=1 "B=1 C=2'),
    ],
  ])("%s: %s", (code, _, changed) => {
    const files = { ...cleanPair, ...changed };
    expect(lintUnits(files).map((finding) => finding.code)).toContain(code);
    expect(fixUnits(files)).toEqual(files);
  });
});

describe("fixUnits", () => {
  it("takes a variable of systemd out of all lines at once", () => {
    const lines = Array.from({ length: 50 }, (_, index) => `Environment=A${index}=1 LISTEN_FDS=1 "B=c d"`);
    const fixed = fixUnits({ ...cleanPair, ...inService(lines.join("\n")) })["app.service"]!;
    const { "app.service": expected } = inService(
      lines.map((line) => line.replace("LISTEN_FDS=1 ", "")).join("\n"),
    );
    expect(fixed).toBe(expected);
  });

  it("lets the one socket of a service come first", () => {
    const fixed = fixUnits({ ...cleanPair, "app.socket": bare, "app.service": `[Unit]\n${unbound}` });
    expect(fixed["app.service"]).toContain("Requires=app.socket\nAfter=app.socket\n");
  });

  it("leaves the choice of Type= to you for a job that hands over", () => {
    const files = { ...cleanPair, ...inService("Type=oneshot\nEnvironment=SOCKACT_HANDOVER=yes") };
    expect(lintUnits(files).map(({ code }) => code)).toContain("handover-impossible");
    expect(fixUnits(files)["app.service"]).toContain("Type=oneshot");
  });

  it("leaves a unit of a user's manager as it is, if only its OpenFile= tells", () => {
    const files = {
      "app.socket": cleanPair["app.socket"]!.replace("=80\n", "=8080\n"),
      ...inService("Type=notify\nOpenFile=/run/user/1000/systemd/notify:notify"),
    };
    files["app.service"] = files["app.service"].replace("DynamicUser=yes\n", "");
    expect(lintUnits(files)).toEqual([]);
    expect(fixUnits(files)).toEqual(files);
  });

  it.each([
    ["an error number", "Service", "SystemCallErrorNumber=", inService("SystemCallFilter=@system-service")],
    [
      "a program",
      "Service",
      "RestartSec=1s\nExecStart=",
      { "app.service": service.replace("[Install]\nAlso=app.socket\n", "[Install]\nAlias=shop.service\n") },
    ],
  ])("writes nothing that a drop-in takes back: %s", (_, section, lines, changed) => {
    const files = { ...cleanPair, ...changed, "app.service.d/1.conf": `[${section}]\n${lines}\n` };
    const fixed = fixUnits(files);
    expect(fixUnits(fixed)).toEqual(fixed);
    for (const [name, text] of Object.entries(fixed)) {
      const entries = text
        .split("\n")
        .filter((line) => line.includes("=") && !line.startsWith("ListenStream"));
      expect([name, new Set(entries).size]).toEqual([name, entries.length]);
    }
    expect(fixed["app.service"]).not.toContain("SystemCallErrorNumber=EPERM");
  });

  it("adds nothing to a file that systemd reads only up to a command that it refuses", () => {
    const files = { ...cleanPair, ...inService("ExecReload=bin/kill\nType=exec") };
    files["app.service"] = files["app.service"].replace("Also=app.socket", "Alias=shop.service");
    expect(fixUnits(files)).toEqual(files);
  });

  it.each<[string, Record<string, string>]>([
    [
      "has a start limit in the wrong section",
      limited("[Service]\n", "[Service]\nStartLimitIntervalSec=0\n"),
    ],
    [
      "has a start limit in the wrong section, and restarts at once",
      limited("RestartSec=1s", "RestartSec=0\nStartLimitIntervalSec=0"),
    ],
    ["is restarted at once", limited("RestartSec=1s", "RestartSec=0")],
    ["waits too little without a limit", { "app.service": service.replace("RestartSec=1s", "RestartSec=0") }],
    [
      "may reach the trigger limit",
      {
        "app.socket": socket.replace("TriggerLimitIntervalSec=0\n", ""),
        "app.service": service.replace("RestartSec=1s", "RestartSec=10ms"),
      },
    ],
    ["is started for each connection", inSocket("Accept=yes")],
    [
      "has a socket for multi-user.target",
      { "app.socket": socket.replace("sockets.target", "multi-user.target") },
    ],
    [
      "does not require a socket that requires the network",
      {
        "app.socket": socket.replace("[Unit]\n", "[Unit]\nRequires=network.target\nAfter=network.target\n"),
        "app.service": service.replace(/^(?:Requires|After)=.*\n/gm, ""),
      },
    ],
  ])("leaves nothing to find in a service that %s", (_, changed) => {
    const files = { ...cleanPair, ...changed };
    expect(lintUnits(files)).not.toEqual([]);
    expect(lintUnits(fixUnits(files))).toEqual([]);
  });

  it("moves a start limit, and keeps the other lines", () => {
    const moved = fixUnits({
      ...cleanPair,
      ...limited("[Service]\n", "[Service]\nStartLimitIntervalSec=0\n"),
    });
    expect(moved).toEqual(cleanPair);
  });

  it("takes one of two equal addresses out", () => {
    const fixed = fixUnits({ ...cleanPair, ...inSocket("ListenStream=80") });
    expect(fixed).toEqual(cleanPair);
  });
});

const inherited = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"];

describe("names that every JavaScript object has", () => {
  const unit = (name: string) =>
    `[${name}]\n${name}=1\n[Unit]\n${name}=${name}\n[Service]\nType=${name}\n${name}=%${name}\nEnvironment=${name}=1\n`;

  it.each(inherited)("%s is a section, a directive and a unit as any other", (name) => {
    const file = `${name}.service`;
    const codes = lintUnits({ [file]: unit(name) }).map(
      (finding) => `${finding.file}:${finding.line} ${finding.code}`,
    );
    expect(codes).toEqual(
      expect.arrayContaining([
        `${file}:1 section-unknown`,
        `${file}:4 directive-unknown`,
        `${file}:6 value-invalid`,
        `${file}:7 directive-unknown`,
      ]),
    );
  });

  it.each(inherited)("%s is the name of a file of any kind", (name) => {
    const names = ["service", "socket", "timer", name].flatMap((type) => [
      `${name}.${type}`,
      `${name}@.${type}`,
      `a@${name}.${type}`,
      `a.${type}.d/${name}.conf`,
      `${name}.d/a.conf`,
    ]);
    const files = Object.fromEntries([name, ...names].map((file) => [file, unit(name)]));
    expect(Object.keys(fixUnits(files))).toEqual(Object.keys(files));
  });

  it.each(inherited)("%s is a file whose text is given back", (name) => {
    const files = JSON.parse(JSON.stringify({ ...cleanPair }).replace("app.socket", name)) as Record<
      string,
      string
    >;
    const fixed = fixUnits(files);
    expect(Object.keys(fixed)).toContain(name);
    expect(Object.getOwnPropertyDescriptor(fixed, name)?.value).toBe(socket);
  });
});

describe("a file whose name no unit can have", () => {
  it.each(["a\nExecStart=other", "a b", "a".repeat(300), '"a', "é"])("%j is in no other unit", (name) => {
    const unit = service.replace(/^.*app.socket\n/gm, "");
    const files = { [`${name}.socket`]: `${socket}[Socket]\nService=a.service\n`, "a.service": unit };
    expect(fixUnits(files)["a.service"]).toBe(unit);
  });
});
