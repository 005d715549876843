// Sockets that do not listen, and units that are not what they seem.
import type { PrivateSystemd } from "@sockact/testkit";
import { isReady, node, notifying, type Scenario, type Scenarios, untilUnit } from "./scenario.ts";

const folder = "/etc/systemd/system";
const hasFailed = untilUnit(".socket", "ActiveState", "failed");
const requires = (unit: string): string => `[Unit]\nRequires=${unit}\nAfter=${unit}`;
const withTriggerLimit = /^TriggerLimitIntervalSec=.*\n/gm;
const sh = (script: string) => (systemd: PrivateSystemd) => systemd.mustRun(["sh", "-ec", script]);
const audit = (name: string, line: string) => async (systemd: PrivateSystemd) => {
  const pid = await systemd.show(`${name}.service`, "MainPID");
  await systemd.mustRun(["systemd-cat", "--identifier=audit", "echo", line.replace("PID", pid)]);
};
const notLoaded = (unit: string, more: object): Scenario["finds"] => [
  { code: "unit-not-loaded", unit, ...more },
];

/** What the secret service must not show: values in a file, a variable, an argument and credentials. */
export const secrets = [
  "canary-file-5d1e",
  "canary line 7c22",
  "canary-argument-91af",
  "canary-credential-3b0c",
  "canary-loaded-88e1",
];

export const units: Scenarios = {
  asleep: { starts: "socket", finds: [] },
  pair: {
    description: { rolling: true, ...notifying },
    starts: "socket",
    after: (systemd) => systemd.start("pair@blue.service"),
    finds: [],
  },
  each: {
    description: {
      sockets: [{ listen: "/run/each.sock", accept: true }],
      killMode: "process",
      acknowledge: ["kill-mode"],
    },
    starts: "socket",
    finds: [{ code: "kill-mode" }],
  },

  // Sockets.
  disabled: {
    starts: "socket",
    after: (systemd) => systemd.systemctl("disable", "disabled.socket"),
    finds: [
      {
        code: "not-enabled",
        severity: "warning",
        unit: "disabled.socket",
        message: "disabled.socket listens now, but is not enabled.",
        copy: ["systemctl enable disabled.socket"],
      },
    ],
  },
  trusting: {
    description: {
      sockets: [{ listen: "/run/trusting.sock", socketMode: "0666" }],
      environment: { SOCKACT_TRUST_PROXY: "yes" },
    },
    starts: "socket",
    finds: [
      {
        code: "client-forgeable",
        severity: "warning",
        unit: "trusting.socket",
        message:
          "Every user of this machine can connect to /run/trusting.sock, and send requests in the name of any client.",
      },
    ],
  },
  inactive: {
    starts: "socket",
    after: (systemd) => systemd.systemctl("disable", "--now", "inactive.socket"),
    finds: [
      {
        code: "socket-inactive",
        unit: "inactive.socket",
        copy: ["systemctl enable --now inactive.socket"],
      },
    ],
  },
  taken: {
    description: { sockets: [{ listen: 80 }] },
    until: /Dependency failed/,
    finds: [
      {
        code: "port-taken",
        message: /in use by process \d+ \(\S+ --eval\)\./,
        evidence: /^\[::\]:80 is open in process \d+: /m,
        copy: [/^kill \d+$/, "systemctl start taken.socket"],
      },
    ],
  },
  // Any user can give a process this title.
  titled: {
    description: { sockets: [{ listen: 8091 }] },
    until: /Dependency failed/,
    finds: [
      {
        code: "port-taken",
        message: /in use by process \d+ \(web\?kill 1\?\[2J\)\.$/,
        evidence: /^\[::\]:8091 is open in process \d+: web\?kill 1\?\[2J$/m,
        copy: [/^kill \d+$/, "systemctl start titled.socket"],
      },
    ],
  },
  rival: { description: { sockets: [{ listen: "0.0.0.0:8080" }] }, starts: "socket", finds: [] },
  contested: {
    description: { sockets: [{ listen: 8080 }] },
    starts: "socket",
    // The order of two sockets that start at the same time is not known.
    after: (systemd) =>
      systemd.run([
        "sh",
        "-c",
        "systemctl stop rival.socket contested.socket; systemctl start rival.socket; systemctl start contested.socket",
      ]),
    finds: [
      {
        code: "port-taken",
        unit: "contested.socket",
        message: "contested.socket can't listen on [::]:8080: it is in use by rival.socket.",
        copy: ["systemctl disable --now rival.socket", "systemctl start contested.socket"],
      },
    ],
  },
  tenant: { description: { sockets: [{ listen: "0.0.0.0:8090" }] }, starts: "socket", finds: [] },
  // The service that runs has the port, and so has systemd, which keeps its socket open.
  displaced: {
    description: { sockets: [{ listen: 8090 }] },
    starts: "socket",
    after: (systemd) =>
      systemd.run([
        "sh",
        "-c",
        "systemctl stop tenant.socket displaced.socket; systemctl start tenant.socket tenant.service; systemctl start displaced.socket",
      ]),
    finds: [
      {
        code: "port-taken",
        unit: "displaced.socket",
        message: "displaced.socket can't listen on [::]:8090: it is in use by tenant.service.",
        copy: ["systemctl disable --now tenant.service", "systemctl start displaced.socket"],
      },
    ],
  },
  place: {
    description: { sockets: [{ listen: "/sys/place.sock" }] },
    starts: "socket",
    until: hasFailed,
    finds: [
      {
        code: "socket-failed",
        evidence: /Failed to create listening socket \(\/sys\/place\.sock\)/,
        source: "journal of place.socket",
      },
    ],
  },
  absent: {
    // An address of the documentation, which no machine has.
    description: { sockets: [{ listen: "192.0.2.1:8081" }] },
    withoutInSocket: /^FreeBind=.*\n/gm,
    starts: "socket",
    until: hasFailed,
    finds: [
      {
        code: "address-missing",
        severity: "error",
        evidence: /192\.0\.2\.1:8081.*Cannot assign requested address/,
        copy: ["  FreeBind=yes"],
      },
    ],
  },
  inside: {
    description: { sockets: [{ listen: 8001 }] },
    socket: "PrivateNetwork=yes",
    until: isReady,
    finds: [
      { code: "clients-blocked", severity: "error" },
      {
        code: "socket-in-namespace",
        severity: "warning",
        evidence: /^PrivateNetwork=yes$/m,
        copy: ["systemctl restart inside.socket"],
      },
    ],
  },
  local: {
    description: { sockets: [{ listen: "127.0.0.1:8002" }] },
    until: isReady,
    finds: [
      {
        code: "loopback-only",
        severity: "info",
        evidence: /^Listen=127\.0\.0\.1:8002 \(Stream\)$/m,
        copy: ["  ListenStream=8002"],
      },
    ],
  },
  port: {
    description: { environment: { PORT: "3000" }, sockets: [{ listen: 8003 }] },
    until: isReady,
    finds: [
      {
        code: "port-ignored",
        severity: "info",
        message: "PORT is set, but the app listens on [::]:8003.",
      },
    ],
  },
  named: {
    until: isReady,
    isMore: true,
    files: {
      [`${folder}/stray.service`]: "[Service]\nExecStart=/bin/true\n",
      [`${folder}/stray.socket`]: "[Socket]\nListenStream=/run/stray.sock\nService=named.service\n",
    },
    finds: [
      {
        code: "socket-starts-other",
        severity: "warning",
        evidence: /^Triggers=named\.service$/m,
        copy: ["  Service=stray.service"],
      },
    ],
  },

  // Limits.
  limit: {
    text: "process.exit(7);",
    without: /^(?:Restart|RestartSec|StartLimitIntervalSec)=.*\n/gm,
    connects: true,
    until: hasFailed,
    finds: [
      // What it follows from comes first.
      { code: "app-crashed" },
      {
        code: "start-limit-hit",
        unit: "limit.socket",
        message: /It exited with 7\. limit\.socket does not listen any more\./,
        copy: ["systemctl reset-failed limit.service limit.socket", "systemctl start limit.socket"],
      },
    ],
  },
  trigger: {
    description: { conditionPathExists: "/nowhere" },
    withoutInSocket: withTriggerLimit,
    connects: true,
    until: hasFailed,
    finds: [
      {
        code: "trigger-limit-hit",
        unit: "trigger.socket",
        message: /a condition of the service is not met/,
        evidence: /^ConditionPathExists=\/nowhere$/m,
        source: `${folder}/trigger.service`,
        copy: ["systemctl start trigger.socket"],
      },
    ],
  },
  needs: {
    service: requires("database.service"),
    withoutInSocket: withTriggerLimit,
    files: { [`${folder}/database.service`]: "[Service]\nType=oneshot\nExecStart=/bin/false\n" },
    connects: true,
    until: hasFailed,
    finds: [
      {
        code: "trigger-limit-hit",
        message: /: needs\.service requires database\.service, which has failed\.$/,
      },
    ],
  },
  stall: {
    service: requires("absent-database.service"),
    connects: true,
    until: untilUnit(".socket", "Result", "resources"),
    finds: notLoaded("stall.service", {
      message: "stall.service requires absent-database.service, which does not exist. So it can't start.",
    }),
  },

  // Files.
  masked: {
    starts: "socket",
    // A file in /etc goes before a mask in /run.
    after: sh(`systemctl mask --runtime --now masked.service; rm ${folder}/masked.service`),
    finds: notLoaded("masked.service", {
      evidence: /^LoadState=masked$/m,
      source: "systemctl show masked.service",
      copy: ["systemctl unmask --runtime masked.service"],
    }),
  },
  setting: {
    starts: "socket",
    after: sh(`sed -i /^ExecStart=/d ${folder}/setting.service`),
    finds: notLoaded("setting.service", {
      message: /^setting\.service is bad-setting: /,
      copy: [`systemd-analyze verify ${folder}/setting.service`, "systemctl daemon-reload"],
    }).concat({ code: "exec-missing" }),
  },
  missing: {
    starts: "socket",
    after: sh(`rm ${folder}/missing.service`),
    finds: notLoaded("missing.service", { message: /not-found/ }),
  },
  outdated: {
    until: isReady,
    unread: (systemd) => systemd.write(`${folder}/outdated.service.d/10-own.conf`, "[Service]\nNice=1\n"),
    finds: [
      {
        code: "unit-outdated",
        severity: "warning",
        evidence: /^NeedDaemonReload=yes$/m,
        copy: ["systemctl daemon-reload"],
      },
    ],
  },
  overridden: {
    until: isReady,
    after: (systemd) =>
      systemd.write(
        `${folder}/overridden.service.d/10-own.conf`,
        `[Service]\nRestart=no\nEnvironment=A=1\nExecStart=\nExecStart=${node} /srv/overridden/server.mjs\n`,
      ),
    finds: [
      {
        code: "drop-in-overrides",
        severity: "info",
        evidence: /^Restart=no\nExecStart=\nExecStart=\S+ \/srv\/overridden\/server\.mjs$/m,
        copy: ["systemctl cat overridden.service"],
      },
      { code: "crash-spins" },
    ],
  },
  apparmor: {
    until: isReady,
    after: audit(
      "apparmor",
      'audit: type=1400 apparmor="DENIED" operation="open" profile="node" name="/srv/data.db" pid=PID comm="node"',
    ),
    finds: [
      {
        code: "security-denied",
        severity: "error",
        evidence: /apparmor="DENIED"/,
        copy: ["aa-logprof  # profile node"],
      },
    ],
  },
  selinux: {
    until: isReady,
    after: audit(
      "selinux",
      'type=AVC msg=audit(1): avc:  denied  { read } for  pid=PID comm="node" path="/srv/data.db" tclass=file',
    ),
    finds: [
      {
        code: "security-denied",
        severity: "error",
        evidence: /avc: +denied/,
        copy: ["restorecon -Rv /srv/data.db"],
      },
    ],
  },
  secret: {
    app: `import { readFileSync } from "node:fs"; console.error(process.env); throw new Error(readFileSync(process.env.CREDENTIALS_DIRECTORY + "/loaded") + Object.values(process.env).join() + process.argv.join());`,
    description: {
      environment: { GREETING: secrets[1]! },
      exec: [node, "/srv/secret/server.mjs", `--api-token=${secrets[2]}`],
    },
    service: `LoadCredential=loaded:/etc/shop.credential\nEnvironmentFile=/etc/shop.env\nSetCredential=key:${secrets[3]}\nExecStartPre=/bin/cat %d/key\nNoSuchLine=1`,
    finds: [{ code: "app-crashed" }, { code: "directive-unknown" }],
  },
};
