import { healthUnits } from "../read/fields/health.ts";
import { sandboxDirectives } from "../read/sandbox/directives.ts";
import { readSandbox } from "../read/sandbox/sandbox.ts";
import type { Service } from "../read/service.ts";
import type { Socket } from "../read/sockets.ts";
import { argument, unquotedValue } from "../systemd/escaping.ts";
import { added, addedFor, asked, type Line } from "../write/lines.ts";
import { reasonsOf } from "../write/reasons.ts";
import { withoutDirectives, type Unit } from "./ports/port-method.ts";
import { freeBindLines } from "./sections/socket.ts";

const addedToSocket = addedFor(reasonsOf.healthSocket);
const addedToService = addedFor(reasonsOf.healthService);

/**
 * Answers one HTTP request from standard input. It uses only shell builtins, so a probe starts one process.
 * They read byte by byte, and so never too much. $1 is the file that `sockact drain` creates.
 */
const script = [
  "read -r method path version || exit 0",
  "while read -r header && [ ${#header} -gt 1 ]; do :; done",
  "body=ready status='200 OK'",
  "if [ -e \"$1\" ]; then body=drained status='503 Service Unavailable'; fi",
  "case $method/$version in GET/HTTP/1.* | HEAD/HTTP/1.* | OPTIONS/HTTP/1.*) ;; *) body='bad request' status='400 Bad Request' ;; esac",
  'length=${#body}; if [ "$method" = HEAD ]; then body=; fi',
  'printf \'HTTP/1.1 %s\\r\\nContent-Type: text/plain\\r\\nContent-Length: %s\\r\\nCache-Control: no-store\\r\\nConnection: close\\r\\n\\r\\n%s\' "$status" $length "$body"',
];

/** The file is in the state folder of the user or of the system. */
function command({ name, arrangement: { manager } }: Service): string {
  const file = `sockact/drained/${name}`;
  const words =
    manager === "user"
      ? [['cd "${XDG_STATE_HOME:-$HOME/.local/state}"', ...script].join("; "), "sh", file]
      : [script.join("; "), "sh", `/var/lib/${file}`];
  return ["/bin/sh", "-c", ...words].map(argument).join(" ");
}

/**
 * Sandbox directives for which systemd mounts file systems or creates a network. They would double the
 * processor time of a probe.
 */
const slowDirectives = [
  ..."PrivateTmp PrivateDevices PrivateNetwork PrivateIPC ProtectHostname ProtectProc ProcSubset".split(" "),
  ..."ProtectKernelTunables ProtectKernelModules ProtectKernelLogs ProtectControlGroups ProtectClock".split(
    " ",
  ),
];

function sandboxLines({ arrangement: { manager, systemd } }: Service): Line[] {
  const facts = {
    manager,
    systemd,
    dynamicUser: manager === "system",
    // The file of a user's manager is in the home directory.
    inHome: manager === "user",
    sendsBySocket: false,
    justInTime: false,
    jitless: false,
  };
  return withoutDirectives(readSandbox("inbound", facts, []).lines, ...slowDirectives);
}

/** The units that answer health probes without the service. None without `healthSocket`. */
export function healthUnitsOf(service: Service, sockets: readonly Socket[]): Unit[] {
  const { name, healthSocket } = service;
  if (healthSocket.length === 0) return [];
  const units = healthUnits(name);
  const others = sockets.map(({ unit }) => unit);
  const own = unquotedValue(name);
  return [
    {
      unit: units.socket,
      sections: [
        {
          name: "Unit",
          lines: [
            added("Description", `${own} health socket`),
            ...others.map((unit) => addedToSocket("BindsTo", unit)),
            ...others.map((unit) => addedToSocket("After", unit)),
          ],
        },
        {
          name: "Socket",
          lines: [
            ...asked("ListenStream", healthSocket, "healthSocket"),
            addedToSocket("Accept", "yes"),
            addedToSocket("MaxConnections", "256"),
            addedToSocket("MaxConnectionsPerSource", "32"),
            ...freeBindLines(healthSocket),
            addedToSocket("TriggerLimitIntervalSec", "0"),
            addedToSocket("LogLevelMax", "err"),
          ],
        },
      ],
    },
    {
      unit: units.service,
      sections: [
        {
          name: "Unit",
          lines: [
            added("Description", `${own} health probe`),
            addedToService("CollectMode", "inactive-or-failed"),
          ],
        },
        {
          name: "Service",
          lines: [
            addedToService("ExecStart", command(service)),
            ...(service.arrangement.manager === "system" ? [addedToService("DynamicUser", "yes")] : []),
            addedToService("StandardInput", "socket"),
            addedToService("StandardOutput", "socket"),
            addedToService("StandardError", "null"),
            addedToService("LogLevelMax", "err"),
            addedToService("RuntimeMaxSec", "5s"),
            {
              key: "MemoryDenyWriteExecute",
              value: "yes",
              reason: sandboxDirectives.memoryDenyWriteExecute.reason,
            },
            ...sandboxLines(service),
          ],
        },
      ],
    },
  ];
}
