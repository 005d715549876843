import type { Duration } from "./read/duration.ts";

/**
 * An address as in systemd.socket(5): a port, `127.0.0.1:80`, `[::1]:80`, `[fe80::1]:80%eth0`, `/run/app.sock`, `@abstract` or
 * `vsock:2:1234`. A number is a port from 1 to 65535.
 */
export type ListenAddress = number | string;

/** How much of a sandbox the service gets; systemd.exec(5). */
export type Hardening = "none" | "outbound" | "inbound";

/** The types of systemd.service(5) that fit a service which runs for long and is started by its socket. */
export type ServiceType = "simple" | "exec" | "notify" | "notify-reload" | "idle";

/** Whose notifications systemd takes; systemd.service(5). */
export type NotifyAccess = "main" | "exec" | "all";

/** When systemd starts a service again that ended; systemd.service(5). */
export type RestartPolicy =
  | "no"
  | "on-success"
  | "on-failure"
  | "on-abnormal"
  | "on-watchdog"
  | "on-abort"
  | "always";

/** One socket unit. */
export interface SocketDescription {
  /** What to listen on for streams: TCP, or SOCK_STREAM of unix(7) and vsock(7). ListenStream=, one for each address. */
  listen?: ListenAddress | readonly ListenAddress[];
  /** What to receive datagrams on: UDP, or SOCK_DGRAM. ListenDatagram=, one for each address. */
  listenDatagram?: ListenAddress | readonly ListenAddress[];
  /** Description= of the socket unit; by default `<name> socket`. */
  description?: string;
  /**
   * FileDescriptorName=, by which the service tells its sockets apart. Needed as soon as there are several sockets.
   *
   * At most 255 printable ASCII characters, none of them `:` or `\`. `connection`, `stored` and `unknown` are taken: they have a
   * meaning in sd_listen_fds_with_names(3).
   */
  name?: string;
  /** NoDelay=: turns Nagle's algorithm off. */
  noDelay?: boolean;
  /** Backlog=: how many connections wait to be accepted; the kernel caps it at net.core.somaxconn. */
  backlog?: number;
  /** BindIPv6Only=: whether `[::]:80`, or a port alone, takes IPv4 too. */
  bindIPv6Only?: "default" | "both" | "ipv6-only";
  /** BindToDevice=: the network interface to listen on. */
  bindToDevice?: string;
  /** FreeBind=: allows an address that no interface has yet. */
  freeBind?: boolean;
  /** ReusePort=: lets other sockets share the port. */
  reusePort?: boolean;
  /** KeepAlive=: probes idle TCP connections. */
  keepAlive?: boolean;
  /** KeepAliveTimeSec=: how long a connection is idle before the first probe. */
  keepAliveTimeSec?: Duration;
  /** KeepAliveIntervalSec=: the time between probes. */
  keepAliveIntervalSec?: Duration;
  /** KeepAliveProbes=: how many go unanswered before the connection ends. */
  keepAliveProbes?: number;
  /** DeferAcceptSec=: how long to wait for a first byte before the service hears of a TCP connection. */
  deferAcceptSec?: Duration;
  /** SocketMode=: who may connect to a unix socket, in octal: `'0660'`; by default `0666`. */
  socketMode?: string;
  /** SocketUser=: whose a unix socket is; by default root's. */
  socketUser?: string;
  /** SocketGroup=: which group's a unix socket is. */
  socketGroup?: string;
  /** DirectoryMode=: the access mode, in octal, of folders that are made for a unix socket; by default `0755`. */
  directoryMode?: string;
  /** RemoveOnStop=: removes a unix socket's file when the socket unit stops. */
  removeOnStop?: boolean;
  /** PollLimitIntervalSec=, of systemd 255: the span over which PollLimitBurst= is counted. */
  pollLimitIntervalSec?: Duration;
  /** PollLimitBurst=, of systemd 255: how often in that span traffic may wake systemd before it looks away until the span ends. */
  pollLimitBurst?: number;
}

/** A service and its sockets. The fields are the directives of systemd.unit(5), systemd.service(5) and systemd.exec(5). */
export interface AppDescription {
  /** Where an editor finds the JSON Schema of a file that holds a description: `node_modules/@sockact/units/dist/schema.json`. No unit has it. */
  $schema?: string;
  /** The name of the units without their suffix: `gitea`, `app@blue`. With `rolling` it has no `@`. */
  name: string;
  /** The program's absolute path, then its arguments as the program shall see them; nothing in them is expanded. */
  exec: readonly string[];
  /** One socket unit each. */
  sockets: readonly SocketDescription[];
  /** Description= of the service; by default its name. */
  description?: string;
  /** Documentation=: URIs that begin with `https:`, `http:`, `file:`, `info:` or `man:`. */
  documentation?: readonly string[];
  /** User= of the service; left out, it runs as a user that exists only while it runs (DynamicUser=). */
  user?: string;
  /** Group= of the service; by default the user's own. */
  group?: string;
  /** WorkingDirectory=: an absolute path. */
  workingDirectory?: string;
  /** Environment=: variables by name, with their values as the program shall see them. */
  environment?: Readonly<Record<string, string>>;
  /** ReadWritePaths=: absolute paths that the service may write to even under hardening. */
  readWritePaths?: readonly string[];
  /** After=: units, by their full names, that start first if they start at all. */
  after?: readonly string[];
  /** Wants=: units to start along, whose failure does no harm. */
  wants?: readonly string[];
  /** Requires=: units to start along, without which the service does not start. */
  requires?: readonly string[];
  /** WantedBy= of the service: units that start it with no traffic, such as `multi-user.target` at boot; by default its sockets alone do. */
  wantedBy?: readonly string[];
  /** Type=; `simple` when left out, `notify` with `rolling`. `notify` and `notify-reload` need a program that tells when it is ready; `notify-reload` is of systemd 253. */
  type?: ServiceType;
  /** NotifyAccess=: whose notifications count, with a type that notifies; `main` when left out. `all` is for systemd-notify(1), a process of its own. */
  notifyAccess?: NotifyAccess;
  /**
   * OpenFile=, of systemd 253: passes the service manager's socket as a file descriptor named `notify`, which is how `@sockact/notify` tells it
   * things. With a type that notifies it is on. `false` is for a program that sends to NOTIFY_SOCKET by itself, as sd_notify(3) does: it may
   * take every descriptor for a listener, and an `inbound` one is then allowed to make unix sockets.
   */
  openFile?: boolean;
  /** WatchdogSec=: how long a service of a type that notifies may be silent before it is killed and restarted. For programs that send WATCHDOG=1 alone. */
  watchdogSec?: Duration;
  /**
   * SOCKACT_DRAIN_TIMEOUT in the service's environment: how long a graceful stop waits for requests that run; 10 seconds when left out.
   * `infinity` is no limit.
   */
  drainTimeout?: Duration | "infinity";
  /**
   * TimeoutStopSec=: how long after SIGTERM the service is killed; longer than `drainTimeout`. Left out, it is 10 seconds longer, and the
   * service manager's own default, which is 90 seconds, if there is no `drainTimeout` either.
   */
  timeoutStopSec?: Duration | "infinity";
  /**
   * SOCKACT_IDLE_TIMEOUT in the service's environment: after how long without a connection the service exits, to be started by the next
   * one; left out, never. A `restart` of `always` or `on-success` would wake it at once, and is refused.
   */
  idleTimeout?: Duration;
  /**
   * Whether the service is the template `<name>@.service`, whose instances `blue` and `green` take turns on the same sockets: the new one
   * serves before the old one stops. Needs a type that notifies; `notify` when left out.
   */
  rolling?: boolean;
  /** Restart=; by default `on-failure`, so that a service may exit 0 when it has nothing to do. */
  restart?: RestartPolicy;
  /** RestartSec=: how long to wait before a restart; by default one second, where systemd's own is 100 ms. */
  restartSec?: Duration;
  /**
   * `outbound` by default: a sandbox for a service that opens connections of its own, to a database for instance. `inbound`: for one that only
   * answers, and gets no network but its sockets. `none`: no sandbox.
   */
  hardening?: Hardening;
}
