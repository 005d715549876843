import type { Hardening } from "./hardening.ts";
import type { FindingCode } from "../lint/lint.ts";
import type { Duration } from "@sockact/shared/durations";
import type { Text } from "../systemd/specifiers.ts";
import type { ContainerDescription } from "./container.ts";
import type { PreloadDescription } from "./preload.ts";
import type { ListenAddress, SocketDescription } from "./socket.ts";
import type { Argument, Command, Credential, Limit, Mode, RawSection, Signal, Size } from "./values.ts";

/** The types of systemd.service(5) that suit a long-running service with socket activation. */
export type ServiceType = "simple" | "exec" | "notify" | "notify-reload" | "idle";

/** Which processes may send notifications; see systemd.service(5). */
export type NotifyAccess = "main" | "exec" | "all";

/** When systemd restarts a service that has ended; see systemd.service(5). */
export type RestartPolicy =
  | "no"
  | "on-success"
  | "on-failure"
  | "on-abnormal"
  | "on-watchdog"
  | "on-abort"
  | "always";

/**
 * How the service gets its ports.
 *
 * - `socket`: systemd opens the sockets and passes them to the service.
 * - `capability`: the service opens the ports itself, also below 1024, with the one capability that this
 *   needs. There is no socket unit.
 * - `proxy`: systemd opens the sockets, and systemd-socket-proxyd(8) forwards the connections to a service
 *   that can't accept passed sockets.
 */
export type Bind = "socket" | "capability" | "proxy";

/**
 * A service and its sockets. The fields are the directives of systemd.unit(5), systemd.service(5) and
 * systemd.exec(5).
 */
export interface AppDescription {
  /**
   * The path of the JSON Schema, for editors: `node_modules/@sockact/units/dist/schema.json`. Not written
   * into a unit.
   */
  $schema?: string | undefined;
  /**
   * Codes of `lintUnits` that you accept for these units. Every other error or warning of the linter is an
   * error of the description, and so is a code that the linter does not report. docs/codes/lint.md explains the
   * codes.
   */
  acknowledge?: readonly FindingCode[] | undefined;
  /** The name of the units without their suffix: `gitea`, `app@blue`. With `rolling`, it has no `@`. */
  name: string;
  /**
   * ExecStart=: the absolute path of the program, then its arguments. systemd expands nothing in these
   * strings. Only a container can omit this field, or name a program without an absolute path: the image then
   * decides which program runs.
   */
  exec?: readonly Argument[] | undefined;
  /** The sockets, one unit each. With `bind: 'capability'`, they are what the service may listen on. */
  sockets: readonly SocketDescription[];
  /** How the service gets the ports of `sockets`. The default is `socket`: systemd passes them. */
  bind?: Bind | undefined;
  /**
   * Where the service listens with `bind: 'proxy'`: a port of the loopback device, or a unix socket in a
   * folder of `/run` that systemd creates for it, such as `/run/shop/app.sock`. The default is
   * `127.0.0.1:3000`. An `inbound` service has its own loopback device.
   */
  backend?: string | undefined;
  /**
   * Runs the service in a container: `<name>.container` of podman-systemd.unit(5) is written instead of
   * `<name>.service`.
   */
  container?: ContainerDescription | undefined;
  /**
   * The version of systemd that runs the units, 239 or later. With it, newer directives are errors, and none
   * is added. Without it, no directive is too new. No directive newer than systemd 249 (Ubuntu 22.04) is then
   * added, except for a type that notifies.
   */
  systemd?: number | undefined;
  /** The service manager that runs the units: `system`, the default, or `user` (`systemctl --user`). */
  manager?: "system" | "user" | undefined;
  /**
   * The user ID, as printed by `id -u`. With `manager: 'user'`, Node needs it for a type that notifies,
   * because the path in OpenFile= contains it.
   */
  uid?: number | undefined;
  /**
   * Whether both units are templates, `<name>@.socket` and `<name>@.service`. Each instance has its own
   * socket and service, and `%i` in a `Specifier` is its name. With `outbound`, each has a state folder with
   * its name. systemd 257 can't create that folder if the name contains a `\`.
   */
  template?: boolean | undefined;
  /**
   * DefaultInstance= of a template: the instance that `systemctl enable` enables by default, as escaped by
   * systemd-escape(1).
   */
  defaultInstance?: string | undefined;
  /**
   * With `accept`: writes StandardInput=socket and StandardOutput=socket, for a program that reads the
   * request from standard input, as with inetd(8).
   */
  inetd?: boolean | undefined;
  /** Description= of the service. The default is its name. */
  description?: Text | undefined;
  /** Documentation=: URIs that begin with `https:`, `http:`, `file:`, `info:` or `man:`. */
  documentation?: readonly Text[] | undefined;
  /**
   * ConditionPathExists=: absolute paths. If one does not exist, or exists in spite of `not`, systemd does
   * not start the service, and that is not a failure. After 20 such attempts in two seconds, the socket
   * fails, and the port is closed until you reset it. To keep the port open, use `execCondition:
   * [["/usr/bin/test", "-e", "/path"]]`, which systemd runs once a second.
   */
  conditionPathExists?:
    | Text
    | {
        /** The absolute path. */
        readonly path: Text;
        /** Whether the path must not exist. The default is `false`. */
        readonly not?: boolean | undefined;
      }
    | readonly (
        | Text
        | {
            /** The absolute path. */
            readonly path: Text;
            /** Whether the path must not exist. The default is `false`. */
            readonly not?: boolean | undefined;
          }
      )[]
    | undefined;
  /** RequiresMountsFor=: absolute paths whose file systems systemd mounts first. */
  requiresMountsFor?: Text | readonly Text[] | undefined;
  /** User= of the service. The default is DynamicUser=: a user that exists only while the service runs. */
  user?: Text | undefined;
  /** Group= of the service. The default is the user's group. */
  group?: Text | undefined;
  /** SupplementaryGroups=: additional groups of the user. */
  supplementaryGroups?: readonly Text[] | undefined;
  /**
   * WorkingDirectory=: an absolute path. For Node, the default is the folder of the script, or its parent if
   * that folder is called `bin`, `build`, `dist`, `lib`, `out` or `src`. With `false`, the program starts in
   * `/`, or in the home directory with a user's manager.
   */
  workingDirectory?: false | Text | undefined;
  /**
   * Environment=: variables by name. The program gets each value unchanged. `false` omits a variable that is
   * added by default: `NODE_ENV=production` for Node, `HOME`, and with `bind` also `PORT`, `HOST` and
   * `HOSTNAME`. Every user of the machine can read a unit file: write secrets into `environmentFile` or
   * `credentials`.
   */
  environment?: Readonly<Record<string, false | Text>> | undefined;
  /**
   * EnvironmentFile=: files of `NAME=value` lines, which override variables of `environment`. A file with
   * `optional` may be missing. With `container`, Podman reads the files: they must exist, and variables of
   * `environment` override them.
   */
  environmentFile?:
    | Text
    | {
        /** The absolute path of the file. */
        readonly path: Text;
        /** Whether the file may be missing. The default is `false`: the service then fails to start. */
        readonly optional?: boolean | undefined;
      }
    | readonly (
        | Text
        | {
            /** The absolute path of the file. */
            readonly path: Text;
            /** Whether the file may be missing. The default is `false`: the service then fails to start. */
            readonly optional?: boolean | undefined;
          }
      )[]
    | undefined;
  /** PassEnvironment=: names of variables that the service inherits from the service manager. */
  passEnvironment?: readonly string[] | undefined;
  /**
   * StandardOutput=: `journal` by default; or `null`, `inherit`, `socket`, `tty`, `kmsg`, or `file:`,
   * `append:` or `truncate:` (since systemd 248) with a path.
   */
  standardOutput?: Text | undefined;
  /** StandardError=: the same values as `standardOutput`, which is the default. */
  standardError?: Text | undefined;
  /** SyslogIdentifier=: the name of the service in the journal. The default is the program's name. */
  syslogIdentifier?: Text | undefined;
  /** LogRateLimitIntervalSec=: the interval in which LogRateLimitBurst= counts messages. */
  logRateLimitIntervalSec?: Duration | undefined;
  /** LogRateLimitBurst=: how many messages the journal accepts in that interval. 0 means no limit. */
  logRateLimitBurst?: number | undefined;
  /**
   * ReadWritePaths=: absolute paths of folders that the service may write to despite the sandbox. The folders
   * must exist, and the service's user must have permission to write. So the service needs `user`, or a
   * `group` or `supplementaryGroups` with that permission.
   */
  readWritePaths?: readonly Text[] | undefined;
  /** After=: full names of units that start before the service, if they start at the same time. */
  after?: readonly Text[] | undefined;
  /** Before=: full names of units that start after the service, if they start at the same time. */
  before?: readonly Text[] | undefined;
  /** Wants=: units to start together with the service. The service starts even if one fails. */
  wants?: readonly Text[] | undefined;
  /** Requires=: units to start together with the service. If one fails, the service does not start. */
  requires?: readonly Text[] | undefined;
  /** BindsTo=: like `requires`; the service also stops when one of the units stops. */
  bindsTo?: readonly Text[] | undefined;
  /** PartOf=: units. If one is stopped or restarted, so is the service. */
  partOf?: readonly Text[] | undefined;
  /** Conflicts=: units that can't run at the same time as the service. Starting one stops the other. */
  conflicts?: readonly Text[] | undefined;
  /**
   * OnFailure=: units to start when the service has failed. systemd 254 and later starts them at each
   * failure. Older versions start them only if no restart follows, which never happens with `restart:
   * 'always'` or `'on-failure'`; use `execStopPost` there.
   */
  onFailure?: readonly Text[] | undefined;
  /**
   * ExecCondition=: commands whose exit status decides whether the service may start. With 1 to 254 it does
   * not start, and that is not a failure.
   */
  execCondition?: readonly Command[] | undefined;
  /** ExecStartPre=: commands that run one after the other before the program. */
  execStartPre?: readonly Command[] | undefined;
  /** ExecStartPost=: commands that run after the service has started. `type` decides when that is. */
  execStartPost?: readonly Command[] | undefined;
  /**
   * ExecReload=: commands for `systemctl reload`: `[["/bin/kill", "-HUP", { variable: "MAINPID" }]]`.
   * `handover` writes it for you.
   */
  execReload?: readonly Command[] | undefined;
  /** ExecStop=: commands that stop the service, before SIGTERM. */
  execStop?: readonly Command[] | undefined;
  /** ExecStopPost=: commands that run after the service has ended, even after a failure. */
  execStopPost?: readonly Command[] | undefined;
  /**
   * WantedBy= of the service: units that start it without traffic, such as `multi-user.target` at boot. By
   * default, only its sockets start it.
   */
  wantedBy?: readonly Text[] | undefined;
  /**
   * Type=: `exec` by default, `notify` with `rolling` or `handover`, and `notify-reload` with `preload` if
   * `exec` is Node and `systemd` is 253 or later. With `notify` and `notify-reload`, the program must tell
   * systemd when it is ready. `notify-reload` needs systemd 253.
   */
  type?: ServiceType | undefined;
  /**
   * NotifyAccess=: which processes may send notifications, for a type that notifies. The default is `main`.
   * `all` is for systemd-notify(1), which is a separate process.
   */
  notifyAccess?: NotifyAccess | undefined;
  /**
   * OpenFile=, since systemd 253: passes the service manager's socket as a file descriptor named `notify`,
   * which `@sockact/notify` uses. Another one, named `journal`, leads to the journal, for the fields of
   * events. It is the default for Node with a type that notifies. Other programs use NOTIFY_SOCKET, as
   * sd_notify(3) does, and might mistake the descriptors for listeners. Without it, an `inbound` service may
   * open unix sockets.
   */
  openFile?: boolean | undefined;
  /**
   * WatchdogSec=: for a type that notifies, how long the service may send no ping before systemd kills and
   * restarts it. Only for programs that send WATCHDOG=1.
   */
  watchdogSec?: Duration | undefined;
  /**
   * SOCKACT_DRAIN_TIMEOUT in the service's environment: how long a graceful stop waits for open requests.
   * sockact's default is 10 seconds. `infinity` means no limit.
   */
  drainTimeout?: Duration | "infinity" | undefined;
  /**
   * TimeoutStopSec=: how long after SIGTERM systemd kills the service. It must be longer than `drainTimeout`.
   * The default is 10 seconds longer, or without `drainTimeout` the service manager's default of 90 seconds.
   * For no limit, write `infinity`, not 0.
   */
  timeoutStopSec?: Duration | "infinity" | undefined;
  /**
   * TimeoutStartSec=: the time limit for the start, 90 seconds by default. For a type that notifies, the
   * start ends when the service is ready.
   */
  timeoutStartSec?: Duration | "infinity" | undefined;
  /** RuntimeMaxSec=: how long the service may run. systemd then ends it, as a failure. */
  runtimeMaxSec?: Duration | "infinity" | undefined;
  /**
   * KillMode=: which processes get the signals of a stop. The default is `control-group`: all of them.
   * `mixed` sends SIGTERM only to the main process.
   */
  killMode?: "control-group" | "mixed" | "process" | undefined;
  /** KillSignal=: the signal that begins a stop. The default is SIGTERM, on which sockact drains. */
  killSignal?: Signal | undefined;
  /**
   * ReloadSignal=, since systemd 253: the signal for a reload with `notify-reload`. The default is SIGHUP.
   */
  reloadSignal?: Signal | undefined;
  /**
   * SOCKACT_IDLE_TIMEOUT in the service's environment: how long the service stays idle (without a connection)
   * before it exits. The next connection starts it again. By default, the code of the app decides; with
   * `false`, it never exits. The exit status is 42, after which `restart: 'always'` does not restart it. A
   * program that ignores SOCKACT_IDLE_EXIT_STATUS and exits with 0 needs `restart: 'on-failure'`. With `bind:
   * 'proxy'`, the proxy exits, and then the service stops.
   */
  idleTimeout?: Duration | false | undefined;
  /**
   * Whether the service is the template `<name>@.service`, whose instances `blue` and `green` alternate on
   * the same sockets. The new instance is ready before the old one stops. This needs a type that notifies;
   * the default is then `notify`.
   */
  rolling?: boolean | undefined;
  /**
   * Whether `systemctl reload` starts the app's new version and hands over to it: first the listening
   * sockets, then each idle connection. No client notices. This requires Node with `@sockact/core`, an
   * adapter or `preload`, and sockets from systemd. It writes an ExecReload= that fails if the new version
   * does not become ready; the old one then keeps serving. The type is then `notify`, which needs systemd 253
   * because of OpenFile=. Do not use `notify-reload`: systemd 257 and older then signal the app twice. Two
   * processes run for a moment, so `memoryMax` and `tasksMax` must allow both. The new version has the
   * environment and sandbox of the first start, so a changed unit needs a restart, or with `rolling` a
   * rolling restart.
   */
  handover?: boolean | undefined;
  /**
   * SOCKACT_HANDOVER_TIMEOUT in the service's environment: the time limit for a new version to become ready.
   * It must be shorter than `timeoutStartSec`. The default is two thirds of `timeoutStartSec`, or 60 seconds
   * without it. If it is longer than 60 seconds, TimeoutStartSec= is written too.
   */
  handoverTimeout?: Duration | undefined;
  /**
   * SOCKACT_HEALTH in the service's environment: the path, such as `/healthz`, on which sockact answers
   * health probes of a load balancer inside the app. The app does not see these requests. A probe starts a
   * sleeping app. With `false`, sockact answers none, even if the code of the app sets a path.
   */
  // Without `& {}` the JSON Schema would accept only `false`.
  health?: (string & {}) | false | undefined;
  /**
   * Where a separate socket answers health probes without starting the app: a port, or any other address of
   * `listen` of a socket. It writes `<name>-health.socket` and `<name>-health@.service`. The answer on each
   * path is 200 `ready`, or 503 `drained` after `sockact drain <name>`. If a socket of the app fails or is
   * stopped, this socket is closed too.
   */
  healthSocket?: ListenAddress | readonly ListenAddress[] | undefined;
  /**
   * Restart=: `always` by default. While a service waits for its restart, traffic does not start it, so a
   * service that exits without accepting starts once per `restartSec`. Exit status 42 means that the app
   * sleeps, and no restart follows. A program that exits with 0 when it is idle needs `on-failure`. If it
   * exits with 0 without accepting, systemd starts it again at once, endlessly. With the other policies,
   * systemd's start limit applies: after five starts in ten seconds, the service and its sockets fail, and
   * the port is closed.
   */
  restart?: RestartPolicy | undefined;
  /**
   * RestartSec=: the delay before a restart, at least 100 ms, which is systemd's default. Without it and
   * `restartSteps`, the delay is one second. With `systemd` 254 or later, it grows from 100 ms to one second
   * in five restarts, unless a start limit applies.
   */
  restartSec?: Duration | undefined;
  /**
   * RestartSteps=, since systemd 254: the number of restarts in which the delay grows from RestartSec= to
   * RestartMaxDelaySec=. Needs `restartMaxDelaySec`.
   */
  restartSteps?: number | undefined;
  /** RestartMaxDelaySec=, since systemd 254: the longest delay before a restart. Needs `restartSteps`. */
  restartMaxDelaySec?: Duration | undefined;
  /**
   * RestartPreventExitStatus=: exit statuses from 0 to 255, or signals, after which systemd does not restart
   * the service. The exit status for sleep is added.
   */
  restartPreventExitStatus?: readonly (number | Signal)[] | undefined;
  /**
   * SuccessExitStatus=: exit statuses, or signals, that count as success, in addition to 0. The exit status
   * for sleep is added.
   */
  successExitStatus?: readonly (number | Signal)[] | undefined;
  /**
   * FileDescriptorStoreMax=: how many file descriptors the service may store in systemd during a restart. The
   * default is 0.
   */
  fileDescriptorStoreMax?: number | undefined;
  /**
   * FileDescriptorStorePreserve=, since systemd 254: whether systemd keeps them after a stop. The default,
   * `restart`, keeps them only during a restart. `on-success`, since systemd 261, keeps them unless the
   * service has failed.
   */
  fileDescriptorStorePreserve?: "no" | "yes" | "restart" | "on-success" | undefined;
  /** Nice=: from -20 (highest priority) to 19. */
  nice?: number | undefined;
  /** OOMScoreAdjust=: from -1000 (never killed when memory runs out) to 1000 (killed first). */
  oomScoreAdjust?: number | undefined;
  /**
   * OOMPolicy=: what systemd does after the kernel's OOM killer has killed a process of the service. The
   * default is `continue` with `memoryMax` or `handover`, and otherwise the manager's default, `stop`.
   */
  oomPolicy?: "continue" | "stop" | "kill" | undefined;
  /**
   * LimitNOFILE=: how many file descriptors a process may have. The default is 1024 (soft) and 524288 (hard).
   */
  limitNOFILE?: Limit | undefined;
  /** LimitNPROC=: how many processes the user may have. */
  limitNPROC?: Limit | undefined;
  /** LimitCORE=: the size of a core dump, in bytes. */
  limitCORE?: Limit | undefined;
  /** LimitMEMLOCK=: how much memory may be locked, in bytes. */
  limitMEMLOCK?: Limit | undefined;
  /** Slice=: the slice whose limits the service shares, by its full name: `web.slice`. */
  slice?: Text | undefined;
  /** CPUWeight=: the service's share when CPUs are busy, from 1 to 10000. The default is 100. */
  cpuWeight?: number | undefined;
  /** CPUQuota=: the maximum CPU time, in percent of one CPU: `150%`. */
  cpuQuota?: `${number}%` | undefined;
  /** MemoryLow=: memory that the kernel reclaims from the service last. Also a percentage or `infinity`. */
  memoryLow?: Size | undefined;
  /** MemoryHigh=: above this amount, the service is slowed down. Also a percentage or `infinity`. */
  memoryHigh?: Size | undefined;
  /**
   * MemoryMax=: above this amount, the kernel kills a process of the service. Also a percentage or
   * `infinity`.
   */
  memoryMax?: Size | undefined;
  /** MemorySwapMax=: the maximum swap space. Also a percentage or `infinity`. */
  memorySwapMax?: Size | undefined;
  /**
   * TasksMax=: the maximum number of processes and threads. Also a percentage or `infinity`. Node has about a
   * dozen threads.
   */
  tasksMax?: number | string | undefined;
  /** IOWeight=: the service's share when disks are busy, from 1 to 10000. The default is 100. */
  ioWeight?: number | undefined;
  /**
   * StateDirectory=: folders under /var/lib, such as `shop`, that systemd creates. The service may write to
   * them, and they are kept. With `outbound`, the default is the name of the service, and `false` omits it.
   * With DynamicUser=, HOME is the first folder.
   */
  stateDirectory?: false | Text | readonly Text[] | undefined;
  /** StateDirectoryMode=: the access mode of these folders, in octal. The default is `0755`. */
  stateDirectoryMode?: Mode | undefined;
  /** CacheDirectory=: folders under /var/cache, for data that the app can re-create. */
  cacheDirectory?: Text | readonly Text[] | undefined;
  /** CacheDirectoryMode=: in octal. The default is `0755`. */
  cacheDirectoryMode?: Mode | undefined;
  /** LogsDirectory=: folders under /var/log. */
  logsDirectory?: Text | readonly Text[] | undefined;
  /** LogsDirectoryMode=: in octal. The default is `0755`. */
  logsDirectoryMode?: Mode | undefined;
  /**
   * RuntimeDirectory=: folders under /run, removed at the next boot. Without `user`, no socket of the
   * description can be in one.
   */
  runtimeDirectory?: Text | readonly Text[] | undefined;
  /** RuntimeDirectoryMode=: in octal. The default is `0755`. */
  runtimeDirectoryMode?: Mode | undefined;
  /**
   * RuntimeDirectoryPreserve=: whether the folders are kept when the service stops, or only when it restarts.
   * The default is `yes`; systemd's own is `no`.
   */
  runtimeDirectoryPreserve?: "no" | "yes" | "restart" | undefined;
  /** ConfigurationDirectory=: folders under /etc. An existing folder keeps its owner. */
  configurationDirectory?: Text | readonly Text[] | undefined;
  /** ConfigurationDirectoryMode=: in octal. The default is `0755`. */
  configurationDirectoryMode?: Mode | undefined;
  /**
   * Credentials by name, since systemd 247: files that only root can read. The service finds a copy under
   * that name in $CREDENTIALS_DIRECTORY.
   */
  credentials?: Readonly<Record<string, Credential>> | undefined;
  /**
   * ImportCredential=, since systemd 254: the machine's credentials that the service gets, such as `shop.*`.
   */
  importCredentials?: readonly string[] | undefined;
  /**
   * Whether Node runs with `--jitless` (in NODE_OPTIONS, which child processes inherit).
   * MemoryDenyWriteExecute= can then be written: no memory is both writable and executable. Code runs several
   * times slower, and there is no WebAssembly. fetch() needs WebAssembly and fails, which on Node 20 and 22
   * ends the process.
   */
  jitless?: boolean | undefined;
  /**
   * Whether Node keeps compiled code in the service's cache folder, for a faster start from the second time
   * on. It writes NODE_COMPILE_CACHE, which Node 22.1 and later reads, and `CacheDirectory=<name>` unless
   * `cacheDirectory` is set. Node writes the cache when the app exits by itself, as sockact does after a stop
   * and when idle, but not when a signal kills it. The costs: a start with an empty cache takes longer, the
   * cache takes disk space, and the service can change code that it runs later.
   */
  compileCache?: boolean | undefined;
  /**
   * Whether `sockact install` bundles the app's modules into one file, for a faster start. It does not affect
   * units that you write yourself.
   */
  bundle?: boolean | undefined;
  /**
   * The host names, such as `shop.example.com`, for which `sockact install` writes a site into Caddy or nginx.
   * The service needs one unix socket, such as `/run/shop.sock`. It does not affect units that you write
   * yourself.
   */
  hosts?: readonly string[] | undefined;
  /**
   * Whether Node loads `@sockact/register` before the app. The app's own `listen()` then gets the sockets, so
   * the code of the app does not need sockact. `true` means
   * `<workingDirectory>/node_modules/@sockact/register/dist/index.cjs`. A string is the absolute path of that
   * file. An object can also have a `map` of the sockets. If Node is the program, ExecStart= gets
   * `--require`, so child processes do not load the preload. In a container, or if a script starts Node,
   * NODE_OPTIONS gets it.
   */
  preload?: boolean | Text | PreloadDescription | undefined;
  /**
   * The sandbox. `outbound`, the default, is for a service that opens connections, for example to a database.
   * `inbound` is for a service that only answers, and has no network except its sockets. `none` disables the
   * sandbox. An object has a `profile` and individual directives.
   */
  hardening?: Hardening | undefined;
  /** Directives of the service unit, or of the container, that have no field. */
  raw?:
    | {
        /** Directives of [Unit]; systemd.unit(5). */
        readonly Unit?: RawSection | undefined;
        /** Directives of [Container], only with `container`; podman-systemd.unit(5). */
        readonly Container?: RawSection | undefined;
        /**
         * Directives of [Service]; systemd.service(5), systemd.exec(5), systemd.kill(5) and
         * systemd.resource-control(5).
         */
        readonly Service?: RawSection | undefined;
        /** Directives of [Install]; systemd.unit(5). */
        readonly Install?: RawSection | undefined;
      }
    | undefined;
}
