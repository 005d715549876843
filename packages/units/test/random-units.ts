import fc from "fast-check";
import { cleanPair, faults, faulty } from "./faults.ts";

/** Lines that systemd takes, of all sections; on the wrong place they are misplaced. */
const lines =
  `Description=One thing|Requires=network.target|Wants=network.target other.service|After=network.target
Before=shutdown.target|BindsTo=other.service|PartOf=other.service|Conflicts=other.service|ConditionPathExists=/srv/on
AssertPathExists=/srv/on|StartLimitBurst=3|OnFailure=other.service|ExecStart=/bin/other|ExecStart=|ExecStartPre=/bin/other
ExecStartPost=-/bin/other|ExecStop=/bin/other|ExecReload=/bin/kill -HUP $MAINPID|ExecStart=/usr/bin/cut -d # -f 1
User=app|Group=app|DynamicUser=yes|ProtectSystem=strict|ProtectHome=yes|ProtectHome=tmpfs|PrivateTmp=yes|PrivateNetwork=yes
PrivatePIDs=yes|PrivateDevices=yes|NoNewPrivileges=yes|MemoryDenyWriteExecute=yes|RestrictAddressFamilies=AF_INET
RestrictAddressFamilies=none|RestrictNamespaces=yes|LockPersonality=yes|CapabilityBoundingSet=|CapabilityBoundingSet=CAP_CHOWN
AmbientCapabilities=CAP_NET_BIND_SERVICE|SystemCallFilter=@system-service|SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM|IPAddressDeny=any|IPAddressAllow=127.0.0.0/8|ReadWritePaths=/srv/a /srv/b|InaccessiblePaths=/srv
UMask=0077|LimitNOFILE=1024|MemoryMax=1G|TasksMax=100|Nice=5|Slice=app.slice|Environment=A=1 LISTEN_FDS=1 "B=c d"
Environment=PORT=80|Environment=NOTIFY_SOCKET=/x PORT=80|Environment=|EnvironmentFile=-/srv/env|PassEnvironment=PATH
WorkingDirectory=/srv|WorkingDirectory="/srv/my app"|WorkingDirectory='/srv'|WorkingDirectory=srv|RootDirectory=/
StandardOutput=syslog|StandardError=syslog+console|StandardInput=socket|StandardInput=null|PIDFile=/var/run/app.pid
Type=notify|Type=oneshot|Type=forking|Type=exec|Restart=always|Restart=on-failure|RestartSec=1s|RestartSec=fast
TimeoutStopSec=5|TimeoutStopSec=2min|TimeoutSec=7|KillMode=process|KillMode=none|KillSignal=SIGINT|NotifyAccess=all
OpenFile=/run/systemd/notify:notify|OpenFile=/run/user/1000/systemd/notify:x|OpenFile=/srv/file|Sockets=app.socket
SystemCallErrorNumber=|Also=|Requires=|After=|Sockets=|StartLimitIntervalSec=|RestartSec=|TimeoutStopSec=|FreeBind=|WantedBy=
RuntimeDirectory=app|RuntimeDirectoryPreserve=no|StateDirectory=app|RemainAfterExit=yes|FileDescriptorStoreMax=3
ListenStream=80|ListenStream=0.0.0.0:80|ListenStream=[::]:80|ListenStream=127.0.0.1:80|ListenStream=/var/run/app.sock
ListenStream=/run/app/http.sock|ListenStream=|ListenDatagram=80|ListenFIFO=/var/run/app.fifo|ListenStream=localhost:80
Accept=yes|Accept=no|Service=app.service|Service=other.service|ReusePort=yes|BindIPv6Only=both|BindIPv6Only=ipv6-only
SocketMode=0600|SocketUser=app|Backlog=10|MaxConnections=5|RemoveOnStop=yes|FreeBind=yes|NoDelay=yes|KeepAlive=yes
TriggerLimitBurst=5|TriggerLimitIntervalSec=3s|PollLimitBurst=5|FileDescriptorName=http|PassCredentials=yes
WantedBy=multi-user.target|WantedBy=sockets.target other.target|RequiredBy=multi-user.target|Also=app.socket|Alias=also.service`.split(
    /[\n|]/,
  );

const headers = ["[Unit]", "[Service]", "[Socket]", "[Install]", "[X-Mine]", "[Unknown]"];

const noise = [
  "",
  "# ExecStart=/bin/other",
  "; a comment \\",
  "nothing",
  "X-Mine=1",
  "[Unit",
  'Environment="A=1',
  "  ",
];

/** A change of a line, such as people make. */
const mistakes: readonly ((line: string) => string)[] = [
  (line) => `_${line}`,
  (line) => `-${line}`,
  (line) => `#${line}`,
  (line) => line.replace("=", "2="),
  (line) => line.replace(/(\w)(\w)=/, "$2$1="),
  (line) => line.replace(/\w=/, "="),
  (line) => line.replace(/(\w)=/, "$1$1="),
  (line) => line.replace(/^(\w)/, (letter) => letter.toLowerCase()),
  (line) => line.replace("=", " = "),
  (line) => line.replace(/=.*/, "="),
  (line) => line.replace(/=.*/, ""),
  (line) => `${line} # as it was`,
  (line) => `${line} #`,
  (line) => `${line} \\`,
  (line) => `${line} \\ `,
  (line) => `${line}\r`,
  (line) => line.replace(/ /, " \\\n  "),
  (line) => line.replace(/ /, " \\\n# between \\\n"),
  (line) => `${line}\n${line}`,
  () => "",
];

type Change = (lines: string[]) => void;

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(place, fc.constantFrom(...lines)).map(
      ([at, line]): Change =>
        (text) =>
          void text.splice(Math.floor(at * text.length) + 1, 0, line),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(place, fc.constantFrom(...mistakes)).map(([at, mistake]): Change => (text) => {
      const index = Math.floor(at * text.length);
      const line = text[index] ?? "";
      if (line.includes("=")) text[index] = mistake(line);
    }),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(place, fc.constantFrom(...headers, ...noise)).map(
      ([at, line]): Change =>
        (text) =>
          void text.splice(Math.floor(at * text.length) + 1, 0, line),
    ),
  },
);

const changes = fc.array(change, { maxLength: 6 });

function changed(text: string, some: readonly Change[]): string {
  const all = text.split("\n");
  for (const one of some) one(all);
  return all.join("\n");
}

const dropIn = fc
  .tuple(
    fc.constantFrom("[Unit]", "[Service]", "[Socket]"),
    fc.array(fc.constantFrom(...lines, ...headers), { maxLength: 5 }),
    changes,
  )
  .map(([header, some, mistake]) => changed(`${[header, ...some].join("\n")}\n`, mistake));

/**
 * Services and their sockets with faults, misspelled and misplaced directives, comments, continued lines,
 * resets and drop-ins.
 */
export const units: fc.Arbitrary<Record<string, string>> = fc
  .tuple(
    fc.constantFrom(cleanPair, ...faults.map(faulty)),
    changes,
    fc.dictionary(
      fc.constantFrom(
        "app.service.d/1.conf",
        "app.service.d/2.conf",
        "app.socket.d/1.conf",
        "app@.service.d/1.conf",
      ),
      dropIn,
      { maxKeys: 2 },
    ),
  )
  .map(([files, some, dropIns]) => ({
    ...Object.fromEntries(
      Object.entries(files).map(([name, text], index) => [
        name,
        changed(
          text,
          some.filter((_, which) => which % 2 === index % 2),
        ),
      ]),
    ),
    ...dropIns,
  }));
