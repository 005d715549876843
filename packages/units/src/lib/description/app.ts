import type { Hardening } from "./hardening.ts";
import type { FindingCode } from "../lint/lint.ts";
import type { Duration } from "@sockact/shared/durations";
import type { Text } from "../systemd/specifiers.ts";
import type { ContainerDescription } from "./container.ts";
import type { PreloadDescription } from "./preload.ts";
import type { ListenAddress, SocketDescription } from "./socket.ts";
import type { Argument, Command, Credential, Limit, Mode, RawSection, Signal, Size } from "./values.ts";

/**
 * The types of systemd.service(5) that fit a service that runs for a long time and is started by its socket.
 */
export type ServiceType = "simple" | "exec" | "notify" | "notify-reload" | "idle";

/** Which processes may send notifications; systemd.service(5). */
export type NotifyAccess = "main" | "exec" | "all";

/** When systemd restarts a service that has ended; systemd.service(5). */
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
 * - `capability`: the service opens the ports itself, also below 1024. It has the one capability that it
 *   needs for this. It writes no socket unit.
 * - `proxy`: systemd opens the sockets, and systemd-socket-proxyd(8) forwards the connections to a service
 *   that cannot accept passed sockets.
 */
export type Bind = "socket" | "capability" | "proxy";

/**
 * A service and its sockets. The fields are the directives of systemd.unit(5), systemd.service(5) and
 * systemd.exec(5).
 */
export interface AppDescription {
  /**
   * The path of the JSON Schema, for an editor: `node_modules/@sockact/units/dist/schema.json`. It is not
   * written into a unit.
   */
  $schema?: string | undefined;
  /**
   * Codes of `lintUnits` that you accept for these units. Without this field, a description is refused if the
   * linter reports an error or a warning for its units. docs/lint.md explains the codes. A code that the
   * linter does not report for these units is refused too.
   */
  acknowledge?: readonly FindingCode[] | undefined;
  /** The name of the units without their suffix: `gitea`, `app@blue`. With `rolling` it has no `@`. */
  name: string;
  /**
   * ExecStart=: the program's absolute path, then its arguments. The program gets each string as it is;
   * systemd expands nothing in it. Only a container can leave this out, or name a program without an absolute
   * path: the image then decides which program runs.
   */
  exec?: readonly Argument[] | undefined;
  /**
   * The sockets. Each entry is one socket unit. With `bind: 'capability'` they say what the service may
   * listen on.
   */
  sockets: readonly SocketDescription[];
  /** How the service gets the ports of `sockets`. By default systemd passes them. */
  bind?: Bind | undefined;
  /**
   * Where the service listens with `bind: 'proxy'`: a unix socket in a folder of `/run` that is created for
   * it, such as `/run/shop/app.sock`, or a port of the loopback device. The default is `127.0.0.1:3000`. An
   * `inbound` service has its own loopback device.
   */
  backend?: string | undefined;
  /**
   * Runs the service in a container. It writes `<name>.container` of podman-systemd.unit(5) instead of
   * `<name>.service`.
   */
  container?: ContainerDescription | undefined;
  /**
   * The version of systemd that the units are for, 239 or later. Newer directives are then refused, and none
   * is added. Without it, nothing is refused, and nothing newer than systemd 249, the version in Ubuntu
   * 22.04, is added, except for a type that notifies.
   */
  systemd?: number | undefined;
  /**
   * Which service manager runs the units: that of the system, by default, or that of a user
   * (`systemctl --user`).
   */
  manager?: "system" | "user" | undefined;
  /**
   * The user ID, as `id -u` prints it. With `manager: 'user'`, Node needs it for a type that notifies,
   * because the path in OpenFile= contains it.
   */
  uid?: number | undefined;
  /**
   * Whether both units are templates, `<name>@.socket` and `<name>@.service`. Each instance has its own
   * socket and service, and `%i` in a `Specifier` is its name. With `outbound`, each has a state folder with
   * its name. systemd 257 cannot create that folder if the name contains a `\`.
   */
  template?: boolean | undefined;
  /**
   * DefaultInstance= of a template: the instance that `systemctl enable` enables if you name none. Write it
   * as systemd-escape(1) does.
   */
  defaultInstance?: string | undefined;
  /**
   * With `accept`: writes StandardInput=socket and StandardOutput=socket, for a program that reads the
   * request from its standard input, as with inetd(8).
   */
  inetd?: boolean | undefined;
  /** Description= of the service. The default is its name. */
  description?: Text | undefined;
  /** Documentation=: URIs that begin with `https:`, `http:`, `file:`, `info:` or `man:`. */
  documentation?: readonly Text[] | undefined;
  /**
   * ConditionPathExists=: absolute paths. If one does not exist, or with `not` if it exists, systemd does not
   * start the service. This is not a failure. After 20 refused starts in two seconds the socket fails, and
   * the port is closed until you reset it. To keep the port open, write
   * `execCondition: [["/usr/bin/test", "-e", "/path"]]` instead, which systemd runs once a second.
   */
  conditionPathExists?:
    | Text
    | {
        /** The absolute path. */
        readonly path: Text;
        /** Whether the path must not exist. The default is `false`: it must exist. */
        readonly not?: boolean | undefined;
      }
    | readonly (
        | Text
        | {
            /** The absolute path. */
            readonly path: Text;
            /** Whether the path must not exist. The default is `false`: it must exist. */
            readonly not?: boolean | undefined;
          }
      )[]
    | undefined;
  /** RequiresMountsFor=: absolute paths. systemd mounts their file systems first. */
  requiresMountsFor?: Text | readonly Text[] | undefined;
  /**
   * User= of the service. By default the service runs as a user that exists only while the service runs
   * (DynamicUser=).
   */
  user?: Text | undefined;
  /** Group= of the service. The default is the user's own group. */
  group?: Text | undefined;
  /** SupplementaryGroups=: more groups of the user. */
  supplementaryGroups?: readonly Text[] | undefined;
  /**
   * WorkingDirectory=: an absolute path. For Node, the default is the folder of the script, or the folder
   * above if that is called `bin`, `build`, `dist`, `lib`, `out` or `src`. With `false` systemd starts the
   * program in `/`, and the manager of a user starts it in the home.
   */
  workingDirectory?: false | Text | undefined;
  /**
   * Environment=: variables by name. The program gets each value as it is. `false` leaves out a variable that
   * is added otherwise: `NODE_ENV=production` for Node, `HOME`, and with `bind` also `PORT`, `HOST` and
   * `HOSTNAME`. Every user of the machine can read a unit file: write secrets into `environmentFile` or
   * `credentials`.
   */
  environment?: Readonly<Record<string, false | Text>> | undefined;
  /**
   * EnvironmentFile=: files of `NAME=value` lines, which replace variables of `environment`. A file with
   * `optional` may be missing. With `container`, Podman reads the files: they must exist, and a variable of
   * `environment` replaces the one of a file.
   */
  environmentFile?:
    | Text
    | {
        /** The absolute path of the file. */
        readonly path: Text;
        /**
         * Whether the file may be missing. The default is `false`: without the file, the service does not
         * start.
         */
        readonly optional?: boolean | undefined;
      }
    | readonly (
        | Text
        | {
            /** The absolute path of the file. */
            readonly path: Text;
            /**
             * Whether the file may be missing. The default is `false`: without the file, the service does not
             * start.
             */
            readonly optional?: boolean | undefined;
          }
      )[]
    | undefined;
  /**
   * PassEnvironment=: names of variables that the service gets from the environment of the service manager.
   */
  passEnvironment?: readonly string[] | undefined;
  /**
   * StandardOutput=: `journal` by default; or `null`, `inherit`, `socket`, `tty`, `kmsg`, or `file:`,
   * `append:` or `truncate:` (since systemd 248) with a path.
   */
  standardOutput?: Text | undefined;
  /** StandardError=: the same values as `standardOutput`. By default it goes to the same place. */
  standardError?: Text | undefined;
  /** SyslogIdentifier=: the name of the service in the journal. The default is the program's name. */
  syslogIdentifier?: Text | undefined;
  /** LogRateLimitIntervalSec=: the interval in which LogRateLimitBurst= counts messages. */
  logRateLimitIntervalSec?: Duration | undefined;
  /** LogRateLimitBurst=: how many messages the journal accepts in that interval. 0 means no limit. */
  logRateLimitBurst?: number | undefined;
  /**
   * ReadWritePaths=: absolute paths of folders that the service may write to in the sandbox. The folders must
   * exist, and the service's user must have the right to write there. So the service needs `user`, or a
   * `group` or `supplementaryGroups` with that right.
   */
  readWritePaths?: readonly Text[] | undefined;
  /** After=: full names of units. If they start at the same time as the service, they start first. */
  after?: readonly Text[] | undefined;
  /** Before=: full names of units. If they start at the same time as the service, they start later. */
  before?: readonly Text[] | undefined;
  /** Wants=: units that start together with the service. If one fails, the service starts anyway. */
  wants?: readonly Text[] | undefined;
  /** Requires=: units that start together with the service. If one fails, the service does not start. */
  requires?: readonly Text[] | undefined;
  /** BindsTo=: like `requires`, and the service stops when one of the units stops. */
  bindsTo?: readonly Text[] | undefined;
  /** PartOf=: units. When one is stopped or restarted, so is the service. */
  partOf?: readonly Text[] | undefined;
  /** Conflicts=: units that cannot run at the same time as the service. Starting one stops the other. */
  conflicts?: readonly Text[] | undefined;
  /**
   * OnFailure=: units that start when the service has failed. systemd 254 and later start them at each
   * failure, also if a restart follows. Older ones start them only if no restart follows, which is never the
   * case with `restart: 'always'` or `'on-failure'`; use `execStopPost` there.
   */
  onFailure?: readonly Text[] | undefined;
  /**
   * ExecCondition=: commands whose exit status says whether the service may start. With 1 to 254 it does not
   * start, which is not a failure.
   */
  execCondition?: readonly Command[] | undefined;
  /** ExecStartPre=: commands that run before the program, one after the other. */
  execStartPre?: readonly Command[] | undefined;
  /** ExecStartPost=: commands that run after the service has started. Its type says when that is. */
  execStartPost?: readonly Command[] | undefined;
  /**
   * ExecReload=: commands for `systemctl reload`: `[["/bin/kill", "-HUP", { variable: "MAINPID" }]]`. With
   * `handover` it is written for you.
   */
  execReload?: readonly Command[] | undefined;
  /** ExecStop=: commands that stop the service, before it gets SIGTERM. */
  execStop?: readonly Command[] | undefined;
  /** ExecStopPost=: commands that run after the service has ended, also after a failure. */
  execStopPost?: readonly Command[] | undefined;
  /**
   * WantedBy= of the service: units that start it without traffic, such as `multi-user.target` at boot. By
   * default only its sockets start it.
   */
  wantedBy?: readonly Text[] | undefined;
  /**
   * Type=: `exec` by default, `notify` with `rolling` or `handover`, and `notify-reload` with `preload` if
   * `exec` is Node and `systemd` is 253 or later. `notify` and `notify-reload` need a program that tells
   * systemd when it is ready. `notify-reload` needs systemd 253.
   */
  type?: ServiceType | undefined;
  /**
   * NotifyAccess=: which processes may send notifications, with a type that notifies. The default is `main`.
   * `all` is for systemd-notify(1), which is a separate process.
   */
  notifyAccess?: NotifyAccess | undefined;
  /**
   * OpenFile=, since systemd 253: passes the service manager's socket as a file descriptor named `notify`.
   * `@sockact/notify` sends its notifications through it. For Node it is on by default with a type that
   * notifies. Other programs send to NOTIFY_SOCKET themselves, as sd_notify(3) does, and might take the
   * descriptor for a listener. Without it, an `inbound` service may open unix sockets.
   */
  openFile?: boolean | undefined;
  /**
   * WatchdogSec=: how long a service of a type that notifies may be silent before systemd kills and restarts
   * it. Only for programs that send WATCHDOG=1.
   */
  watchdogSec?: Duration | undefined;
  /**
   * SOCKACT_DRAIN_TIMEOUT in the service's environment: how long a graceful stop waits for open requests.
   * sockact's default is 10 seconds. `infinity` means no limit.
   */
  drainTimeout?: Duration | "infinity" | undefined;
  /**
   * TimeoutStopSec=: how long after SIGTERM systemd kills the service. It must be longer than `drainTimeout`.
   * The default is 10 seconds longer, or the service manager's default of 90 seconds if there is no
   * `drainTimeout` either. 0 means no limit to systemd: write `infinity` instead.
   */
  timeoutStopSec?: Duration | "infinity" | undefined;
  /**
   * TimeoutStartSec=: how long the start may take. For a type that notifies, the start ends when the service
   * is ready. The default is 90 seconds.
   */
  timeoutStartSec?: Duration | "infinity" | undefined;
  /** RuntimeMaxSec=: how long the service may run. systemd then ends it, which counts as a failure. */
  runtimeMaxSec?: Duration | "infinity" | undefined;
  /**
   * KillMode=: which processes get the signals of a stop. The default, `control-group`, is every process.
   * `mixed` sends SIGTERM only to the main process.
   */
  killMode?: "control-group" | "mixed" | "process" | undefined;
  /** KillSignal=: the signal that begins a stop. The default is SIGTERM, after which sockact drains. */
  killSignal?: Signal | undefined;
  /**
   * ReloadSignal=, since systemd 253: the signal for a reload with `notify-reload`. The default is SIGHUP.
   */
  reloadSignal?: Signal | undefined;
  /**
   * SOCKACT_IDLE_TIMEOUT in the service's environment: after how long without a connection the service exits.
   * The next connection starts it again. By default it never does, unless the code of the app says so; with
   * `false`, it never does. The service exits with 42, after which
   * `restart: 'always'` does not restart it. A program that does not read SOCKACT_IDLE_EXIT_STATUS, and exits
   * with 0, needs `restart: 'on-failure'`. With `bind: 'proxy'` the proxy exits, and then the service stops.
   */
  idleTimeout?: Duration | false | undefined;
  /**
   * Whether the service is the template `<name>@.service`, whose instances `blue` and `green` take turns on
   * the same sockets. The new instance is ready before the old one stops. This needs a type that notifies;
   * the default is then `notify`.
   */
  rolling?: boolean | undefined;
  /**
   * Whether `systemctl reload` starts the app's new version and hands over to it: first the listening
   * sockets, then each idle connection. No client notices. This is for Node with `@sockact/core`, an adapter
   * or `preload`, whose sockets systemd passes. It writes an ExecReload= that fails if the new version does
   * not become ready; the old one then keeps serving. The type is then `notify`, which needs systemd 253
   * because of OpenFile=. Do not write `notify-reload`: systemd 257 and older then signal the app twice. Two
   * processes run for a moment, so `memoryMax` and `tasksMax` must have room for both. The new version has
   * the environment and the sandbox of the first start, so a changed unit needs a restart, or with `rolling`
   * a rolling restart.
   */
  handover?: boolean | undefined;
  /**
   * SOCKACT_HANDOVER_TIMEOUT in the service's environment: how long a new version may take to become ready.
   * It must be shorter than `timeoutStartSec`. The default is two thirds of `timeoutStartSec`, or 60 seconds
   * without it. If it is longer than 60 seconds, TimeoutStartSec= is written too.
   */
  handoverTimeout?: Duration | undefined;
  /**
   * SOCKACT_HEALTH in the service's environment: the path, such as `/healthz`, at which sockact answers the
   * probes of a load balancer inside the app. The app does not see these requests. A probe starts an app that
   * sleeps. With `false`, sockact answers none, whatever the code of the app says.
   */
  // Without `& {}` the JSON Schema would accept only `false`.
  health?: (string & {}) | false | undefined;
  /**
   * Where a separate socket answers probes without starting the app: a port, or any other address that
   * `listen` of a socket accepts. It writes `<name>-health.socket` and `<name>-health@.service`. The answer
   * to each path is 200 `ready`, or 503 `drained` after `sockact drain <name>`. When a socket of the app has
   * failed or is stopped, this socket is closed too.
   */
  healthSocket?: ListenAddress | readonly ListenAddress[] | undefined;
  /**
   * Restart=: `always` by default. While a service waits for its restart, traffic does not start it, so a
   * service that exits without accepting is started once in `restartSec`. Exit status 42 means that the app
   * sleeps, and no restart follows. A program that exits with 0 when it is idle needs `on-failure`. If such a
   * program exits with 0 without accepting, systemd starts it again at once, without end. With the other
   * policies, systemd's own limit applies: after five starts in ten seconds the service and its sockets fail,
   * and the port is closed.
   */
  restart?: RestartPolicy | undefined;
  /**
   * RestartSec=: how long systemd waits before a restart. The minimum is 100 ms, which is systemd's default.
   * Without it and `restartSteps`, it is one second. With `systemd` 254 or later, it is then 100 ms for the
   * first restart, and grows to a second in five restarts, unless a limit of starts applies.
   */
  restartSec?: Duration | undefined;
  /**
   * RestartSteps=, since systemd 254: after how many restarts the wait has grown from RestartSec= to
   * RestartMaxDelaySec=. It needs `restartMaxDelaySec`.
   */
  restartSteps?: number | undefined;
  /** RestartMaxDelaySec=, since systemd 254: the longest wait before a restart. It needs `restartSteps`. */
  restartMaxDelaySec?: Duration | undefined;
  /**
   * RestartPreventExitStatus=: exit statuses from 0 to 255, or signals, after which systemd does not restart
   * the service. The status for sleep is added.
   */
  restartPreventExitStatus?: readonly (number | Signal)[] | undefined;
  /**
   * SuccessExitStatus=: exit statuses, or signals, that count as success, in addition to 0. The status for
   * sleep is added.
   */
  successExitStatus?: readonly (number | Signal)[] | undefined;
  /**
   * FileDescriptorStoreMax=: how many file descriptors the service may store in systemd during a restart. The
   * default is none.
   */
  fileDescriptorStoreMax?: number | undefined;
  /**
   * FileDescriptorStorePreserve=, since systemd 254: whether systemd keeps them after a stop. The default,
   * `restart`, keeps them only during a restart. `on-success`, since systemd 261, keeps them unless the
   * service has failed.
   */
  fileDescriptorStorePreserve?: "no" | "yes" | "restart" | "on-success" | undefined;
  /** Nice=: from -20, the highest priority, to 19. */
  nice?: number | undefined;
  /** OOMScoreAdjust=: from -1000, never killed when memory runs out, to 1000, killed first. */
  oomScoreAdjust?: number | undefined;
  /**
   * OOMPolicy=: what systemd does after the kernel has killed a process of the service because memory ran
   * out. The default is `continue` with `memoryMax` or `handover`, and otherwise the manager's, `stop`.
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
  /** CPUQuota=: the most CPU time that the service gets, in percent of one CPU: `150%`. */
  cpuQuota?: `${number}%` | undefined;
  /** MemoryLow=: an amount that the kernel takes from the service last. A share or `infinity` too. */
  memoryLow?: Size | undefined;
  /** MemoryHigh=: above this amount the service is slowed down. A share or `infinity` too. */
  memoryHigh?: Size | undefined;
  /** MemoryMax=: above this amount the kernel kills a process of the service. A share or `infinity` too. */
  memoryMax?: Size | undefined;
  /** MemorySwapMax=: how much swap the service may use. A share or `infinity` too. */
  memorySwapMax?: Size | undefined;
  /**
   * TasksMax=: how many processes and threads the service may have. A share or `infinity` too. Node has about
   * a dozen threads.
   */
  tasksMax?: number | string | undefined;
  /** IOWeight=: the service's share when disks are busy, from 1 to 10000. The default is 100. */
  ioWeight?: number | undefined;
  /**
   * StateDirectory=: folders under /var/lib, such as `shop`, that systemd creates. The service may write to
   * them, and they stay. With `outbound` the default is one that is named after the service, and `false`
   * leaves it out. For a user that exists only while the service runs, HOME is the first one.
   */
  stateDirectory?: false | Text | readonly Text[] | undefined;
  /** StateDirectoryMode=: the access mode of these folders, in octal. The default is `0755`. */
  stateDirectoryMode?: Mode | undefined;
  /** CacheDirectory=: folders under /var/cache, for data that the app can create again. */
  cacheDirectory?: Text | readonly Text[] | undefined;
  /** CacheDirectoryMode=: in octal. The default is `0755`. */
  cacheDirectoryMode?: Mode | undefined;
  /** LogsDirectory=: folders under /var/log. */
  logsDirectory?: Text | readonly Text[] | undefined;
  /** LogsDirectoryMode=: in octal. The default is `0755`. */
  logsDirectoryMode?: Mode | undefined;
  /**
   * RuntimeDirectory=: folders under /run, which disappear at the next boot. Without `user`, no socket of the
   * description can be in one.
   */
  runtimeDirectory?: Text | readonly Text[] | undefined;
  /** RuntimeDirectoryMode=: in octal. The default is `0755`. */
  runtimeDirectoryMode?: Mode | undefined;
  /**
   * RuntimeDirectoryPreserve=: whether the folders stay when the service stops, or only when it restarts. The
   * default is `yes`; systemd's own is `no`.
   */
  runtimeDirectoryPreserve?: "no" | "yes" | "restart" | undefined;
  /** ConfigurationDirectory=: folders under /etc. A folder that exists keeps its owner. */
  configurationDirectory?: Text | readonly Text[] | undefined;
  /** ConfigurationDirectoryMode=: in octal. The default is `0755`. */
  configurationDirectoryMode?: Mode | undefined;
  /**
   * Credentials by name, since systemd 247: files that only root can read. The service finds a copy under
   * that name in $CREDENTIALS_DIRECTORY.
   */
  credentials?: Readonly<Record<string, Credential>> | undefined;
  /**
   * ImportCredential=, since systemd 254: which of the machine's credentials the service gets, such as
   * `shop.*`.
   */
  importCredentials?: readonly string[] | undefined;
  /**
   * Whether Node runs with `--jitless` (in NODE_OPTIONS, which child processes have too), so that
   * MemoryDenyWriteExecute= can be written: memory that is writable is never executable. Code runs several
   * times slower, and WebAssembly is missing. fetch() needs it and fails, which on Node 20 and 22 ends the
   * process.
   */
  jitless?: boolean | undefined;
  /**
   * Whether Node keeps the compiled code of the app's modules in the service's cache folder, so that it
   * starts faster from the second start on. This writes NODE_COMPILE_CACHE, which Node reads from 22.1 on,
   * and `CacheDirectory=<name>` unless `cacheDirectory` names folders. Node writes the cache when the app
   * exits by itself, as sockact does after a stop and when idle, but not when a signal kills it. The cost: a
   * start with an empty cache takes longer, the cache takes disk space, and the service can change code that
   * it runs later.
   */
  compileCache?: boolean | undefined;
  /**
   * Whether `sockact install` puts the app's modules into one file, so that it starts faster. Units that you
   * write yourself do not change.
   */
  bundle?: boolean | undefined;
  /**
   * Whether Node loads `@sockact/register` before the app, so that the app's own `listen()` gets the sockets.
   * This is for an app that does not use sockact in its code. `true` means
   * `<workingDirectory>/node_modules/@sockact/register/dist/index.cjs`. A string is the absolute path of that
   * file elsewhere. An object has a `map` of the sockets too. If Node is the program, `--require` is written
   * into ExecStart=, so that child processes do not load the preload. If a script starts Node, and in a
   * container, it is written into NODE_OPTIONS.
   */
  preload?: boolean | Text | PreloadDescription | undefined;
  /**
   * The sandbox. `outbound`, the default, is for a service that opens connections, such as to a database.
   * `inbound` is for a service that only answers, and has no network except its sockets. `none` turns the
   * sandbox off. An object has a `profile`, and single directives.
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
