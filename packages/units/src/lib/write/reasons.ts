/**
 * Why each directive is written that no description asked for; those of the sandbox are in read/sandbox/directives.ts.
 *
 * A directive can be added only if it has a reason here.
 */
export const reasons = {
  // Both units
  Description: "The name that systemctl status and the journal show.",
  // The socket unit
  FileDescriptorName: "The name by which the service tells its sockets apart.",
  FreeBind: "Sockets are bound before the network is up: no interface may have the address yet.",
  Service: "What to start, since the service is not named after this socket.",
  TriggerLimitIntervalSec:
    "Many starts in a short time must not close the port: a limit would leave the socket failed. RestartSec= limits the starts instead.",
  WantedBy: "The socket listens from boot on.",
  // The service unit
  Requires: "Started by hand, too, the service gets its socket.",
  After: "The socket listens before the service starts.",
  StartLimitIntervalSec:
    "After a crash loop, too, the next connection starts the service: a limit would fail the socket until someone resets it.",
  CollectMode: "The unit of a connection that failed is forgotten too: otherwise they would pile up.",
  StandardInput: "The connection is standard input.",
  StandardOutput: "What the program prints is the answer.",
  StandardError: "Errors are for the journal, not for the client.",
  Type: "The new instance counts as started once it is ready, and only then may the old one stop.",
  NotifyAccess: "Notifications count from the main process alone.",
  OpenFile:
    "The socket for notifications comes as a file descriptor: no native code, and no unix socket to make.",
  TimeoutStopSec: "Longer than the drain, which a kill would cut short.",
  ExecStopPost:
    "A second passes after ExecCondition= has refused a start: the connection still waits, and systemd would ask again at once.",
  Restart:
    "Every exit is followed by a restart. While the service waits for the restart, traffic does not start it. Otherwise, after an exit without accepting, systemd would start it again at once, without end.",
  RestartSec: "At most one start a second. The default of 100 ms makes a crash loop costly.",
  NonBlocking: "The sockets arrive in non-blocking mode, as event loops need them.",
  Sockets: "All sockets are passed, whatever started the service.",
  Also: "systemctl enable of the service enables its sockets.",
  DefaultInstance: "systemctl enable of the template enables blue, which traffic starts too.",
  // The service's user and folders
  WorkingDirectory:
    "The app's folder: relative paths, such as those of .env and public, mean the same as when you start the app there.",
  DynamicUser: "The service runs as a user that exists only while it runs and owns no file elsewhere.",
  StateDirectory: "A folder under /var/lib that it may write and that stays.",
  RuntimeDirectoryPreserve:
    "The folder stays when the service stops: sockets that listen in it do, and so may another instance.",
  Environment: "A home it can write: a user that exists only while it runs has none.",
} as const;

/** What Node, a port method or a container adds besides, or for another reason. */
export const reasonsOf = {
  /** To every service that is Node. */
  node: {
    Environment:
      "Without it Express sends stack traces to clients, and other packages run in the way that is meant for development.",
  },
  /** To a service that may fall asleep. */
  sleep: {
    Environment: "The exit status by which the app says that it sleeps.",
    RestartPreventExitStatus: "After this status the app sleeps. The next connection starts it at once.",
    SuccessExitStatus: "Sleep counts as success.",
  },
  /** To a service that is not started again after a failure. */
  noRestart: {
    StartLimitIntervalSec:
      "systemd's own limit, five starts in ten seconds. A failure is followed by no restart, so a connection that waits starts the service again at once: without a limit, without end. At the limit the service and its socket fail, and the port is closed.",
  },
  /** To the socket of a service that has a condition. */
  condition: {
    TriggerLimitIntervalSec:
      "systemd's own limit. When a condition refuses the start, no restart follows, so RestartSec= limits nothing: systemd would check the condition thousands of times a second.",
  },
  /** To a service that listens by itself. */
  capability: {
    Environment: "Where to listen, as programs of Node read it: HOSTNAME is what Next.js reads.",
    CapabilityBoundingSet: "It may listen below port 1024, and can never get another capability.",
    AmbientCapabilities: "It has that capability from the start, as a user that is not root.",
    RestrictAddressFamilies: "The kinds of socket it can make: it makes the listening one too.",
    SystemCallFilter: "It makes no connection of its own.",
    SocketBindAllow: "The ports that it is for; where systemd was built with BPF.",
    SocketBindDeny: "It can take no other port; outbound, none below 1024.",
    WantedBy: "No traffic can start it: it starts at boot.",
  },
  /** To the proxy's unit. */
  proxy: {
    Requires: "Started by hand, too, the proxy gets its socket.",
    BindsTo: "The proxy brings the service up, and ends with it: the next connection starts both.",
    After: "The service listens before the proxy passes anything on.",
    JoinsNamespaceOf: "It shares the service's own loopback device, which nobody else reaches.",
    ExecStart: "Passes on what arrives; when it has been idle, it exits.",
    DynamicUser: "The user of the service, after whom it is named: nobody else can reach the backend.",
    LimitNOFILE: "Six for each connection, where the default is enough for 168.",
    MemoryDenyWriteExecute: "It makes no code while it runs.",
    RestrictAddressFamilies: "The kinds of socket by which it reaches the service.",
    IPAddressAllow: "The service's port is on the loopback device.",
  },
  /** To the unit of a service behind a proxy. */
  proxied: {
    BindsTo: "The service ends when the proxy has been idle.",
    Type: "Its program runs, as its own user, before it is asked whether it listens.",
    ExecStopPost:
      "A second passes after a failure: the connection still waits, and the proxy would start the service again at once.",
    ExecStartPost: "It counts as started once it listens: the first connection waits, and is not refused.",
    Environment: "Where to listen, as programs of Node read it: HOSTNAME is what Next.js reads.",
    RuntimeDirectory: "The folder of its socket, which goes when it stops.",
    RuntimeDirectoryMode: "It and its proxy alone reach the socket.",
    RestrictAddressFamilies: "The kinds of socket it can make: it makes the one that the proxy reaches.",
    IPAddressAllow: "The proxy reaches it over the loopback device.",
  },
  /** To a container. */
  container: {
    Network: "No network interface: what arrives comes by the passed sockets alone.",
    ReadOnly: "The image cannot be written; /tmp, /run and /var/tmp are kept in memory.",
    DropCapability: "It needs no capability: systemd has bound the port already.",
    NoNewPrivileges: "No setuid program can raise its privileges.",
    Notify: "The program says when it is ready, not Podman.",
    PodmanArgs: "Longer than the drain, which a kill would cut short; Podman's own is 10 seconds.",
  },
} as const;

/** A directive that may be written without having been asked for. */
export type AddedDirective = keyof typeof reasons;
