import type { Hardening } from "./harden/options.ts";
import type { Duration } from "./read/duration.ts";

/**
 * An address as in systemd.socket(5): a port, `127.0.0.1:80`, `[::1]:80`, `[fe80::1]:80%eth0`, `/run/app.sock`, `@abstract` or
 * `vsock:2:1234`. A number is a port from 1 to 65535.
 */
export type ListenAddress = number | string;

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

/**
 * Where a credential comes from: the absolute path of a file or a unix socket, the name under which systemd itself has it, or an object.
 *
 * LoadCredential=, SetCredential=, and with `encrypted` LoadCredentialEncrypted= and SetCredentialEncrypted=, which are of systemd 250.
 */
export type Credential =
  | string
  | {
      /** As the string; left out, with no `value` either, systemd looks in /etc/credstore and the like (systemd 251). */
      path?: string;
      /** The credential itself, if there is none at `path`. Everyone on the machine can read it in the unit: no secret, unless it is encrypted. */
      value?: string;
      /** Whether it was made by systemd-creds(1) encrypt. */
      encrypted?: boolean;
    };

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
   * StateDirectory=: folders under /var/lib, such as `shop`, that systemd makes, that the service may write to, and that stay. With `outbound`
   * it is one named after the service when left out; `false` is none. HOME is the first, for a user who exists only while the service runs.
   */
  stateDirectory?: false | string | readonly string[];
  /** StateDirectoryMode=: who may enter them, in octal; by default `0755`. */
  stateDirectoryMode?: string;
  /** CacheDirectory=: folders under /var/cache, for what can be made again. */
  cacheDirectory?: string | readonly string[];
  /** CacheDirectoryMode=: in octal; by default `0755`. */
  cacheDirectoryMode?: string;
  /** LogsDirectory=: folders under /var/log. */
  logsDirectory?: string | readonly string[];
  /** LogsDirectoryMode=: in octal; by default `0755`. */
  logsDirectoryMode?: string;
  /** RuntimeDirectory=: folders under /run, which are gone at the next boot. */
  runtimeDirectory?: string | readonly string[];
  /** RuntimeDirectoryMode=: in octal; by default `0755`. */
  runtimeDirectoryMode?: string;
  /** RuntimeDirectoryPreserve=: whether they stay when the service stops, or only when it restarts; by default `yes`, where systemd's own is `no`. */
  runtimeDirectoryPreserve?: "no" | "yes" | "restart";
  /** ConfigurationDirectory=: folders under /etc; one that is there already keeps its owner. */
  configurationDirectory?: string | readonly string[];
  /** ConfigurationDirectoryMode=: in octal; by default `0755`. */
  configurationDirectoryMode?: string;
  /** Credentials by name: files that only root can read, and that the service finds under that name in $CREDENTIALS_DIRECTORY; of systemd 247. */
  credentials?: Readonly<Record<string, Credential>>;
  /** ImportCredential=, of systemd 254: which of the credentials that the machine was given to pass on, such as `shop.*`. */
  importCredentials?: readonly string[];
  /**
   * Whether Node runs with `--jitless` (in NODE_OPTIONS, which its child processes have too), so that MemoryDenyWriteExecute= can be written: what
   * is in memory never becomes a program. Code runs several times slower, and there is no WebAssembly; without it fetch() fails, which on Node 20
   * and 22 ends the process.
   */
  jitless?: boolean;
  /**
   * `outbound` by default: a sandbox for a service that opens connections of its own, to a database for instance. `inbound`: for one that only
   * answers, and gets no network but its sockets. `none`: no sandbox. An object has the `profile`, and single directives.
   */
  hardening?: Hardening;
}
