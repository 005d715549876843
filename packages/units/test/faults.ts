import type { FindingCode } from "../src/index.ts";

/** A pair of which the linter has nothing to say. */
export const cleanPair: Record<string, string> = {
  "app.socket": `[Unit]
Description=App socket

[Socket]
ListenStream=80
TriggerLimitIntervalSec=0

[Install]
WantedBy=sockets.target
`,
  "app.service": `[Unit]
Description=App
Requires=app.socket
After=app.socket
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/bin/node /srv/app/server.js
DynamicUser=yes
Restart=always
RestartSec=1s
NonBlocking=true

[Install]
Also=app.socket
`,
};

/** One fault in that pair. */
export interface Fault {
  code: FindingCode;
  /** The files that differ from the pair; `undefined` is one that is not there. */
  files: Record<string, string | undefined>;
  /** The file that is named. */
  file: string;
  /** What the line that is named begins with. */
  at: string;
  /** Other findings that the same fault causes. */
  also?: FindingCode[];
  /** Whether systemd says so too. */
  refused?: boolean;
}

const socket = (from: string, to: string) => ({ "app.socket": swapped("app.socket", from, to) });
const service = (from: string, to: string) => ({ "app.service": swapped("app.service", from, to) });

function swapped(file: string, from: string, to: string): string {
  const text = cleanPair[file]!;
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
  return text.replace(from, () => to);
}

/** One more directive of the service, or of the socket. */
const inService = (line: string) => service("NonBlocking=true\n", `NonBlocking=true\n${line}\n`);
const inSocket = (line: string) => socket("ListenStream=80\n", `ListenStream=80\n${line}\n`);
/** What a service that hands over has. */
const notifying = "Type=notify\nOpenFile=/run/systemd/notify:notify\n";
const waiting = `ExecReload=/bin/sh -c 'kill -HUP $$MAINPID; read -r result <"$$SOCKACT_RELOAD_RESULT"; [ "$$result" = ok ]'
Environment=SOCKACT_HANDOVER=yes
Environment=SOCKACT_RELOAD_RESULT=%t/app-reload/result
RuntimeDirectory=app-reload`;
const running = (command: string) => service("/usr/bin/node /srv/app/server.js", command);

/** The pair as units of a user, with these files in it. */
const ofUser = (changed: Record<string, string>) => ({
  "app.socket": undefined,
  "app.service": undefined,
  "systemd/user/app.socket": changed["app.socket"] ?? cleanPair["app.socket"]!.replace("=80\n", "=8080\n"),
  "systemd/user/app.service":
    changed["app.service"] ?? cleanPair["app.service"]!.replace("DynamicUser=yes\n", ""),
});

const other = (name: string, lines: string) =>
  cleanPair["app.socket"]!.replace("ListenStream=80", () => `Service=app.service\n${lines}`).replaceAll(
    "app.socket",
    name,
  );

const template = (extra = "") =>
  `[Unit]\nRequires=app.socket\nAfter=app.socket\nStartLimitIntervalSec=0\n\n[Service]\nType=exec\nExecStart=/usr/bin/node /srv/app/server.js\nDynamicUser=yes\nRestart=always\nRestartSec=1s\n${extra}`;

const at = (file: string, line: string) => ({ file, at: line });
const socketAt = (line: string) => at("app.socket", line);
const serviceAt = (line: string) => at("app.service", line);

export const faults: Fault[] = [
  {
    code: "file-unreadable",
    files: service("[Install]", "[Install"),
    ...serviceAt("[Install"),
    refused: true,
  },
  { code: "line-ignored", files: inService("NoNewPrivileges yes"), ...serviceAt("NoNewPriv"), refused: true },
  {
    code: "continuation-broken",
    files: running("/usr/bin/node /srv/app/server.js \\ "),
    ...serviceAt("ExecStart"),
  },
  {
    code: "comment-inline",
    files: service("NonBlocking=true", "NonBlocking=true # for Node"),
    ...serviceAt("NonBl"),
    refused: true,
  },
  {
    code: "section-unknown",
    files: service("[Install]", "[install]"),
    ...serviceAt("[install]"),
    refused: true,
  },
  {
    code: "directive-misplaced",
    files: service(
      "StartLimitIntervalSec=0\n\n[Service]",
      "StartLimitIntervalSec=0\n\n[Service]\nWants=network.target",
    ),
    ...serviceAt("Wants"),
    refused: true,
  },
  {
    code: "directive-misplaced",
    files: service("StartLimitIntervalSec=0\n\n[Service]\n", "\n[Service]\nStartLimitIntervalSec=0\n"),
    ...serviceAt("StartLimitIntervalSec"),
    also: ["start-limit"],
    refused: true,
  },
  {
    code: "requires-missing",
    files: {
      ...socket("[Unit]\n", "[Unit]\nRequires=network.target\nAfter=network.target\n"),
      ...service("Requires=app.socket\nAfter=app.socket\n", ""),
    },
    ...serviceAt("[Unit]"),
  },
  {
    code: "directive-unknown",
    files: service("NonBlocking", "NonBlokking"),
    ...serviceAt("NonBlokking"),
    refused: true,
  },
  { code: "value-invalid", files: inService("RestartSec=fast"), ...serviceAt("RestartSec"), refused: true },
  { code: "value-invalid", files: inService("Type=daemon"), ...serviceAt("Type"), refused: true },
  {
    code: "value-invalid",
    files: inSocket("SocketMode=rw-rw----"),
    ...socketAt("SocketMode"),
    also: ["socket-mode-unused"],
    refused: true,
  },
  {
    code: "value-invalid",
    files: inService("Environment=A=1 B C=%Q"),
    ...serviceAt("Environment"),
    refused: true,
  },
  {
    code: "value-invalid",
    files: service("After=app.socket", "After=app.socket\nAfter=postgresql"),
    ...serviceAt("After=postgresql"),
    refused: true,
  },
  { code: "value-invalid", files: inService("CPUQuota=50"), ...serviceAt("CPUQuota"), refused: true },
  {
    code: "value-invalid",
    files: inService("SystemCallFilter=@nope\nSystemCallErrorNumber=EPERM"),
    ...serviceAt("SystemCallFilter"),
    refused: true,
  },
  {
    code: "value-invalid",
    files: inService("TimeoutStopSec=foo"),
    ...serviceAt("TimeoutStopSec"),
    refused: true,
  },
  { code: "value-invalid", files: inService("RestartSec="), ...serviceAt("RestartSec"), refused: true },
  {
    code: "address-invalid",
    files: socket("ListenStream=80", "ListenStream=80\nListenStream=localhost:8080"),
    ...socketAt("ListenStream=localhost"),
    refused: true,
  },
  { code: "command-refused", files: running("bin/node server.js"), ...serviceAt("ExecStart"), refused: true },
  {
    code: "command-refused",
    files: inSocket("ExecStartPre=bin/mkdir /run/app"),
    ...socketAt("ExecStartPre"),
    refused: true,
  },
  { code: "value-invisible", files: inService("Environment=A=a\u202eb"), ...serviceAt("Environment") },
  {
    code: "value-obsolete",
    files: inService("StandardOutput=syslog+console"),
    ...serviceAt("StandardOutput"),
    refused: true,
  },
  {
    code: "value-obsolete",
    files: inSocket("ListenStream=/var/run/app.sock\nSocketMode=0666"),
    ...socketAt("ListenStream=/var"),
    refused: true,
  },
  {
    code: "directory-refused",
    files: inService('WorkingDirectory="/srv/my app"'),
    ...serviceAt("WorkingDirectory"),
    refused: true,
  },
  {
    code: "drop-in-name",
    files: { "app.service.d/port.txt": "[Service]\nEnvironment=A=1\n" },
    ...at("app.service.d/port.txt", "[Service]"),
  },
  { code: "listen-missing", files: socket("ListenStream=80\n", ""), ...socketAt("[Socket]"), refused: true },
  {
    code: "service-missing",
    files: { "app.service": undefined, "shop.service": cleanPair["app.service"]! },
    ...socketAt("[Socket]"),
    refused: true,
  },
  { code: "service-missing", files: inSocket("Accept=yes"), ...socketAt("Accept=yes") },
  {
    code: "service-missing",
    files: { "app.service": undefined, "app@.service": template() },
    ...socketAt("[Socket]"),
  },
  {
    code: "accept-impossible",
    files: {
      ...inSocket("Accept=yes\nService=app.service"),
      "app.service": undefined,
      "app@.service": template("StandardInput=socket\n"),
    },
    ...socketAt("Service="),
    refused: true,
    also: ["service-missing"],
  },
  {
    code: "accept-impossible",
    files: {
      ...inSocket("ListenDatagram=80\nAccept=yes"),
      "app.service": undefined,
      "app@.service": template("StandardInput=socket\n"),
    },
    ...socketAt("ListenDatagram"),
    refused: true,
  },
  {
    code: "address-conflict",
    files: socket("ListenStream=80", "ListenStream=[::]:80\nListenStream=0.0.0.0:80"),
    ...socketAt("ListenStream=0"),
  },
  { code: "address-conflict", files: inSocket("ListenStream=80"), ...socketAt("ListenStream=80\nT") },
  { code: "clients-blocked", files: inSocket("IPAddressDeny=any"), ...socketAt("IPAddressDeny") },
  {
    code: "runtime-directory",
    files: {
      ...socket("ListenStream=80", "ListenStream=/run/app/http.sock\nSocketMode=0666"),
      ...inService("RuntimeDirectory=app"),
    },
    ...socketAt("ListenStream"),
  },
  {
    code: "trigger-limit",
    files: { ...socket("TriggerLimitIntervalSec=0\n", ""), ...service("RestartSec=1s", "RestartSec=10ms") },
    ...socketAt("[Socket]"),
    also: ["restart-fast"],
  },
  {
    code: "trigger-limit",
    files: {
      ...socket("TriggerLimitIntervalSec=0\n", ""),
      ...service("Restart=always", "Restart=on-failure"),
    },
    ...socketAt("[Socket]"),
    also: ["clean-exit-spins"],
  },
  {
    code: "remove-on-stop",
    files: {
      ...socket("ListenStream=80", "ListenStream=/run/app.sock\nSocketMode=0666\nRemoveOnStop=yes"),
      ...service("Requires=", "Wants="),
    },
    ...socketAt("RemoveOnStop"),
  },
  {
    code: "accept-server",
    files: { ...inSocket("Accept=yes"), "app.service": undefined, "app@.service": template() },
    ...socketAt("Accept"),
  },
  { code: "socket-wanted-by", files: socket("sockets.target", "multi-user.target"), ...socketAt("WantedBy") },
  {
    code: "socket-not-installed",
    files: socket("\n[Install]\nWantedBy=sockets.target\n", ""),
    ...socketAt("[Socket]"),
  },
  {
    code: "socket-mode",
    files: socket("ListenStream=80", "ListenStream=/run/app.sock"),
    ...socketAt("ListenStream"),
  },
  {
    code: "order-cycle",
    files: socket("Description=App socket", "Description=App socket\nAfter=network-online.target"),
    ...socketAt("After"),
  },
  {
    code: "order-cycle",
    files: {
      ...socket("Description=App socket", "Description=App socket\nAfter=db.service"),
      "db.service": "[Service]\nExecStart=/usr/bin/postgres\n",
    },
    ...socketAt("After"),
  },
  {
    code: "socket-stops-along",
    files: socket("Description=App socket", "Description=App socket\nPartOf=app.service"),
    ...socketAt("PartOf"),
  },
  {
    code: "socket-stops-along",
    files: service("After=app.socket", "After=app.socket\nPropagatesStopTo=app.socket"),
    ...serviceAt("PropagatesStopTo"),
  },
  {
    code: "socket-conflicts",
    files: socket("Description=App socket", "Description=App socket\nConflicts=app.service"),
    ...socketAt("Conflicts"),
  },
  {
    code: "socket-conflicts",
    files: service("After=app.socket", "After=app.socket\nConflicts=app.socket"),
    ...serviceAt("Conflicts"),
  },
  {
    code: "free-bind",
    files: socket("ListenStream=80", "ListenStream=10.0.0.5:80"),
    ...socketAt("ListenStream"),
  },
  {
    code: "free-bind",
    files: socket("ListenStream=80", "ListenStream=[2001:db8::1]:80"),
    ...socketAt("ListenStream"),
  },
  {
    code: "defer-trigger",
    files: {
      ...inSocket("Accept=yes\nDeferTrigger=yes"),
      "app.service": undefined,
      "app@.service": template("StandardInput=socket\n"),
    },
    ...socketAt("DeferTrigger"),
  },
  { code: "reuse-port", files: inSocket("ReusePort=yes"), ...socketAt("ReusePort") },
  {
    code: "exec-missing",
    files: service("ExecStart=/usr/bin/node /srv/app/server.js\n", ""),
    ...serviceAt("[Service]"),
    refused: true,
  },
  {
    code: "exec-several",
    files: {
      "app.service.d/node.conf":
        "[Service]\nExecStart=/usr/bin/node --enable-source-maps /srv/app/server.js\n",
    },
    ...at("app.service.d/node.conf", "ExecStart"),
    refused: true,
  },
  {
    code: "exec-missing",
    files: running("/usr/bin/env node --enable-source-maps"),
    ...serviceAt("ExecStart"),
    also: ["exec-env"],
  },
  { code: "exec-relative", files: running("node /srv/app/server.js"), ...serviceAt("ExecStart") },
  {
    code: "exec-relative",
    files: inService("ExecReload=/bin/true ; kill -HUP $MAINPID"),
    ...serviceAt("ExecReload"),
  },
  {
    code: "requires-missing",
    files: service("Requires=app.socket\nAfter=app.socket\n", ""),
    ...serviceAt("[Unit]"),
  },
  { code: "start-limit", files: service("StartLimitIntervalSec=0\n", ""), ...serviceAt("[Unit]") },
  {
    code: "start-limit",
    files: {
      "app.service":
        "[Unit]\nRequires=app.socket\nAfter=app.socket\n\n[Service]\nType=notify\nUser=www\nExecStart=/usr/bin/env gunicorn app:app\n\n[Install]\nAlso=app.socket\n",
    },
    ...serviceAt("[Unit]"),
  },
  {
    code: "sockets-missing",
    files: { ...inSocket("Service=app@blue.service"), "app.service": undefined, "app@.service": template() },
    ...at("app@.service", "[Service]"),
  },
  {
    code: "requires-missing",
    files: {
      ...inSocket("FileDescriptorName=http"),
      "api.socket": other("api.socket", "FileDescriptorName=api\nListenStream=81"),
      ...service("Also=app.socket", "Also=app.socket api.socket"),
    },
    ...serviceAt("[Unit]"),
  },
  {
    code: "notify-wrapped",
    files: service(
      "ExecStart=/usr/bin/node /srv/app/server.js",
      "Type=notify\nOpenFile=/run/systemd/notify:notify\nExecStart=/bin/sh -c 'node /srv/app/server.js'",
    ),
    ...serviceAt("ExecStart"),
    also: ["exec-shell"],
  },
  { code: "notify-unheard", files: inService("Type=notify"), ...serviceAt("Type") },
  { code: "watchdog-unheard", files: inService("WatchdogSec=30"), ...serviceAt("WatchdogSec") },
  {
    code: "notify-blocked",
    files: inService("Type=notify\nNotifyAccess=all\nRestrictAddressFamilies=AF_INET AF_INET6"),
    ...serviceAt("RestrictAddressFamilies"),
  },
  {
    code: "open-file-path",
    files: inService("Type=notify\nOpenFile=%t/systemd/notify:notify"),
    ...serviceAt("OpenFile"),
    refused: true,
  },
  {
    code: "open-file-path",
    files: inService("Type=notify\nOpenFile=/srv/systemd/notify:notify"),
    ...serviceAt("OpenFile"),
  },
  {
    code: "open-file-name",
    files: inService("Type=notify\nOpenFile=/run/systemd/notify:ready"),
    ...serviceAt("OpenFile"),
  },
  {
    code: "open-file-name",
    files: inService("OpenFile=/run/systemd/journal/socket:log:graceful"),
    ...serviceAt("OpenFile"),
  },
  {
    code: "notify-access-all",
    files: inService("Type=notify\nNotifyAccess=all\nOpenFile=/run/systemd/notify:notify"),
    ...serviceAt("NotifyAccess"),
  },
  {
    code: "idle-restart",
    files: inService("Environment=SOCKACT_IDLE_TIMEOUT=5min"),
    ...serviceAt("Restart=always"),
  },
  {
    code: "idle-restart",
    files: inService("Environment=SOCKACT_IDLE_EXIT_STATUS=42\nSuccessExitStatus=42"),
    ...serviceAt("Restart=always"),
  },
  {
    code: "idle-restart",
    files: service("Restart=always", "Environment=SOCKACT_IDLE_EXIT_STATUS=42\nRestart=on-failure"),
    ...serviceAt("Restart=on-failure"),
    also: ["clean-exit-spins"],
  },
  {
    code: "clean-exit-spins",
    files: service("Restart=always", "Restart=on-failure"),
    ...serviceAt("Restart=on-failure"),
  },
  {
    code: "clean-exit-spins",
    files: service("Restart=always\n", ""),
    ...serviceAt("[Service]"),
    also: ["crash-spins"],
  },
  {
    code: "clean-exit-spins",
    files: inService("RestartPreventExitStatus=0"),
    ...serviceAt("Restart=always"),
  },
  {
    code: "crash-spins",
    files: service("Restart=always", "Restart=on-success"),
    ...serviceAt("Restart=on-success"),
  },
  {
    code: "crash-spins",
    files: inService("RestartPreventExitStatus=1"),
    ...serviceAt("Restart=always"),
  },
  { code: "restart-fast", files: service("RestartSec=1s\n", ""), ...serviceAt("Restart=always") },
  { code: "restart-fast", files: service("RestartSec=1s", "RestartSec=0"), ...serviceAt("RestartSec") },
  {
    code: "condition-spins",
    files: service("Description=App", "Description=App\nConditionPathExists=/srv/on"),
    ...serviceAt("ConditionPathExists"),
  },
  {
    code: "home-hidden",
    files: service(
      "ExecStart=/usr/bin/node",
      "ProtectHome=yes\nExecStart=/home/me/.nvm/versions/node/v24.0.0/bin/node",
    ),
    ...serviceAt("ProtectHome"),
  },
  { code: "temporary-hidden", files: running("/usr/bin/node /tmp/app/server.js"), ...serviceAt("ExecStart") },
  { code: "exec-launcher", files: running("/usr/bin/npm start"), ...serviceAt("ExecStart") },
  { code: "exec-launcher", files: running("/usr/bin/pm2 start app.js"), ...serviceAt("ExecStart") },
  ...[
    "/usr/bin/timeout 1h /usr/bin/node /srv/app/server.js",
    "/usr/bin/flock /run/app.lock /usr/bin/node /srv/app/server.js",
    "/usr/bin/strace -f /usr/bin/node /srv/app/server.js",
    "/usr/bin/tini -- /usr/bin/node /srv/app/server.js",
    "/usr/bin/dumb-init /usr/bin/node /srv/app/server.js",
    "/usr/bin/xvfb-run /usr/bin/node /srv/app/server.js",
    "/usr/bin/script -qc /srv/app/start /dev/null",
    "/usr/bin/screen -DmS app /srv/app/start",
    "/usr/bin/tmux new-session -d /srv/app/start",
    "/usr/bin/systemd-run --scope /srv/app/start",
    "/usr/sbin/start-stop-daemon --start --background --exec /srv/app/start",
    "/usr/bin/supervisord -n",
    "/usr/bin/docker run --rm app",
    "/srv/app/node_modules/.bin/turbo run start",
    "/srv/app/node_modules/.bin/nx serve app",
    "/srv/app/node_modules/.bin/lerna run start",
    "/srv/app/node_modules/.bin/nest start",
    "/usr/local/bin/bun run start",
    "/usr/local/bin/deno task start",
  ].map((command): Fault => ({ code: "exec-launcher", files: running(command), ...serviceAt("ExecStart") })),
  {
    code: "exec-launcher",
    files: running("/usr/bin/node --no-warnings /srv/app/node_modules/nodemon/bin/nodemon.js server.js"),
    ...serviceAt("ExecStart"),
  },
  {
    code: "exec-launcher",
    files: running("/bin/sh -c 'cd /srv/app && exec npm start'"),
    ...serviceAt("ExecStart"),
  },
  {
    code: "exec-shell",
    files: running("/bin/sh -c 'cd /srv/app && node server.js'"),
    ...serviceAt("ExecStart"),
  },
  {
    code: "exec-launcher",
    files: running("/usr/bin/sudo -u app /usr/bin/node /srv/app/server.js"),
    ...serviceAt("ExecStart"),
  },
  {
    code: "exec-launcher",
    files: running("/srv/app/node_modules/.bin/dotenvx run -- node /srv/app/server.js"),
    ...serviceAt("ExecStart"),
  },
  {
    code: "exec-launcher",
    files: running("/srv/app/node_modules/.bin/cross-env NODE_ENV=production node /srv/app/server.js"),
    ...serviceAt("ExecStart"),
  },
  {
    code: "exec-launcher",
    files: running("/usr/bin/node /srv/app/node_modules/dotenv-cli/cli.js node /srv/app/server.js"),
    ...serviceAt("ExecStart"),
  },
  {
    code: "exec-launcher",
    files: running("/usr/bin/doppler run -- node /srv/app/server.js"),
    ...serviceAt("ExecStart"),
  },
  {
    code: "exec-launcher",
    files: running("/usr/bin/node --watch /srv/app/server.js"),
    ...serviceAt("ExecStart"),
  },
  {
    code: "exec-launcher",
    files: running("/usr/bin/node --run start"),
    ...serviceAt("ExecStart"),
  },
  {
    code: "exec-launcher",
    files: running("/usr/bin/bash -lc 'npm start'"),
    ...serviceAt("ExecStart"),
  },
  {
    code: "exec-launcher",
    files: running("/usr/bin/env -S npm start"),
    ...serviceAt("ExecStart"),
  },
  {
    code: "exec-launcher",
    files: running("/opt/volta/.volta/bin/node /srv/app/server.js"),
    ...serviceAt("ExecStart"),
  },
  {
    code: "exec-shell",
    files: running("/usr/bin/bash -lc 'cd /srv/app && node server.js'"),
    ...serviceAt("ExecStart"),
  },
  {
    code: "exec-syntax",
    files: running("/usr/bin/node /srv/app/server.js >> /var/log/app.log"),
    ...serviceAt("ExecStart"),
  },
  { code: "exec-syntax", files: running("/usr/bin/node /srv/app/server.js 2>&1"), ...serviceAt("ExecStart") },
  {
    code: "exec-syntax",
    files: running("/usr/bin/node /srv/app/migrate.js && /usr/bin/node /srv/app/server.js"),
    ...serviceAt("ExecStart"),
  },
  {
    code: "exec-syntax",
    files: running("/usr/bin/node /srv/app/server.js --id $(hostname)"),
    ...serviceAt("ExecStart"),
  },
  {
    code: "exec-syntax",
    files: running("/usr/bin/node /srv/app/server.js ~/app.json"),
    ...serviceAt("ExecStart"),
  },
  { code: "exec-prefix", files: running("!!/usr/bin/node /srv/app/server.js"), ...serviceAt("ExecStart") },
  { code: "script-relative", files: running("/usr/bin/node server.js"), ...serviceAt("ExecStart") },
  {
    code: "script-relative",
    files: running("/usr/bin/node --import tsx --env-file .env src/server.ts"),
    ...serviceAt("ExecStart"),
  },
  {
    code: "script-relative",
    files: running("/usr/bin/node --import @sockact/register /srv/app/server.js"),
    ...serviceAt("ExecStart"),
  },
  {
    code: "script-relative",
    files: running("/usr/bin/node -r dotenv/config /srv/app/server.js"),
    ...serviceAt("ExecStart"),
  },
  {
    code: "permission-net",
    files: running("/usr/bin/node --permission --allow-fs-read=* /srv/app/server.js"),
    ...serviceAt("ExecStart"),
  },
  {
    code: "permission-net",
    files: inService("Environment=NODE_OPTIONS=--permission"),
    ...serviceAt("ExecStart"),
  },
  { code: "exec-env", files: running("/usr/bin/env node /srv/app/server.js"), ...serviceAt("ExecStart") },
  { code: "jit-killed", files: inService("MemoryDenyWriteExecute=yes"), ...serviceAt("MemoryDeny") },
  {
    code: "jit-killed",
    files: running("/usr/bin/java -jar /srv/app/app.jar\nMemoryDenyWriteExecute=yes"),
    ...serviceAt("MemoryDeny"),
  },
  {
    code: "system-call-kills",
    files: inService("SystemCallFilter=@system-service"),
    ...serviceAt("SystemCallFilter"),
  },
  {
    code: "crash-spins",
    files: inService("RestartPreventExitStatus=3"),
    ...serviceAt("RestartPreventExitStatus"),
  },
  {
    code: "unit-misspelled",
    files: service("Requires=app.socket", "Requires=aps.socket"),
    file: "app.service",
    at: "Requires",
  },
  { code: "unit-misspelled", files: socket("sockets.target", "socket.target"), ...socketAt("WantedBy") },
  {
    code: "scope-missing",
    files: socket("ListenStream=80", "ListenStream=[fe80::1]:80\nFreeBind=true"),
    ...socketAt("ListenStream"),
  },
  {
    code: "socket-group",
    files: socket("ListenStream=80", "ListenStream=/run/app.sock\nSocketMode=0660"),
    ...socketAt("SocketMode"),
  },
  {
    code: "socket-stops-along",
    files: socket("Description=App socket", "Description=App socket\nRequires=app.service"),
    ...socketAt("Requires"),
  },
  {
    code: "order-cycle",
    files: socket("Description=App socket", "Description=App socket\nAfter=postgresql.service"),
    ...socketAt("After"),
  },
  {
    code: "runtime-directory",
    files: {
      ...socket("ListenStream=80", "ListenStream=/var/run/app/http.sock\nSocketMode=0666"),
      ...service("DynamicUser=yes", "User=app\nRuntimeDirectory=app"),
    },
    ...socketAt("ListenStream"),
    also: ["value-obsolete"],
  },
  {
    code: "runtime-directory",
    files: {
      ...socket("ListenStream=80", "ListenStream=/var/lib/app/http.sock\nSocketMode=0666"),
      ...inService("StateDirectory=app"),
    },
    ...socketAt("ListenStream"),
  },
  { code: "bus-name-missing", files: inService("Type=dbus"), ...serviceAt("Type"), refused: true },
  {
    code: "exec-quoted",
    files: running('"/usr/bin/node /srv/app/server.js"'),
    ...serviceAt("ExecStart"),
  },
  { code: "root-closed", files: running("/usr/bin/node /root/app/server.js"), ...serviceAt("ExecStart") },
  { code: "kill-signal", files: inService("KillSignal=SIGUSR1"), ...serviceAt("KillSignal") },
  { code: "kill-signal", files: inService("KillSignal=1"), ...serviceAt("KillSignal") },
  {
    code: "reload-signal",
    files: inService(`${notifying.replace("notify", "notify-reload")}ReloadSignal=TERM`),
    ...serviceAt("ReloadSignal"),
  },
  {
    code: "reload-signal",
    files: inService(`${notifying.replace("notify", "notify-reload")}ReloadSignal=SIGUSR1`),
    ...serviceAt("ReloadSignal"),
  },
  { code: "user-nobody", files: service("DynamicUser=yes", "User=nobody"), ...serviceAt("User") },
  {
    code: "user-shared",
    files: {
      "app.service": undefined,
      "app.socket": undefined,
      "backup.service": cleanPair["app.service"]!.replaceAll("app.", "backup."),
      "backup.socket": cleanPair["app.socket"],
    },
    file: "backup.service",
    at: "DynamicUser",
  },
  { code: "user-root", files: service("DynamicUser=yes", "User=root"), ...serviceAt("User") },
  { code: "user-root", files: service("DynamicUser=yes\n", ""), ...serviceAt("[Service]") },
  {
    code: "port-twice",
    files: inService('Environment=NODE_ENV=production "TITLE=a b" PORT=80'),
    ...serviceAt("Environment"),
  },
  {
    code: "port-twice",
    files: running("/usr/bin/node /srv/app/server.js --port=80"),
    ...serviceAt("ExecStart"),
  },
  {
    code: "port-privileged",
    files: {
      "app.socket": undefined,
      "app.service": cleanPair["app.service"]!.replace("NonBlocking=true", "Environment=PORT=443")
        .replace("Requires=app.socket\nAfter=app.socket\n", "")
        .replace("Also=app.socket", "WantedBy=multi-user.target"),
    },
    ...serviceAt("Environment"),
  },
  {
    code: "port-privileged",
    files: {
      "app.socket": undefined,
      "app.service": cleanPair["app.service"]!.replace(
        "NonBlocking=true",
        "Environment=PORT=443\nAmbientCapabilities=CAP_NET_BIND_SERVICE\nPrivateUsers=yes",
      )
        .replace("Requires=app.socket\nAfter=app.socket\n", "")
        .replace("Also=app.socket", "WantedBy=multi-user.target"),
    },
    ...serviceAt("Environment"),
  },
  {
    code: "variable-invalid",
    files: inService("Environment=SOCKACT_NOTIFY=maybe"),
    ...serviceAt("Environment"),
  },
  ...["healthz", "/a?b", "/a#b", "/\u00e9"].map((path): Fault => ({
    code: "variable-invalid",
    files: inService(`Environment=SOCKACT_HEALTH=${path}`),
    ...serviceAt("Environment"),
  })),
  {
    code: "variable-invalid",
    files: inService("Environment=SOCKACT_DRAIN_TIMEOUT=10"),
    ...serviceAt("Environment"),
  },
  {
    code: "variable-invalid",
    files: inService("Environment=SOCKACT_SIGNALS=SIGKILL"),
    ...serviceAt("Environment"),
  },
  {
    code: "variable-invalid",
    files: inService("Environment=SOCKACT_IDLE_EXIT_STATUS=256"),
    ...serviceAt("Environment"),
  },
  ...["http", "3000=", "3000=http,", "70000=http", "name=http"].map((map): Fault => ({
    code: "variable-invalid",
    files: inService(`Environment=SOCKACT_MAP=${map}`),
    ...serviceAt("Environment"),
  })),
  ...["@sockact/register", "./node_modules/@sockact/register/dist/index.cjs"].map((file): Fault => ({
    code: "preload-relative",
    files: inService(`Environment="NODE_OPTIONS=--title=app --require ${file}"`),
    ...serviceAt("Environment"),
  })),
  {
    code: "preload-relative",
    files: inService("Environment=NODE_OPTIONS=--import=@sockact/register"),
    ...serviceAt("Environment"),
  },
  {
    code: "preload-replaced",
    files: {
      ...inService("Environment=NODE_OPTIONS=--require=/srv/app/preload.cjs"),
      "app.service.d/memory.conf": "[Service]\nEnvironment=NODE_OPTIONS=--max-old-space-size=512\n",
    },
    file: "app.service.d/memory.conf",
    at: "Environment",
  },
  {
    code: "map-replaced",
    files: {
      ...inSocket("FileDescriptorName=http"),
      ...inService("Environment=SOCKACT_MAP=3000=http\nEnvironment=SOCKACT_MAP=/run/app.sock=http"),
    },
    ...serviceAt("Environment=SOCKACT_MAP=/run"),
  },
  {
    code: "map-replaced",
    files: {
      ...inService("Environment=SOCKACT_MAP=3000=app.socket"),
      "app.service.d/map.conf": "[Service]\nEnvironment=SOCKACT_MAP=3001=app.socket\n",
    },
    file: "app.service.d/map.conf",
    at: "Environment",
  },
  ...["3000=app.socket,127.0.0.1:3001=app.socket", "3000=app.socket,/run/a:3000=app.socket"].map(
    (map): Fault => ({
      code: "map-name-repeated",
      files: inService(`Environment=SOCKACT_MAP=${map}`),
      ...serviceAt("Environment"),
    }),
  ),
  {
    code: "map-name-unknown",
    files: inService("Environment=SOCKACT_MAP=3000=http"),
    ...serviceAt("Environment"),
  },
  {
    code: "map-name-unknown",
    files: {
      ...inSocket("FileDescriptorName=http"),
      ...inService("Environment=SOCKACT_MAP=3000=http,/run/a=b.sock=admin"),
    },
    ...serviceAt("Environment"),
  },
  ...["app.socket:*", "app.socket:* other.socket:10.0.0.1"].map((value): Fault => ({
    code: "proxy-protocol-open",
    files: inService(`Environment="SOCKACT_PROXY_PROTOCOL=${value}"`),
    ...serviceAt('Environment="SOCKACT_PROXY'),
    also: value.includes("other") ? ["proxy-protocol-name"] : [],
  })),
  {
    code: "proxy-protocol-open",
    files: {
      ...socket("ListenStream=80\n", "ListenStream=/run/app.sock\nListenStream=[::]:80\nSocketMode=0666\n"),
      ...inService("Environment=SOCKACT_PROXY_PROTOCOL=app.socket:*"),
    },
    ...serviceAt("Environment=SOCKACT_PROXY"),
  },
  {
    code: "proxy-protocol-name",
    files: inService("Environment=SOCKACT_PROXY_PROTOCOL=web:10.0.0.1"),
    ...serviceAt("Environment=SOCKACT_PROXY"),
  },
  {
    code: "proxy-protocol-name",
    files: {
      ...inSocket("FileDescriptorName=web"),
      ...inService("Environment=SOCKACT_PROXY_PROTOCOL=app.socket:unix"),
    },
    ...serviceAt("Environment=SOCKACT_PROXY"),
  },
  ...["web", "web:", "web:10.0.0", "web:10.0.0.0/33", "web:* web:unix", "web:*,unix"].map((value): Fault => ({
    code: "variable-invalid",
    files: inService(`Environment="SOCKACT_PROXY_PROTOCOL=${value}"`),
    ...serviceAt('Environment="SOCKACT_PROXY'),
  })),
  {
    code: "variable-unknown",
    files: inService("Environment=SOCKACT_DRAIN_TIME=10s"),
    ...serviceAt("Environment"),
  },
  ...["Type=exec\nOpenFile=/run/systemd/notify:notify\n", ""].map((type): Fault => ({
    code: "handover-impossible",
    files: inService(`${type}${waiting}`),
    ...serviceAt("Environment=SOCKACT_HANDOVER"),
  })),
  {
    code: "handover-impossible",
    files: inService(`${notifying}${waiting}\nStandardInput=socket`),
    ...serviceAt("Environment=SOCKACT_HANDOVER"),
    also: ["standard-input-socket"],
  },
  {
    code: "handover-impossible",
    files: inService(`${notifying}${waiting}\nEnvironment=NODE_OPTIONS=--permission`),
    ...serviceAt("Environment=NODE_OPTIONS"),
    also: ["permission-net"],
  },
  ...["", "ExecReload=/bin/kill -HUP $MAINPID\n", "ExecReload=/usr/bin/shop-reload\n"].map(
    (command): Fault => ({
      code: "handover-unheard",
      files: inService(`${notifying}${command}Environment=SOCKACT_HANDOVER=yes`),
      ...serviceAt(command === "" ? "Environment" : "ExecReload"),
    }),
  ),
  {
    code: "handover-unheard",
    files: inService(`${notifying}${waiting.replace("RuntimeDirectory=app-reload", "RuntimeDirectory=app")}`),
    ...serviceAt("Environment=SOCKACT_RELOAD_RESULT"),
  },
  {
    code: "handover-unheard",
    files: inService(`${notifying}${waiting.replace(/Environment=SOCKACT_RELOAD_RESULT.*\n/, "")}`),
    ...serviceAt("ExecReload"),
  },
  {
    code: "compile-cache-read-only",
    files: inService("Environment=NODE_COMPILE_CACHE=/srv/app/cache"),
    ...serviceAt("Environment"),
  },
  {
    code: "variable-reserved",
    files: inService("Environment=LISTEN_FDS=1 A=2"),
    ...serviceAt("Environment"),
  },
  {
    code: "names-missing",
    files: {
      ...inSocket("FileDescriptorName=http"),
      "app-api.socket": other("app-api.socket", "ListenStream=81"),
      ...service("Also=app.socket", "Also=app.socket app-api.socket"),
    },
    ...at("app-api.socket", "[Socket]"),
    also: ["requires-missing"],
  },
  {
    code: "enabled-at-boot",
    files: service("Also=", "WantedBy=multi-user.target\nAlso="),
    ...serviceAt("WantedBy"),
  },
  {
    code: "also-missing",
    files: service("Also=app.socket", "WantedBy=multi-user.target"),
    ...serviceAt("[Install]"),
    also: ["enabled-at-boot"],
  },
  { code: "kill-mode", files: inService("KillMode=process"), ...serviceAt("KillMode") },
  { code: "stop-timeout", files: inService("TimeoutStopSec=5"), ...serviceAt("TimeoutStopSec") },
  {
    code: "stop-timeout",
    files: inService("Environment=SOCKACT_DRAIN_TIMEOUT=2min"),
    ...serviceAt("Environment"),
  },
  { code: "standard-input-socket", files: inService("StandardInput=socket"), ...serviceAt("StandardInput") },
  {
    code: "remain-after-exit",
    files: inService("RemainAfterExit=yes"),
    ...serviceAt("RemainAfterExit"),
  },
  { code: "memory-tiny", files: inService("MemoryMax=512"), ...serviceAt("MemoryMax") },
  ...[
    "LimitAS=512M",
    "LimitDATA=40M:1G",
    "LimitNOFILE=10",
    "LimitNPROC=2",
    "TasksMax=5",
    "MemoryMax=10M",
    "MemoryHigh=10M",
  ].map((line): Fault => ({ code: "limit-low", files: inService(line), ...serviceAt(line.split("=")[0]!) })),
  ...["TimeoutStartSec=100ms", "WatchdogSec=10ms"].map((line): Fault => ({
    code: "limit-low",
    files: inService(`Type=notify\nOpenFile=/run/systemd/notify:notify\n${line}`),
    ...serviceAt(line.split("=")[0]!),
  })),
  ...[
    "TemporaryFileSystem=/srv:ro",
    "InaccessiblePaths=-/srv/app",
    "NoExecPaths=/",
    "TemporaryFileSystem=/usr",
  ].map((line): Fault => ({
    code: "program-hidden",
    files: inService(line),
    ...serviceAt(line.split("=")[0]!),
  })),
  ...["~@network-io", "~@debug @process:EPERM", "@system-service\nSystemCallFilter=~accept4"].map(
    (list): Fault => ({
      code: "system-call-needed",
      files: inService(`SystemCallErrorNumber=EPERM\nSystemCallFilter=${list}`),
      ...serviceAt("SystemCallFilter"),
    }),
  ),
  ...["User=ann", "Group=ann", "SupplementaryGroups=video"].map((line): Fault => ({
    code: "user-not-possible",
    files: ofUser(service("DynamicUser=yes", line)),
    file: "systemd/user/app.service",
    at: line.split("=")[0]!,
  })),
  {
    code: "user-not-possible",
    files: ofUser(socket("ListenStream=80", "ListenStream=%t/app.sock\nSocketMode=0666\nSocketUser=ann")),
    file: "systemd/user/app.socket",
    at: "SocketUser",
  },
  {
    code: "stop-when-unneeded",
    files: service("[Unit]\n", "[Unit]\nStopWhenUnneeded=yes\n"),
    ...serviceAt("StopWhenUnneeded"),
  },
  {
    code: "restart-slow",
    files: service("RestartSec=1s", "RestartSec=1h"),
    ...serviceAt("RestartSec"),
  },
  {
    code: "trigger-limit-low",
    files: socket("TriggerLimitIntervalSec=0", "TriggerLimitIntervalSec=1h\nTriggerLimitBurst=1"),
    ...socketAt("TriggerLimitBurst"),
  },
  {
    code: "order-cycle",
    files: service("[Unit]\n", "[Unit]\nBefore=app.socket\n"),
    ...serviceAt("Before"),
  },
  {
    code: "variable-unset",
    files: inService("UnsetEnvironment=LISTEN_FDS HOME"),
    ...serviceAt("UnsetEnvironment"),
  },
  {
    code: "variable-unset",
    files: running("/usr/bin/env -i /usr/bin/node /srv/app/server.js"),
    ...serviceAt("ExecStart"),
  },
  {
    code: "port-twice",
    files: running("/usr/bin/docker run --rm -p 127.0.0.1:80:8080 /srv/app"),
    ...serviceAt("ExecStart"),
    also: ["exec-launcher"],
  },
  ...["/usr/bin/setsid", "/usr/sbin/runuser -u app --", "/usr/bin/su app -c"].map((launcher): Fault => ({
    code: "exec-launcher",
    files: running(`${launcher} /usr/bin/node /srv/app/server.js`),
    ...serviceAt("ExecStart"),
  })),
  {
    code: "start-limit",
    files: {
      ...service("StartLimitIntervalSec=0\n", ""),
      "app.service": cleanPair["app.service"]!.replace("StartLimitIntervalSec=0\n", "")
        .replace("/usr/bin/node /srv/app/server.js", "/usr/bin/python3 -m http.server")
        .replace("Restart=always\nRestartSec=1s\n", ""),
    },
    ...serviceAt("[Unit]"),
    also: ["sockets-unused"],
  },
  { code: "pid-namespace", files: inService("PrivatePIDs=yes"), ...serviceAt("PrivatePIDs") },
  { code: "type-unfit", files: inService("Type=forking"), ...serviceAt("Type") },
  {
    code: "type-unfit",
    files: {
      "app.service": cleanPair["app.service"]!.replace(
        "/usr/bin/node /srv/app/server.js",
        "/usr/bin/hello",
      ).replace("NonBlocking=true", "Type=oneshot"),
    },
    ...serviceAt("Type"),
    refused: true,
  },
  ...[
    ["Requires=app.socket", "Requires=app.socket app-admin.socket"],
    ["Requires=app.socket", "Requires=app.socket apq.socket"],
    ["[Unit]\n", "[Unit]\nOnFailure=app-alert@%n.service\n"],
    ["[Unit]\n", "[Unit]\nOnFailure=app.service\n"],
    ["NonBlocking=true", "Sockets=app.socket appp.socket"],
  ].map(([from, to]): Fault => ({
    code: "unit-missing",
    files: service(from!, to!),
    ...serviceAt(to!.trim().split("\n").at(-1)!.split("=")[0]!),
  })),
  ...[
    ["Also=app.socket", "WantedBy=multi-user.target\nAlso=app.socket", "WantedBy"],
    ["After=app.socket", "After=app.socket network-online.target", "After"],
  ].map(([from, to, line]): Fault => ({
    code: "target-missing",
    files: ofUser({ "app.service": swapped("app.service", from!, to!).replace("DynamicUser=yes\n", "") }),
    file: "systemd/user/app.service",
    at: line!,
    also: line === "WantedBy" ? ["enabled-at-boot"] : [],
  })),
  {
    code: "port-of-user",
    files: ofUser(socket("ListenStream=80", "ListenStream=127.0.0.1:80")),
    file: "systemd/user/app.socket",
    at: "ListenStream",
  },
  ...[
    "/srv/app/.venv/bin/uvicorn app:app --port 8000",
    "/usr/bin/python3 -m hypercorn app:app",
    "/srv/app/.venv/bin/flask --app app run",
    "/usr/bin/python3 -m http.server",
  ].map((command): Fault => ({
    code: "sockets-unused",
    files: running(command),
    ...serviceAt("ExecStart"),
  })),
  ...["ExecStartPre=/bin/rm -f", "ExecStopPost=-/bin/sh -c 'sleep 1; rm"].map((line): Fault => ({
    code: "socket-file-removed",
    files: {
      ...socket("ListenStream=80", "ListenStream=/run/app.sock\nSocketMode=0660\nSocketGroup=www-data"),
      ...inService(`${line} /run/app.sock${line.includes("'") ? "'" : ""}`),
    },
    ...serviceAt(line.split("=")[0]!),
  })),
  {
    code: "standard-input-missing",
    files: {
      ...inSocket("Accept=yes"),
      "app.service": undefined,
      "app@.service": "[Service]\nExecStart=/usr/bin/cat\nDynamicUser=yes\n",
    },
    ...at("app@.service", "ExecStart"),
  },
  {
    code: "order-cycle",
    files: service("Also=app.socket", "WantedBy=sockets.target\nAlso=app.socket"),
    ...serviceAt("WantedBy"),
    also: ["enabled-at-boot"],
  },
  {
    code: "clients-blocked",
    files: inSocket("PrivateNetwork=yes"),
    ...socketAt("PrivateNetwork"),
  },
  {
    code: "scope-early",
    files: inSocket("ListenStream=[fe80::1]:81%%eth0\nFreeBind=yes"),
    ...socketAt("ListenStream=["),
  },
  {
    code: "address-invalid",
    files: inSocket("ListenStream=[fe80::1]:81%eth0\nFreeBind=yes"),
    ...socketAt("ListenStream=["),
    refused: true,
  },
  {
    code: "template-address",
    files: {
      "app.socket": undefined,
      "app.service": undefined,
      "app@.socket": cleanPair["app.socket"],
      "app@.service": cleanPair["app.service"]!.replaceAll("app.socket", "app@%i.socket"),
    },
    ...at("app@.socket", "ListenStream"),
  },
  {
    code: "condition-never",
    files: socket(
      "[Socket]\nListenStream=80",
      "ConditionPathExists=/run/app.sock\n\n[Socket]\nListenStream=/run/app.sock\nSocketMode=0666",
    ),
    ...socketAt("Condition"),
  },
  ...["SocketMode=0600\nSocketGroup=www-data", "DirectoryMode=0644\nSocketMode=0666"].map((lines): Fault => ({
    code: "socket-closed",
    files: socket("ListenStream=80", `ListenStream=/run/app/app.sock\n${lines}`),
    ...socketAt(lines.split("=")[0]!),
  })),
  {
    code: "socket-mode-unused",
    files: socket("ListenStream=80", "ListenStream=@app\nSocketMode=0600"),
    ...socketAt("SocketMode"),
  },
  { code: "runtime-max", files: inService("RuntimeMaxSec=60"), ...serviceAt("RuntimeMaxSec") },
  ...["CPUQuota=1%", "LimitCPU=60:120", "StateDirectory=app\nLimitFSIZE=0"].map((lines): Fault => ({
    code: "limit-tiny",
    files: inService(lines),
    ...serviceAt(lines.split("\n").at(-1)!.split("=")[0]!),
  })),
  {
    code: "program-hidden",
    files: inService("NoExecPaths=/\nExecPaths=/usr/bin/node"),
    ...serviceAt("NoExecPaths"),
  },
  {
    code: "user-root",
    files: service("ExecStart=", "ExecStart=+"),
    ...serviceAt("ExecStart"),
  },
  {
    code: "user-not-possible",
    files: ofUser(service("DynamicUser=yes", "AmbientCapabilities=CAP_NET_BIND_SERVICE")),
    file: "systemd/user/app.service",
    at: "AmbientCapabilities",
  },
  ...["/srv/app/server.js ${MODE:-fast}", "/srv/app/server.js \\\nDynamicUser=yes"].map((words): Fault => ({
    code: words.includes("MODE") ? "exec-syntax" : "continuation-broken",
    files: running(`/usr/bin/node ${words}`),
    ...serviceAt("ExecStart"),
  })),
  {
    code: "accept-server",
    files: {
      ...inSocket("Accept=yes"),
      "app.service": undefined,
      "app@.service": "[Service]\nExecStart=/usr/bin/gunicorn app:app\nDynamicUser=yes\n",
    },
    ...socketAt("Accept"),
  },
  {
    code: "watchdog-unheard",
    files: {
      "app.service": cleanPair["app.service"]!.replace(
        "/usr/bin/node /srv/app/server.js",
        "/usr/bin/gunicorn app",
      ).replace("NonBlocking=true", "Type=notify\nWatchdogSec=30"),
    },
    ...serviceAt("WatchdogSec"),
  },
];

/** The files of a fault. */
export function faulty({ files }: Fault): Record<string, string> {
  const all = { ...cleanPair, ...files };
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
