import type { Hardening } from "./hardening.ts";
import type { FindingCode } from "../lint/lint.ts";
import type { Duration } from "../systemd/durations.ts";
import type { Text } from "../systemd/specifiers.ts";
import type { ContainerDescription } from "./container.ts";
import type { PreloadDescription } from "./preload.ts";
import type { SocketDescription } from "./socket.ts";
import type { Argument, Command, Credential, Limit, Mode, RawSection, Signal, Size } from "./values.ts";

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
 * How the service comes to its ports.
 *
 * - `socket`: systemd listens, and passes the sockets.
 * - `capability`: the service listens itself, also below 1024, by a capability that is good for nothing else; no socket unit.
 * - `proxy`: systemd listens, and systemd-socket-proxyd(8) passes what arrives on to a service that cannot be passed a socket.
 */
export type Bind = "socket" | "capability" | "proxy";

/** A service and its sockets. The fields are the directives of systemd.unit(5), systemd.service(5) and systemd.exec(5). */
export interface AppDescription {
  /** Where an editor finds the JSON Schema of a file that holds a description: `node_modules/@sockact/units/dist/schema.json`. No unit has it. */
  $schema?: string | undefined;
  /**
   * Codes of `lintUnits` that are no mistake here: without this, a description is refused for whose units the linter has an error or a
   * warning. docs/lint.md has the codes. One that the units do not need is refused, too.
   */
  acknowledge?: readonly FindingCode[] | undefined;
  /** The name of the units without their suffix: `gitea`, `app@blue`. With `rolling` it has no `@`. */
  name: string;
  /**
   * The program's absolute path, then its arguments as the program shall see them; nothing in a string is expanded. ExecStart=. Only a
   * container can do without, or with a program that is no absolute path: its image has one, or a path of its own.
   */
  exec?: readonly Argument[] | undefined;
  /** One socket unit each; with `bind: 'capability'`, what the service may listen on. */
  sockets: readonly SocketDescription[];
  /** How the service comes to the ports of `sockets`; by default they are passed to it. */
  bind?: Bind | undefined;
  /**
   * With `bind: 'proxy'`, where the service listens: a unix socket in a folder of `/run` that is made for it, `/run/shop/app.sock`, or a
   * port of the loopback device, which by default is `127.0.0.1:3000`. An `inbound` service has a loopback device of its own.
   */
  backend?: string | undefined;
  /** Runs the service in a container: `<name>.container` of podman-systemd.unit(5), in the place of `<name>.service`. */
  container?: ContainerDescription | undefined;
  /**
   * The version of systemd that the units are for, from 239 on: a directive that is newer is refused, and none is added. Left out, nothing
   * is added that is newer than 249, which Ubuntu 22.04 has, unless a type that notifies asks for it; and nothing is refused.
   */
  systemd?: number | undefined;
  /** Whose service manager runs them: the system's when left out, or a user's own (`systemctl --user`). */
  manager?: "system" | "user" | undefined;
  /** The user's number, as `id -u` prints it. With `manager: 'user'`, Node needs it for a type that notifies: OpenFile= has it in its path. */
  uid?: number | undefined;
  /**
   * Whether both units are templates, `<name>@.socket` and `<name>@.service`: each instance has a socket and a service of its own, and `%i` in
   * a `Specifier` is its name. An outbound one has a folder named after it, which systemd 257 fails to make where the name holds a `\\`.
   */
  template?: boolean | undefined;
  /** DefaultInstance= of a template: which instance `systemctl enable` enables where none is named; as systemd-escape(1) writes it. */
  defaultInstance?: string | undefined;
  /** With `accept`: StandardInput=socket and StandardOutput=socket, for a program that reads the request from standard input, as inetd(8) had it. */
  inetd?: boolean | undefined;
  /** Description= of the service; by default its name. */
  description?: Text | undefined;
  /** Documentation=: URIs that begin with `https:`, `http:`, `file:`, `info:` or `man:`. */
  documentation?: readonly Text[] | undefined;
  /**
   * ConditionPathExists=: absolute paths without which the service is not started, which is no failure; with `not` those with which it is not.
   * After 20 refused starts in two seconds the socket fails, and the port is closed until somebody resets it. To keep the port open, write `execCondition: [["/usr/bin/test", "-e", "/path"]]`, which is asked once a second.
   */
  conditionPathExists?:
    | Text
    | { readonly path: Text; readonly not?: boolean | undefined }
    | readonly (Text | { readonly path: Text; readonly not?: boolean | undefined })[]
    | undefined;
  /** RequiresMountsFor=: absolute paths whose file systems are mounted first. */
  requiresMountsFor?: Text | readonly Text[] | undefined;
  /** User= of the service; left out, it runs as a user that exists only while it runs (DynamicUser=). */
  user?: Text | undefined;
  /** Group= of the service; by default the user's own. */
  group?: Text | undefined;
  /** SupplementaryGroups=: further groups of the user. */
  supplementaryGroups?: readonly Text[] | undefined;
  /**
   * WorkingDirectory=: an absolute path. Left out, it is for Node the folder of the script, or the one above if that is called `bin`, `build`,
   * `dist`, `lib`, `out` or `src`. `false` leaves it out: systemd then starts the program in `/`, a user's manager in the home.
   */
  workingDirectory?: false | Text | undefined;
  /**
   * Environment=: variables by name, with their values as the program shall see them. `false` leaves out one that is added otherwise:
   * `NODE_ENV=production` for Node, `HOME`, and with `bind` `PORT`, `HOST` and `HOSTNAME`. Every user of the machine can read a unit file: write
   * a secret into `environmentFile` or `credentials`.
   */
  environment?: Readonly<Record<string, false | Text>> | undefined;
  /** EnvironmentFile=: files of `NAME=value` lines, which win over `environment`; with `optional` one may be absent. */
  environmentFile?:
    | Text
    | { readonly path: Text; readonly optional?: boolean | undefined }
    | readonly (Text | { readonly path: Text; readonly optional?: boolean | undefined })[]
    | undefined;
  /** PassEnvironment=: names of variables that the service takes from the service manager's own environment. */
  passEnvironment?: readonly string[] | undefined;
  /** StandardOutput=: `journal` when left out; or `null`, `inherit`, `socket`, `tty`, `kmsg`, or `file:`, `append:` or `truncate:` (of systemd 248) with a path. */
  standardOutput?: Text | undefined;
  /** StandardError=: as `standardOutput`, which it follows when left out. */
  standardError?: Text | undefined;
  /** SyslogIdentifier=: what the journal calls the service; the program's name when left out. */
  syslogIdentifier?: Text | undefined;
  /** LogRateLimitIntervalSec=: the span over which LogRateLimitBurst= is counted. */
  logRateLimitIntervalSec?: Duration | undefined;
  /** LogRateLimitBurst=: how many messages in that span the journal takes; 0 is no limit. */
  logRateLimitBurst?: number | undefined;
  /**
   * ReadWritePaths=: absolute paths that the service may write to even under hardening. The folders must exist, and the service's user must be
   * allowed to write there: it needs `user`, or a `group` or `supplementaryGroups` that may.
   */
  readWritePaths?: readonly Text[] | undefined;
  /** After=: units, by their full names, that start first if they start at all. */
  after?: readonly Text[] | undefined;
  /** Before=: units that start later, if they start at all. */
  before?: readonly Text[] | undefined;
  /** Wants=: units to start along, whose failure does no harm. */
  wants?: readonly Text[] | undefined;
  /** Requires=: units to start along, without which the service does not start. */
  requires?: readonly Text[] | undefined;
  /** BindsTo=: as `requires`, and the service stops when one of them ends. */
  bindsTo?: readonly Text[] | undefined;
  /** PartOf=: units with which the service is stopped and restarted. */
  partOf?: readonly Text[] | undefined;
  /** Conflicts=: units that cannot run beside the service; starting one stops the other. */
  conflicts?: readonly Text[] | undefined;
  /** OnFailure=: units to start when the service has failed. */
  onFailure?: readonly Text[] | undefined;
  /** ExecCondition=: commands that say with their exit status whether to start the service: 1 to 254 do not, which is no failure. */
  execCondition?: readonly Command[] | undefined;
  /** ExecStartPre=: commands that run before the program, one after the other. */
  execStartPre?: readonly Command[] | undefined;
  /** ExecStartPost=: commands that run once the service is up, which is when its type says so. */
  execStartPost?: readonly Command[] | undefined;
  /** ExecReload=: commands for `systemctl reload`: `[["/bin/kill", "-HUP", { variable: "MAINPID" }]]`. */
  execReload?: readonly Command[] | undefined;
  /** ExecStop=: commands that stop the service, before it gets SIGTERM. */
  execStop?: readonly Command[] | undefined;
  /** ExecStopPost=: commands that run once the service has ended, failed or not. */
  execStopPost?: readonly Command[] | undefined;
  /** WantedBy= of the service: units that start it with no traffic, such as `multi-user.target` at boot; by default its sockets alone do. */
  wantedBy?: readonly Text[] | undefined;
  /** Type=; `simple` when left out, `notify` with `rolling`. `notify` and `notify-reload` need a program that tells when it is ready; `notify-reload` is of systemd 253. */
  type?: ServiceType | undefined;
  /** NotifyAccess=: whose notifications count, with a type that notifies; `main` when left out. `all` is for systemd-notify(1), a process of its own. */
  notifyAccess?: NotifyAccess | undefined;
  /**
   * OpenFile=, of systemd 253: passes the service manager's socket as a file descriptor named `notify`, through which `@sockact/notify` tells
   * systemd things. With a type that notifies, it is on for Node. Other programs send to NOTIFY_SOCKET themselves, as sd_notify(3) does, and
   * might take the descriptor for a listener. Without it, an `inbound` service may make unix sockets.
   */
  openFile?: boolean | undefined;
  /** WatchdogSec=: how long a service of a type that notifies may be silent before it is killed and restarted. For programs that send WATCHDOG=1 alone. */
  watchdogSec?: Duration | undefined;
  /**
   * SOCKACT_DRAIN_TIMEOUT in the service's environment: how long a graceful stop waits for requests that run; 10 seconds when left out.
   * `infinity` is no limit.
   */
  drainTimeout?: Duration | "infinity" | undefined;
  /**
   * TimeoutStopSec=: how long after SIGTERM the service is killed; longer than `drainTimeout`. Left out, it is 10 seconds longer, and the
   * service manager's own default, which is 90 seconds, if there is no `drainTimeout` either. To systemd 0 is no limit: write `infinity`.
   */
  timeoutStopSec?: Duration | "infinity" | undefined;
  /** TimeoutStartSec=: how long the start may take, for a type that notifies until it is ready; 90 seconds when left out. */
  timeoutStartSec?: Duration | "infinity" | undefined;
  /** RuntimeMaxSec=: how long the service may run before it is ended, which counts as failure. */
  runtimeMaxSec?: Duration | "infinity" | undefined;
  /** KillMode=: what gets the signals of a stop; `control-group`, every process, when left out. `mixed`: SIGTERM for the main process alone. */
  killMode?: "control-group" | "mixed" | "process" | undefined;
  /** KillSignal=: what begins a stop; SIGTERM when left out, for which sockact drains. */
  killSignal?: Signal | undefined;
  /** ReloadSignal=, of systemd 253: what `notify-reload` reloads by; SIGHUP when left out. */
  reloadSignal?: Signal | undefined;
  /**
   * SOCKACT_IDLE_TIMEOUT in the service's environment: after how long without a connection the service exits, to be started by the next
   * one; left out, never. The service exits with 42, after which `restart: 'always'` does not start it again. A program that does not read
   * SOCKACT_IDLE_EXIT_STATUS, and exits with 0, needs `restart: 'on-failure'`. With `bind: 'proxy'` it is the proxy that exits, and stops the
   * service.
   */
  idleTimeout?: Duration | undefined;
  /**
   * Whether the service is the template `<name>@.service`, whose instances `blue` and `green` take turns on the same sockets: the new one
   * serves before the old one stops. Needs a type that notifies; `notify` when left out.
   */
  rolling?: boolean | undefined;
  /**
   * Restart=; `always` when left out. While a service waits for its restart, traffic does not start it: a service that exits without accepting
   * is started once in `restartSec`. Exit status 42 means sleep, and no restart follows it. A program that exits with 0 when it is idle needs
   * `on-failure`. If such a program exits with 0 without accepting, systemd starts it again at once, without end. With the other policies
   * systemd's own limit applies: after five starts in ten seconds the service and its sockets fail, and the port is closed.
   */
  restart?: RestartPolicy | undefined;
  /** RestartSec=: how long to wait before a restart; at least 100 ms, which is systemd's own; by default one second. */
  restartSec?: Duration | undefined;
  /** RestartSteps=, of systemd 254: after how many restarts the wait has grown from RestartSec= to RestartMaxDelaySec=, which it needs. */
  restartSteps?: number | undefined;
  /** RestartMaxDelaySec=, of systemd 254: the longest wait before a restart; with `restartSteps`. */
  restartMaxDelaySec?: Duration | undefined;
  /** RestartPreventExitStatus=: exit statuses from 0 to 255, or signals, after which the service is not restarted. That of sleep is added. */
  restartPreventExitStatus?: readonly (number | Signal)[] | undefined;
  /** SuccessExitStatus=: exit statuses, or signals, that count as success, besides 0. That of sleep is added. */
  successExitStatus?: readonly (number | Signal)[] | undefined;
  /** FileDescriptorStoreMax=: how many file descriptors the service may leave with systemd over a restart; none when left out. */
  fileDescriptorStoreMax?: number | undefined;
  /**
   * FileDescriptorStorePreserve=, of systemd 254: whether they outlive a stop; `restart`, which is until one, when left out. `on-success`, of
   * systemd 261, keeps them unless the service has failed.
   */
  fileDescriptorStorePreserve?: "no" | "yes" | "restart" | "on-success" | undefined;
  /** Nice=: from -20, which has most of the CPU, to 19. */
  nice?: number | undefined;
  /** OOMScoreAdjust=: from -1000, never killed where memory runs out, to 1000, first. */
  oomScoreAdjust?: number | undefined;
  /** OOMPolicy=: what to do when the kernel has killed one of its processes for want of memory. */
  oomPolicy?: "continue" | "stop" | "kill" | undefined;
  /** LimitNOFILE=: how many file descriptors a process may have; by default 1024 soft, 524288 hard. */
  limitNOFILE?: Limit | undefined;
  /** LimitNPROC=: how many processes its user may have. */
  limitNPROC?: Limit | undefined;
  /** LimitCORE=: how large a core dump may be, in bytes. */
  limitCORE?: Limit | undefined;
  /** LimitMEMLOCK=: how much memory may be locked, in bytes. */
  limitMEMLOCK?: Limit | undefined;
  /** Slice=: the slice whose limits it shares, by its full name: `web.slice`. */
  slice?: Text | undefined;
  /** CPUWeight=: its share where CPUs are busy, from 1 to 10000; 100 when left out. */
  cpuWeight?: number | undefined;
  /** CPUQuota=: the most that it gets, in percent of one CPU: `150%`. */
  cpuQuota?: `${number}%` | undefined;
  /** MemoryLow=: what the kernel takes from it last; a share or `infinity` too. */
  memoryLow?: Size | undefined;
  /** MemoryHigh=: above this it is slowed down; a share or `infinity` too. */
  memoryHigh?: Size | undefined;
  /** MemoryMax=: above this it is killed; a share or `infinity` too. */
  memoryMax?: Size | undefined;
  /** MemorySwapMax=: how much swap it may use; a share or `infinity` too. */
  memorySwapMax?: Size | undefined;
  /** TasksMax=: how many processes and threads it may have; a share or `infinity` too. Node has about a dozen threads. */
  tasksMax?: number | string | undefined;
  /** IOWeight=: its share where disks are busy, from 1 to 10000; 100 when left out. */
  ioWeight?: number | undefined;
  /**
   * StateDirectory=: folders under /var/lib, such as `shop`, that systemd makes, that the service may write to, and that stay. With `outbound`
   * it is one named after the service when left out; `false` is none. HOME is the first, for a user who exists only while the service runs.
   */
  stateDirectory?: false | Text | readonly Text[] | undefined;
  /** StateDirectoryMode=: who may enter them, in octal; by default `0755`. */
  stateDirectoryMode?: Mode | undefined;
  /** CacheDirectory=: folders under /var/cache, for what can be made again. */
  cacheDirectory?: Text | readonly Text[] | undefined;
  /** CacheDirectoryMode=: in octal; by default `0755`. */
  cacheDirectoryMode?: Mode | undefined;
  /** LogsDirectory=: folders under /var/log. */
  logsDirectory?: Text | readonly Text[] | undefined;
  /** LogsDirectoryMode=: in octal; by default `0755`. */
  logsDirectoryMode?: Mode | undefined;
  /** RuntimeDirectory=: folders under /run, which are gone at the next boot. Without `user`, no socket of the description can be in one. */
  runtimeDirectory?: Text | readonly Text[] | undefined;
  /** RuntimeDirectoryMode=: in octal; by default `0755`. */
  runtimeDirectoryMode?: Mode | undefined;
  /** RuntimeDirectoryPreserve=: whether they stay when the service stops, or only when it restarts; by default `yes`, where systemd's own is `no`. */
  runtimeDirectoryPreserve?: "no" | "yes" | "restart" | undefined;
  /** ConfigurationDirectory=: folders under /etc; one that is there already keeps its owner. */
  configurationDirectory?: Text | readonly Text[] | undefined;
  /** ConfigurationDirectoryMode=: in octal; by default `0755`. */
  configurationDirectoryMode?: Mode | undefined;
  /** Credentials by name: files that only root can read, and that the service finds under that name in $CREDENTIALS_DIRECTORY; of systemd 247. */
  credentials?: Readonly<Record<string, Credential>> | undefined;
  /** ImportCredential=, of systemd 254: which of the credentials that the machine was given to pass on, such as `shop.*`. */
  importCredentials?: readonly string[] | undefined;
  /**
   * Whether Node runs with `--jitless` (in NODE_OPTIONS, which its child processes have too), so that MemoryDenyWriteExecute= can be written: what
   * is in memory never becomes a program. Code runs several times slower, and there is no WebAssembly; without it fetch() fails, which on Node 20
   * and 22 ends the process.
   */
  jitless?: boolean | undefined;
  /**
   * Whether Node keeps the compiled code of the app's modules in the service's cache folder, so that it starts faster from the second start on.
   * Writes NODE_COMPILE_CACHE, which Node reads from 22.1 on, and `CacheDirectory=<name>` unless `cacheDirectory` names folders. Node writes
   * the cache when the app exits by itself, as sockact does after a stop and when idle; an app that is killed writes none. The price: the first
   * start also writes the cache, which takes disk space, and the service can write to a folder of code that it runs later.
   */
  compileCache?: boolean | undefined;
  /**
   * Whether Node loads `@sockact/register` before the app, so that the app's own `listen()` gets the sockets: for an app that has no line of
   * sockact in it. `true` stands for `<workingDirectory>/node_modules/@sockact/register/dist/index.cjs`. A string is the absolute path of that
   * file elsewhere; an object has a `map` of the sockets too. `--require` stands in ExecStart= if Node is the program, so that child processes do
   * not load it. Where a script starts Node, and in a container, it is in NODE_OPTIONS.
   */
  preload?: boolean | Text | PreloadDescription | undefined;
  /**
   * `outbound` by default: a sandbox for a service that opens connections of its own, to a database for instance. `inbound`: for one that only
   * answers, and gets no network but its sockets. `none`: no sandbox. An object has the `profile`, and single directives.
   */
  hardening?: Hardening | undefined;
  /** Directives of the service unit, or of the container, that have no field. */
  raw?:
    | {
        readonly Unit?: RawSection | undefined;
        readonly Container?: RawSection | undefined;
        readonly Service?: RawSection | undefined;
        readonly Install?: RawSection | undefined;
      }
    | undefined;
}
