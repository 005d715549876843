import type { Assignment } from "../parse/parse.ts";
import { wordsOf } from "../parse/words.ts";
import { capabilities, callGroups } from "../harden/choices.ts";
import { isIPv4, isIPv6, refusedAddress } from "../read/address.ts";
import { shown } from "../read/problems.ts";
import { refusedUnitName } from "../read/unit-name.ts";
import type { ValueKind } from "./directives.ts";
import { spanOf } from "./span.ts";
import { architectures, controllers, errorNames, exitNames, familyNames } from "./value-names.ts";
import {
  absolutePath,
  afterSigns,
  boolean,
  booleanOr,
  bytesOf,
  choice,
  count,
  either,
  expanded,
  interfaceName,
  isSignal,
  limit,
  memory,
  mode,
  orEmpty,
  plainWords,
  quotedWords,
  shareOf,
  size,
  span,
  that,
  whole,
  wholeOf,
  type ReadValue,
  type Refused,
} from "./value-readers.ts";

const path = orEmpty(expanded(absolutePath));
const paths = quotedWords(expanded(absolutePath));
const oneSignal = that(isSignal, "not a signal", "its name, such as SIGTERM");

const isVariable = (text: string): boolean => /^[A-Za-z_]\w*$/.test(text);

const assignment = that(
  (text) => /^[A-Za-z_]\w*=/.test(text),
  "not a variable with its value",
  'NAME=value, or "NAME=a value" with its space',
);

const variableName = that(
  isVariable,
  "not the name of a variable",
  "letters, digits and _, with no digit first",
);

/** Environment= knows escapes, and a wrong one ends the list. */
const environment: ReadValue = (text, unit) => {
  const { problem } = wordsOf(text);
  return problem === undefined
    ? quotedWords(expanded(assignment))(text, unit)
    : { is: problem, write: "quotes in pairs, and \\\\ for a backslash" };
};

const unitName = that(
  (text) => refusedUnitName(text.replace("@.", "@x.")) === undefined,
  "not the name of a unit",
  "it in full, as in postgresql.service",
);
/** Names with escapes are left to systemd. */
const unitNames = plainWords((text, unit) =>
  /["'\\]/.test(text) ? undefined : expanded(unitName)(text, unit),
);
const unitOfType = (type: string): ReadValue =>
  expanded(
    that(
      (text) => text.includes("\\") || (text.endsWith(`.${type}`) && refusedUnitName(text) === undefined),
      `not the name of a ${type} unit`,
      `it in full, with .${type} at its end`,
    ),
  );

/** systemd.slice(5): each `-` is a slice within another, and there are no instances. */
const slice = expanded(
  that(
    (text) => /^(?:-|(?:[\w:.\\]+-)*[\w:.\\]+)\.slice$/.test(text),
    "not the name of a slice",
    "it in full, as in web.slice",
  ),
);

/** systemd takes many names with a remark that they do not follow the rules; those that no account can have are refused here. */
const account = expanded(
  that(
    (text) => {
      if (/^\d+$/.test(text)) {
        return /^(?:0|[1-9]\d*)$/.test(text) && Number(text) < 2 ** 32 - 1 && text !== "65535";
      }
      return !/^-\d|^\.{1,2}$|[\s:/]/.test(text) && text !== "";
    },
    "not the name of an account",
    "a name as in /etc/passwd, or a number",
  ),
);

const directories = (allowed: "links" | "names"): ReadValue =>
  quotedWords(
    expanded((text) => {
      const [source = "", target = "", flags = "", ...rest] = text.split(":");
      if (allowed === "names" && text.includes(":")) {
        return { is: "a folder with a link, which this directive does not make", write: "the folder alone" };
      }
      for (const folder of target === "" ? [source] : [source, target]) {
        if (folder.startsWith("/")) {
          return {
            is: `${shown(folder)} is absolute`,
            write: "a name: systemd makes the folder in a place of its own, such as /run",
          };
        }
        if (/^\.?$|(?:^|\/)\.\.(?:\/|$)/.test(folder)) {
          return { is: `${shown(folder)} is not the name of a folder`, write: "a name without . and .." };
        }
        if (/^private(?:\/|$)/.test(folder)) {
          return { is: `${shown(folder)} belongs to systemd`, write: "another name" };
        }
      }
      return rest.length > 0 || !/^(?:ro)?$/.test(flags)
        ? { is: "a folder with an unknown option", write: "folder:link:ro, or the folder alone" }
        : undefined;
    }),
  );

const mount = quotedWords(
  expanded((text, unit) => {
    const [source = "", target, ...options] = text.split(":");
    const refused =
      absolutePath(source.replace(/^-/, ""), unit) ??
      (target === undefined ? undefined : absolutePath(target, unit));
    if (refused !== undefined) return refused;
    return options.every((option) => /^(?:no)?rbind$/.test(option))
      ? undefined
      : { is: "a mount with an unknown option", write: "rbind or norbind after the second path" };
  }),
);

const ipAddress = that(
  (text) => {
    const [, address = "", bits = "0"] = /^([^/]+)(?:\/(0|[1-9]\d{0,2}))?$/.exec(text) ?? [];
    return (
      ["any", "localhost", "link-local", "multicast"].includes(text) ||
      (isIPv4(address) && Number(bits) <= 32) ||
      (isIPv6(address) && Number(bits) <= 128)
    );
  },
  "not an IP address",
  "any, localhost, link-local, multicast, or an address with or without its prefix: 10.0.0.0/8",
);

/** `ipv4:tcp:80`: each part may be left out, but for one. */
const bindRule = that(
  (text) => {
    const [, family = "", protocol = "", ports = ""] =
      /^(ipv[46](?::|$))?((?:tcp|udp)(?::|$))?(any|\d+(?:-\d+)?)?$/.exec(text) ?? [];
    const [first = "0", last = first] = ports === "any" ? [] : ports.split("-");
    const isPort = (port: string) => (wholeOf(port) ?? 65_536) < 65_536;
    return ports === ""
      ? /[46p]$/.test(protocol || family)
      : isPort(first) && isPort(last) && Number(first) <= Number(last);
  },
  "not a rule for ports",
  "any, tcp, 80, 8000-8080 or ipv4:tcp:80",
);

const isErrorName = (text: string): boolean =>
  /^E/i.test(text) && errorNames.has(text.slice(1).toUpperCase());
const isErrorNumber = (text: string): boolean => {
  const number = wholeOf(text);
  return number !== undefined && number >= 0 && number <= 4095;
};

const errorNumber = that(
  (text) => text === "kill" || isErrorName(text) || (isErrorNumber(text) && wholeOf(text) !== 0),
  "not an error",
  "its name, such as EPERM, a number up to 4095, or kill",
);

/** systemd's own names of single system calls are too many to list: what looks like one is taken. */
const systemCalls: ReadValue = (text, unit) => {
  const forbids = text.startsWith("~");
  return plainWords((word) => {
    const [call = "", error] = word.split(/:(.*)/s);
    const known = call.startsWith("@") ? callGroups.includes(call) : /^[a-z_]\w*$/.test(call);
    if (!known) {
      return {
        is: "not a system call or a group of them",
        write: "names as `systemd-analyze syscall-filter` shows them, and ~ only before the first",
      };
    }
    if (error === undefined) return undefined;
    if (!forbids) return { is: "allowed, and has an error", write: "an error only after ~" };
    return error === "kill" || isErrorName(error) || isErrorNumber(error)
      ? undefined
      : { is: "a call with no such error", write: "an error such as EPERM after the :" };
  })(forbids ? text.slice(1) : text, unit);
};

const afterTilde = (read: ReadValue): ReadValue => afterSigns(/^~/, read);

const families = either(
  afterTilde(
    quotedWords(
      that(
        (text) => text.startsWith("AF_") && familyNames.has(text.slice(3)),
        "not an address family",
        "names as in address_families(7): AF_INET AF_INET6",
      ),
    ),
  ),
  choice("none"),
);

const namespaces = afterTilde(
  plainWords(choice("cgroup", "ipc", "net", "mnt", "pid", "user", "uts", "time")),
);

const isCapability = (text: string): boolean => {
  const number = wholeOf(text);
  return number === undefined
    ? capabilities.includes(text.toUpperCase().replace(/^CAP_/, ""))
    : number >= 0 && number <= 63;
};
const capabilityNames = either(
  afterTilde(
    quotedWords(that(isCapability, "not a capability", "names as in capabilities(7): CAP_NET_ADMIN")),
  ),
  choice("all"),
);

const secureBits = quotedWords(
  choice(
    "keep-caps",
    "keep-caps-locked",
    "no-setuid-fixup",
    "no-setuid-fixup-locked",
    "noroot",
    "noroot-locked",
  ),
);

const exitStatuses = quotedWords(
  that(
    (text) => {
      const number = wholeOf(text);
      return number === undefined ? exitNames.has(text) || isSignal(text) : number >= 0 && number <= 255;
    },
    "not an exit status",
    "numbers from 0 to 255, names as `systemd-analyze exit-status` lists them, or signals",
  ),
);

const named = that(
  (text) => /^fd(?::[ -9;-~]*)?$/.test(text),
  "not the name of a file descriptor",
  "fd:name",
);

const output = streams(
  "inherit null tty journal kmsg journal+console kmsg+console syslog syslog+console socket",
  "file",
  "append",
  "truncate",
);
const input = streams("null tty tty-force tty-fail data socket", "file");

function streams(words: string, ...files: string[]): ReadValue {
  const names = words.split(" ");
  return (text, unit) => {
    const [, kind, place] = /^([a-z]+):(.*)$/s.exec(text) ?? [];
    if (place !== undefined && files.includes(kind!)) return expanded(absolutePath)(place, unit);
    if (names.includes(text) || named(text, unit) === undefined) return undefined;
    const current = names.filter((name) => !name.startsWith("syslog"));
    return {
      is: "not among the choices",
      write: `one of ${[...current, "fd:name", ...files.map((file) => `${file}:/path`)].join(", ")}`,
    };
  };
}

const device: ReadValue = (text, unit) => {
  const [, quoted, bare, rights] = /^(?:"([^"]*)"|(\S+))(?:\s+(.*))?$/s.exec(text) ?? [];
  return expanded((node) => {
    const fits =
      /^(?:\/dev(?:\/|$)|\/run\/systemd\/inaccessible\/|char-|block-)/.test(node) &&
      !node.split("/").includes("..");
    if (!fits) return { is: `${shown(node)} is not a device`, write: "/dev/name, char-name or block-name" };
    return rights === undefined || /^[rwm]+$/.test(rights)
      ? undefined
      : { is: `${shown(rights)} is not a set of rights`, write: "some of r, w and m after the device" };
  })(quoted ?? bare ?? "", unit);
};

const fileName = that(
  (text) => /^(?!\.{1,2}$)[\w.@:-]+$/.test(text),
  "not a name",
  "letters, digits, and . _ - alone",
);

/** A credential's name is before the colon. */
const credential =
  (needs: "" | ":"): ReadValue =>
  (text, unit) => {
    if (!text.includes(needs)) return { is: "a name with no value", write: "name:value" };
    return expanded(
      that(
        (name) => /^(?!\.{1,2}$)[ -.0-9;-~]{1,255}$/.test(name),
        "not the name of a credential",
        "a name without /, then a colon",
      ),
    )(text.replace(/:.*/s, ""), unit);
  };

/** systemd expands nothing here: OpenFile=/path:name:options. */
const openFile: ReadValue = (text, unit) => {
  const [file = "", name = "", options = "", ...rest] = text.split(":");
  const list = options.split(",");
  const isOne = list.filter((option) => /^(?:read-only|append|truncate)$/.test(option)).length <= 1;
  const isKnown =
    options === "" ||
    list.every((option) => ["read-only", "append", "truncate", "graceful"].includes(option));
  if (rest.length === 0 && isKnown && isOne && /^[ -9;-~]{0,255}$/.test(name)) {
    // The rule open-file-path says what to write instead.
    if (file.startsWith("/") || /^%.\/systemd\/notify$/.test(file)) return undefined;
    return absolutePath(file, unit);
  }
  return {
    is: "not a file with its name and options",
    write: "/path:name:options, with one of read-only, append and truncate, and graceful",
  };
};

const ofDevice =
  (read: ReadValue): ReadValue =>
  (text, unit) => {
    const [, value] = /^\S+\s+(\S.*)$/s.exec(text) ?? [];
    return value === undefined
      ? { is: "a device with no value", write: "the device, a space, and the value" }
      : read(value, unit);
  };
const throughput = either(
  that((text) => /^\d+(?:\.\d+)?[KMGTPE]?$/.test(text), "not a limit", "a number with its unit: 5M"),
  choice("infinity"),
);

const coredumpFilter = plainWords(
  that(
    (text) =>
      /^[\da-f]+$|^0x[\da-f]+$/i.test(text) ||
      /^(?:all|default|private-anonymous|shared-anonymous|private-file-backed|shared-file-backed|elf-headers|private-huge|shared-huge|private-dax|shared-dax)$/.test(
        text,
      ),
    "not a kind of memory",
    "names as in systemd.exec(5), or a mask in hexadecimal",
  ),
);

const documentation = quotedWords(
  expanded(
    that(
      (text) => /^(?:https?:\/\/|file:\/|info:|man:)./.test(text),
      "not a URI that systemd shows",
      "https://…, file:/…, info:… or man:…",
    ),
  ),
);

const action = choice(
  "none",
  ...["reboot", "poweroff", "exit", "soft-reboot", "kexec", "halt"].flatMap((name) => [
    name,
    `${name}-force`,
    `${name}-immediate`,
  ]),
);

const jobMode = choice(
  "fail",
  "replace",
  "replace-irreversibly",
  "isolate",
  "flush",
  "ignore-dependencies",
  "ignore-requirements",
);

const cpuSet = plainWords(
  expanded(
    that(
      (text) =>
        text.split(",").every((range) => {
          const [, first, last = first] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(range) ?? [];
          return first !== undefined && Number(first) <= Number(last);
        }),
      "not a set of CPUs",
      "numbers and ranges: 0-3 5",
    ),
  ),
);

const controller = that(
  (text) => controllers.has(text),
  "not a controller",
  "yes, no, or names of controllers such as cpu memory",
);

/** What is no address at all is found by the rule address-invalid. */
const sequentialAddress = orEmpty(
  expanded(
    that(
      (text) => /^(?:[/@]|vsock)/.test(text) || refusedAddress(text) !== undefined,
      "not the address of a unix socket",
      "/run/app.sock or @abstract",
    ),
  ),
);

const netlink = orEmpty(
  expanded(
    that(
      (text) =>
        /^(?:route|firewall|inet-diag|nflog|xfrm|selinux|iscsi|audit|fib-lookup|connector|netfilter|ip6-fw|dnrtmsg|kobject-uevent|generic|scsitransport|ecryptfs|rdma|\d+)(?:[ \t]+\d+)?$/.test(
          text,
        ),
      "not a family of netlink",
      "its name and a group, such as kobject-uevent 1",
    ),
  ),
);

const weight = whole(1, 10_000);
const someMemory = orEmpty(memory(0));
const anyMemory = orEmpty(memory());
const signed = whole(-(2 ** 31), 2 ** 31 - 1);
const countLimit = limit((text) => {
  const value = wholeOf(text);
  return value !== undefined && value >= 0 ? value : undefined;
}, "a whole number");
const sizeLimit = limit(bytesOf, "bytes, a number with its unit such as 64M");
const niceLimits = limit((text) => {
  const value = wholeOf(text);
  if (value === undefined) return undefined;
  if (/^[+-]/.test(text)) return value >= -20 && value <= 19 ? 20 - value : undefined;
  return value <= 40 ? value : undefined;
}, "a nice level with its sign, from -20 to +19");
const nice: ReadValue = (text, unit) => niceLimits(text.replace("infinity", ""), unit);
const timeLimit = (unitless: number) =>
  limit((text) => (/^\d+$/.test(text) ? Number(text) * unitless : spanOf(text)), "a time span such as 10min");

/** A condition may be negated, and be one of several of which one is enough. */
const conditionPath = orEmpty(afterSigns(/^\|?!?/, expanded(absolutePath)));

const levels = choice("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug");

const facilities = choice(
  ..."kern user mail daemon auth syslog lpr news uucp cron authpriv ftp".split(" "),
  ..."01234567".split("").map((number) => `local${number}`),
);

/** Reads a text that systemd takes in lower and upper case. */
const lower =
  (read: ReadValue): ReadValue =>
  (text, unit) =>
    read(text.toLowerCase(), unit);

/** How the values of directives are read, by the directive's name; several names stand before the same reader. */
const table: readonly (readonly [keys: string, read: ReadValue])[] = [
  ["BindIPv6Only", booleanOr("default", "both", "ipv6-only")],
  ["CollectMode", choice("inactive", "inactive-or-failed")],
  ["DeferTrigger", booleanOr("patient")],
  ["DevicePolicy", choice("auto", "closed", "strict")],
  ["ExitType", choice("main", "cgroup")],
  // Since systemd 261 also on-success.
  ["FileDescriptorStorePreserve", booleanOr("restart", "on-success")],
  ["RuntimeDirectoryPreserve", booleanOr("restart")],
  ["KeyringMode", choice("inherit", "private", "shared")],
  ["KillMode", orEmpty(choice("control-group", "process", "mixed", "none"))],
  ["ManagedOOMMemoryPressure ManagedOOMSwap", orEmpty(choice("auto", "kill"))],
  ["ManagedOOMPreference", choice("none", "avoid", "omit")],
  ["MemoryPressureWatch", booleanOr("auto", "skip")],
  ["MountFlags", orEmpty(choice("shared", "slave", "private"))],
  ["NotifyAccess", choice("none", "main", "exec", "all")],
  ["NUMAPolicy", orEmpty(choice("default", "preferred", "bind", "interleave", "local"))],
  ["OOMPolicy", choice("continue", "stop", "kill")],
  ["OnSuccessJobMode OnFailureJobMode", jobMode],
  ["PrivateTmp", booleanOr("disconnected")],
  // Since systemd 258 also full, since 260 managed.
  ["PrivateUsers", booleanOr("self", "identity", "full", "managed")],
  ["ProcSubset", choice("all", "pid")],
  ["ProtectControlGroups", booleanOr("private", "strict")],
  ["ProtectHome", booleanOr("read-only", "tmpfs")],
  // Since systemd 258 also private, with a name after it.
  ["ProtectHostname", afterSigns(/:.*/s, booleanOr("private"))],
  ["ProtectProc", choice("noaccess", "invisible", "ptraceable", "default")],
  ["ProtectSystem", booleanOr("full", "strict")],
  ["Restart", choice("no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "always")],
  ["RestartMode", choice("normal", "direct", "debug")],
  ["SocketProtocol", lower(choice("udplite", "sctp", "mptcp"))],
  ["StartLimitAction FailureAction SuccessAction JobTimeoutAction", action],
  ["TimeoutStartFailureMode TimeoutStopFailureMode", choice("terminate", "abort", "kill")],
  ["Timestamping", booleanOr("off", "us", "usec", "µs", "μs", "ns", "nsec")],
  ["Type", choice("simple", "exec", "forking", "oneshot", "dbus", "notify", "notify-reload", "idle")],
  ["UtmpMode", choice("init", "login", "user")],

  ["BindLogSockets MemoryKSM MountAPIVFS PrivateMounts SetLoginEnvironment", orEmpty(boolean)],
  ["PrivatePIDs AcceptFileDescriptors PassPIDFD", boolean],

  ["TimeoutSec TimeoutStopSec JobTimeoutSec JobRunningTimeoutSec", span],
  ["TimeoutAbortSec CPUQuotaPeriodSec", orEmpty(span)],
  ["DeferTriggerMaxSec", span],
  [
    "ManagedOOMMemoryPressureDurationSec",
    orEmpty(
      that(
        (text) => (spanOf(text) ?? 0) >= 1000 && spanOf(text) !== Infinity,
        "not a time span that fits",
        "at least 1s",
      ),
    ),
  ],
  [
    "TimerSlackNSec",
    that(
      (text) => spanOf(text.replaceAll(/(\d\s*)n(?=s)/g, "$1u")) !== undefined,
      "not a time span",
      "nanoseconds, or a number with its unit: 50us",
    ),
  ],

  [
    "CPUQuota",
    orEmpty(
      that(
        (text) => (shareOf(text) ?? 0) > 0,
        "not a share of CPU time",
        "a percentage of one CPU: 50%, 200%",
      ),
    ),
  ],
  ["CPUWeight StartupCPUWeight", orEmpty(either(weight, choice("idle")))],
  ["IOWeight StartupIOWeight", orEmpty(weight)],
  ["MemoryHigh StartupMemoryHigh MemoryMax StartupMemoryMax", someMemory],
  [
    "MemoryMin DefaultMemoryMin MemoryLow StartupMemoryLow DefaultMemoryLow DefaultStartupMemoryLow MemorySwapMax StartupMemorySwapMax MemoryZSwapMax StartupMemoryZSwapMax",
    anyMemory,
  ],
  [
    "TasksMax",
    orEmpty(
      that(
        (text) => text === "infinity" || (shareOf(text) ?? 2) <= 1 || (wholeOf(text) ?? 0) > 0,
        "not a number of tasks",
        "a number above 0, a share of what the machine allows such as 10%, or infinity",
      ),
    ),
  ],
  [
    "ManagedOOMMemoryPressureLimit",
    orEmpty(that((text) => (shareOf(text) ?? 2) <= 1, "not a share of time", "a percentage up to 100%")),
  ],
  ["LimitCPU", timeLimit(1000)],
  ["LimitRTTIME", timeLimit(0.001)],
  ["LimitNICE", nice],
  ["LimitNOFILE LimitNPROC LimitLOCKS LimitSIGPENDING LimitRTPRIO", countLimit],
  ["LimitFSIZE LimitDATA LimitSTACK LimitCORE LimitRSS LimitAS LimitMEMLOCK LimitMSGQUEUE", sizeLimit],

  ["Nice", orEmpty(whole(-20, 19))],
  ["OOMScoreAdjust", orEmpty(whole(-1000, 1000))],
  ["IOSchedulingClass", orEmpty(either(choice("none", "realtime", "best-effort", "idle"), whole(0, 8)))],
  ["IOSchedulingPriority", orEmpty(whole(0, 7))],
  // Since systemd 259 also ext.
  [
    "CPUSchedulingPolicy",
    orEmpty(either(choice("other", "batch", "idle", "fifo", "rr", "ext"), whole(0, 2 ** 31 - 1))),
  ],
  ["CPUSchedulingPriority", whole(0, 99)],
  ["TTYRows TTYColumns", orEmpty(count)],
  ["FailureActionExitStatus SuccessActionExitStatus", orEmpty(whole(0, 255))],
  ["CPUAffinity", orEmpty(either(cpuSet, choice("numa")))],
  ["AllowedCPUs StartupAllowedCPUs AllowedMemoryNodes StartupAllowedMemoryNodes", orEmpty(cpuSet)],

  ["NUMAMask", orEmpty(either(cpuSet, choice("all")))],
  ["CoredumpFilter", coredumpFilter],
  ["IODeviceWeight", orEmpty(ofDevice(weight))],
  ["IODeviceLatencyTargetSec", orEmpty(ofDevice(span))],
  ["IOReadBandwidthMax IOWriteBandwidthMax IOReadIOPSMax IOWriteIOPSMax", orEmpty(ofDevice(throughput))],

  ["ListenSequentialPacket", sequentialAddress],
  ["ListenNetlink", netlink],
  ["MaxConnections", whole(1, 2 ** 32 - 1)],
  ["Priority Mark IPTTL", signed],
  ["IPTOS", orEmpty(either(choice("low-delay", "throughput", "reliability", "low-cost"), whole(0, 255)))],
  ["ReceiveBuffer SendBuffer PipeSize", size],
  ["MessageQueueMaxMessages MessageQueueMessageSize", whole(-(2 ** 63), 2 ** 63)],
  ["BindToDevice", orEmpty(interfaceName)],
  ["RestrictNetworkInterfaces", afterTilde(quotedWords(interfaceName))],
  [
    "FileDescriptorName",
    orEmpty(
      expanded(
        that(
          (text) => /^[ -9;-~]{0,255}$/.test(text),
          "not the name of a file descriptor",
          "up to 255 printable ASCII characters, none of them a colon",
        ),
      ),
    ),
  ],
  ["SocketUser SocketGroup User Group", orEmpty(account)],
  ["SupplementaryGroups", quotedWords(account)],

  ["SystemCallFilter SystemCallLog", systemCalls],
  [
    "SystemCallArchitectures",
    quotedWords(
      that(
        (text) => architectures.has(text),
        "not an architecture",
        "native, or names as `systemd-analyze architectures` lists them",
      ),
    ),
  ],
  [
    "Personality",
    orEmpty(
      that((text) => architectures.has(text), "not an architecture", "its name, such as x86 or x86-64"),
    ),
  ],
  ["SystemCallErrorNumber", orEmpty(errorNumber)],
  ["RestrictAddressFamilies", families],
  ["RestrictNamespaces", orEmpty(either(namespaces, boolean))],
  ["CapabilityBoundingSet AmbientCapabilities", capabilityNames],
  ["SecureBits", secureBits],
  ["Delegate", orEmpty(either(plainWords(controller), boolean))],
  ["KillSignal RestartKillSignal FinalKillSignal WatchdogSignal ReloadSignal", oneSignal],
  ["SuccessExitStatus RestartPreventExitStatus RestartForceExitStatus", exitStatuses],

  ["StandardOutput StandardError", output],
  ["StandardInput", input],
  ["SyslogLevel LogLevelMax", either(levels, whole(0, 7))],
  ["SyslogFacility", either(facilities, whole(0, 127))],

  ["IPAddressAllow IPAddressDeny", plainWords(ipAddress)],
  ["SocketBindAllow SocketBindDeny", orEmpty(bindRule)],
  ["DeviceAllow", orEmpty(device)],

  [
    "ReadWritePaths ReadOnlyPaths InaccessiblePaths ExecPaths NoExecPaths ReadWriteDirectories ReadOnlyDirectories InaccessibleDirectories",
    quotedWords(expanded(afterSigns(/^-?\+?/, absolutePath))),
  ],
  [
    "ExecSearchPath",
    quotedWords((text, unit) =>
      text
        .split(":")
        .map((one) => expanded(absolutePath)(one, unit))
        .find((refused) => refused !== undefined),
    ),
  ],
  ["BindPaths BindReadOnlyPaths", mount],
  ["TemporaryFileSystem", quotedWords(expanded(afterSigns(/:.*/s, absolutePath)))],
  [
    "RootDirectory RootImage NetworkNamespacePath IPCNamespacePath UserNamespacePath TTYPath USBFunctionDescriptors USBFunctionStrings SourcePath",
    path,
  ],
  [
    "IPIngressFilterPath IPEgressFilterPath ListenFIFO ListenSpecial ListenUSBFunction ListenMessageQueue",
    path,
  ],
  ["RequiresMountsFor WantsMountsFor Symlinks", paths],
  [
    "ConditionPathExists ConditionPathExistsGlob ConditionPathIsDirectory ConditionPathIsSymbolicLink ConditionPathIsMountPoint ConditionPathIsReadWrite ConditionPathIsEncrypted ConditionDirectoryNotEmpty ConditionFileNotEmpty ConditionFileIsExecutable ConditionNeedsUpdate",
    conditionPath,
  ],
  [
    "AssertPathExists AssertPathExistsGlob AssertPathIsDirectory AssertPathIsSymbolicLink AssertPathIsMountPoint AssertPathIsReadWrite AssertPathIsEncrypted AssertDirectoryNotEmpty AssertFileNotEmpty AssertFileIsExecutable AssertNeedsUpdate",
    conditionPath,
  ],
  ["RuntimeDirectory StateDirectory CacheDirectory LogsDirectory", directories("links")],
  ["ConfigurationDirectory", directories("names")],
  [
    "PIDFile",
    orEmpty(
      expanded(
        that((text) => !text.split("/").includes(".."), "a path with .. in it", "the path without .."),
      ),
    ),
  ],

  ["Environment", environment],
  ["EnvironmentFile", orEmpty(afterSigns(/^-/, expanded(absolutePath)))],
  ["PassEnvironment", quotedWords(expanded(variableName))],
  ["UnsetEnvironment", quotedWords(expanded(either(variableName, assignment)))],
  [
    "LogExtraFields",
    quotedWords(
      that(
        (text) => /^[A-Z][A-Z0-9_]{0,63}=/.test(text),
        "not a field with its value",
        "NAME=value, with the name in upper case",
      ),
    ),
  ],

  ["Slice", slice],
  [
    "BusName",
    expanded(
      that(
        (text) => /^(?::[\w-]+(?:\.[\w-]+)+|[A-Za-z_-][\w-]*(?:\.[A-Za-z_-][\w-]*)+)$/.test(text),
        "not a name on D-Bus",
        "it in full, as in org.example.App",
      ),
    ),
  ],
  ["OpenFile", orEmpty(openFile)],
  ["LogNamespace", orEmpty(expanded(fileName))],
  ["LoadCredential LoadCredentialEncrypted", orEmpty(credential(""))],
  ["SetCredential SetCredentialEncrypted", orEmpty(credential(":"))],
  ["Service", unitOfType("service")],
  ["Sockets", plainWords(unitOfType("socket"))],
  ["WantedBy RequiredBy UpheldBy Also Alias", unitNames],
  ["Documentation", documentation],
];

const readers: ReadonlyMap<string, ReadValue> = new Map(
  table.flatMap(([keys, read]) => keys.split(" ").map((key) => [key, read] as const)),
);

const byKind: Readonly<Record<Exclude<ValueKind, "other">, ReadValue>> = {
  boolean,
  span,
  mode,
  count,
  units: unitNames,
};

/** Why systemd refuses the value of a directive, and what to write; `undefined` if it takes it, or if it is not known here how it reads it. */
export function refusedValue({ key, value }: Assignment, kind: ValueKind, unit: string): Refused | undefined {
  const read = readers.get(key) ?? (kind === "other" ? undefined : byKind[kind]);
  const refused = read?.(value, unit);
  return refused !== undefined && value === ""
    ? { is: "it is empty, and takes nothing back here", write: refused.write }
    : refused;
}
