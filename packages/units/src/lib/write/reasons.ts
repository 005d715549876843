/**
 * Why `emitUnits` adds each directive. The reasons of the sandbox are in read/sandbox/directives.ts.
 *
 * The types ensure that each added directive has a reason here.
 */
export const reasons = {
  // Both units
  Description: "systemctl status and the journal show this name.",
  // The socket unit
  FileDescriptorName: "The service distinguishes its sockets by this name.",
  FreeBind: "systemd opens sockets before the network is up, when no interface may have the address yet.",
  Service: "The socket unit and the service have different names, so the socket unit names the service.",
  TriggerLimitIntervalSec:
    "Many starts in a short time must not close the port. At this limit, the socket would fail. RestartSec= slows the starts down instead.",
  WantedBy: "The socket starts at boot.",
  // The service unit
  Requires: "The service gets its socket even if you start the service yourself.",
  After: "The socket listens before the service starts.",
  StartLimitIntervalSec:
    "The next connection must start the service even after many crashes. At a limit, the socket would fail until you reset it.",
  CollectMode:
    "systemd also removes the units of failed connections. Otherwise these units would accumulate.",
  OOMPolicy:
    "If the kernel kills a worker because memory ran out, the other processes keep serving. By default, systemd would stop the whole service. If the kernel kills the main process, Restart= applies.",
  StandardInput: "The connection is the program's standard input.",
  StandardOutput: "The output of the program is sent to the client.",
  StandardError: "Errors go to the journal, not to the client.",
  Type: "systemctl start fails if systemd cannot run the program. With systemd's default, simple, it would succeed.",
  NotifyAccess: "systemd accepts notifications only from the main process.",
  OpenFile:
    "systemd passes its notify socket as a file descriptor. Node needs no native code, and does not have to open a unix socket.",
  TimeoutStopSec:
    "systemd waits longer than the drain takes, so it does not kill the app while requests are open.",
  ExecStopPost:
    "The command waits a second after ExecCondition= has prevented a start. Otherwise the waiting connection would make systemd check again at once.",
  Restart:
    "systemd restarts the service after each exit. While the service waits for its restart, traffic does not start it. Otherwise, a service that exits without accepting a connection would be started again at once, endlessly.",
  RestartSec:
    "Without RestartSteps=, the service starts at most once a second. With the default of 100 ms, a crash loop uses a lot of processor time.",
  NonBlocking: "The sockets are in non-blocking mode, which event loops need.",
  Sockets: "systemd passes all sockets, whichever socket unit started the service.",
  Also: "If you enable the service, systemctl enables its sockets too.",
  DefaultInstance:
    "If you enable the template, systemctl enables the instance blue, which traffic also starts.",
  // The service's user and folders
  WorkingDirectory:
    "This is the app's folder. Relative paths, such as .env and public, work as if you started the app there.",
  DynamicUser:
    "The service runs as a user that exists only while the service runs, and that owns no other files.",
  StateDirectory:
    "The service can write to this folder under /var/lib. The folder is kept when the service stops.",
  RuntimeDirectoryPreserve:
    "The folder is kept when the service stops, because sockets still listen in it, and another instance may use it.",
  Environment:
    "This is a home directory that the app can write to. With DynamicUser=, the user has no other.",
} as const;

/** Reasons for lines that are specific to Node, a port method or a container. */
export const reasonsOf = {
  /** Lines for every service that runs Node. */
  node: {
    Environment:
      "Without it, Express sends stack traces to clients, and other packages run in development mode.",
  },
  /** The line for the journal's socket. */
  journal: {
    OpenFile:
      "sockact writes a record with fields for each event, which metrics count. Without a journal, the service starts anyway.",
  },
  /** Lines for a service that systemd 254 or later restarts. */
  quickRestart: {
    RestartSec: "The first restart comes soon, so clients wait for little more than the start.",
    RestartSteps:
      "The delay grows with each restart. It starts over after the service was stopped or went to sleep.",
    RestartMaxDelaySec:
      "A crash loop starts the service at most once a second. More starts use a lot of processor time.",
  },
  /** Lines for a service that may sleep. */
  sleep: {
    Environment: "If the app goes to sleep, it exits with this status.",
    RestartPreventExitStatus:
      "This exit status means that the app sleeps. systemd does not restart it; the next connection starts it at once.",
    SuccessExitStatus: "An app that sleeps has not failed.",
  },
  /** Lines for an app with the preload. */
  preload: {
    Type: "The preload tells systemd when the app is ready, and answers systemctl reload.",
  },
  /** Lines for alternating instances. */
  rolling: {
    Type: "systemd knows when the new instance is ready. Only then may the old one stop.",
  },
  /** Lines for a service that hands over on reload. */
  handover: {
    Type: "The app tells systemd when it is ready. On a reload, it also tells systemd the process ID of the new version, and systemd follows the new process.",
    ExecReload:
      "systemctl reload sends SIGHUP, on which the app starts its new version and hands over to it. The command waits for the result, and fails if the handover has failed. systemd has no other way to detect that.",
    TimeoutStartSec:
      "systemd's time limit for a reload is longer than that of the new version, so the app can give up on it and keep serving.",
    OOMPolicy:
      "If the kernel kills the new version because memory ran out, the old one keeps serving. By default, systemd would stop the whole service.",
    RuntimeDirectory: "The result file of a reload is in this folder.",
  },
  /** Variables of a service that hands over. */
  handoverVariables: {
    SOCKACT_HANDOVER: "The app hands over on SIGHUP.",
    SOCKACT_HANDOVER_TIMEOUT:
      "The new version has two thirds of the time that a start may take (TimeoutStartSec=, which also limits a reload). After that, the app ends it and keeps serving.",
    SOCKACT_RELOAD_RESULT: "The app writes the result into this file. The command in ExecReload= reads it.",
    PWD: "The new version starts in this folder. If the path contains a symlink, such as /srv/shop/current, that is the new folder.",
  },
  /** Lines for a service that systemd does not restart after a failure. */
  noRestart: {
    StartLimitIntervalSec:
      "This is systemd's default limit: five starts in ten seconds. No restart follows a failure, so a waiting connection starts the service again at once, endlessly without a limit. At the limit, the service and its socket fail, and the port is closed.",
  },
  /** Lines for the socket of a service with a condition. */
  condition: {
    TriggerLimitIntervalSec:
      "This is systemd's default limit. If a condition prevents the start, no restart follows, so RestartSec= does not apply. Without the limit, systemd would check the condition thousands of times a second.",
  },
  /** Lines for a service that opens its ports itself. */
  capability: {
    Environment: "The app reads this variable to know where to listen. Next.js reads HOSTNAME.",
    CapabilityBoundingSet: "The service may open ports below 1024, and can never get another capability.",
    AmbientCapabilities: "The service has the capability from the start, although its user is not root.",
    RestrictAddressFamilies:
      "The service can open only these kinds of socket. It opens its listening socket itself.",
    SystemCallFilter: "The service opens no connections.",
    SocketBindAllow: "The service may open these ports. This line works if systemd was built with BPF.",
    SocketBindDeny:
      "The service cannot open any other port. With outbound, it cannot open any other port below 1024.",
    WantedBy: "Traffic cannot start the service, so it starts at boot.",
  },
  /** Lines for the unit of the proxy. */
  proxy: {
    Requires: "The proxy gets its socket even if you start the proxy yourself.",
    BindsTo:
      "The proxy starts the service, and stops when the service stops. The next connection starts both.",
    After: "The service listens before the proxy forwards anything.",
    JoinsNamespaceOf: "The proxy shares the service's own loopback device, which no other process can reach.",
    ExecStart: "The proxy forwards each connection. It exits when it has been idle.",
    DynamicUser: "The proxy runs as the service's user, so no other user can reach the backend.",
    LimitNOFILE:
      "The proxy needs six descriptors for each connection. The default is enough for 168 connections.",
    MemoryDenyWriteExecute: "The proxy generates no code at run time.",
    RestrictAddressFamilies:
      "The proxy can open only these kinds of socket. It reaches the service through them.",
    IPAddressAllow: "The service listens on the loopback device.",
  },
  /** Lines for a service behind the proxy. */
  proxied: {
    BindsTo: "The service stops when the proxy exits.",
    Type: "The program must run, as its own user, before ExecStartPost= checks whether it listens.",
    ExecStopPost:
      "The command waits a second after a failure. Otherwise the waiting connection would make the proxy start the service again at once.",
    ExecStartPost:
      "The service counts as started when it listens, so the first connection waits and is not refused.",
    Environment: "The app reads this variable to know where to listen. Next.js reads HOSTNAME.",
    RuntimeDirectory:
      "The service's socket is in this folder. systemd removes the folder when the service stops.",
    RuntimeDirectoryMode: "Only the service and its proxy can reach the socket.",
    RestrictAddressFamilies:
      "The service can open only these kinds of socket. It opens the one that the proxy connects to.",
    IPAddressAllow: "The proxy connects to the service over the loopback device.",
  },
  /** Lines for the health socket, and for the app's sockets that start it. */
  healthSocket: {
    Wants: "The health socket listens whenever this socket listens.",
    BindsTo:
      "If a socket of the app has failed or is stopped, this socket is closed too, and probes are refused.",
    After: "The app's sockets listen before a probe is answered.",
    Accept: "systemd accepts each probe, and starts a small program for it. The app does not start.",
    MaxConnections: "Additional simultaneous probes are closed without an answer.",
    MaxConnectionsPerSource: "One client can't use up all connections.",
    TriggerLimitIntervalSec: "Many probes in a short time must not close the port.",
    LogLevelMax: "Rejected probes leave no line in the journal.",
  },
  /** Lines for the program that answers a health probe. */
  healthService: {
    CollectMode: "systemd also removes failed probes. Otherwise their units would accumulate.",
    ExecStart:
      "The shell reads the request header, and answers 200 ready, or 503 drained if the file of sockact drain exists.",
    DynamicUser: "The program runs as a separate user, who owns nothing.",
    StandardInput: "The request comes through the connection.",
    StandardOutput: "The answer goes through the connection.",
    StandardError: "A client may disconnect early.",
    LogLevelMax: "A probe leaves no line in the journal. Only errors do, such as a program that can't start.",
    RuntimeMaxSec: "A client that sends nothing is disconnected.",
  },
  /** Lines for a container. */
  container: {
    Network: "The container has no network interface. All traffic comes through the passed sockets.",
    ReadOnly: "The container cannot write to its image. /tmp, /run and /var/tmp are in memory.",
    DropCapability: "The app needs no capability, because systemd opens the port.",
    NoNewPrivileges: "The app cannot gain privileges through a setuid program.",
    Notify: "The app tells systemd when it is ready. Otherwise Podman would.",
    PodmanArgs:
      "Podman waits longer than the drain takes, so it does not kill the app while requests are open. Its default is 10 seconds.",
  },
} as const;

/** A directive that `emitUnits` may add. */
export type AddedDirective = keyof typeof reasons;
