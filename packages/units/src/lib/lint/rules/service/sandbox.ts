import { valuesOf, type LoadedUnit } from "../../../parse/load.ts";
import type { Rule } from "../../findings/finding.ts";
import type { ServiceSubject } from "../../subjects/subjects.ts";
import { booleanOf } from "../../../systemd/booleans.ts";
import { timeSpanOf } from "../../../systemd/time-spans.ts";
import { shareOf } from "../../values/readers.ts";
import { hiddenFiles, hidingDirectives } from "../../../systemd/hidden-files.ts";
import { tooSmall } from "../../../node/limits.ts";
import {
  inService,
  isApp,
  isTrue,
  listeners,
  notifies,
  ofSandbox,
  preloadsOf,
  runsAsRoot,
} from "./settings.ts";
import { isSystemAccount } from "../../../systemd/system-accounts.ts";
import { unitNameParts } from "../../../systemd/unit-names.ts";
import { boundFolders, liesInHome, liesInTemporary } from "../../../systemd/folders.ts";
import { changeSetting, headerOf } from "../../findings/edits.ts";

const workingDirectoryOf = ({ unit }: ServiceSubject): string | undefined =>
  inService(unit, "WorkingDirectory")?.value.replace(/^-/, "");

/** Whether the filter kills a program that calls pkey_alloc(2). Node tries this call but does not need it. */
function killsNode({ unit }: ServiceSubject): boolean {
  if (!/^(?:kill)?$/.test(inService(unit, "SystemCallErrorNumber")?.value ?? "")) return false;
  const lists = valuesOf(unit, "Service", "SystemCallFilter").map(({ value }) => value);
  // The first list decides whether calls that no list names are allowed.
  let kills = lists[0]?.startsWith("~") === false;
  for (const list of lists) {
    for (const word of list.replace(/^~/, "").split(/\s+/)) {
      const [name, error = "kill"] = word.split(":");
      if (name === "@pkey" || name === "pkey_alloc") kills = list.startsWith("~") && error === "kill";
    }
  }
  return kills;
}

/** Groups of system calls without which Node does not run. */
const neededCalls = /^@(?:default|basic-io|file-system|io-event|process|signal)(?::|$)/;
const neededByServers = /^(?:@network-io|accept4)(?::|$)/;

/** Directives with which a unit says that its program writes files. */
const writes = /^(?:State|Cache|Logs)Directory$|^PIDFile$|^Standard(?:Output|Error)$/;

/** Limits with which no server works. An explicit limit above counts as intended. */
const tinyLimits: Readonly<
  Record<string, { isTiny: (value: string, unit: LoadedUnit) => boolean; instead: string }>
> = {
  CPUQuota: { isTiny: (value) => (shareOf(value) ?? 1) < 0.05, instead: "50%, or more" },
  LimitCPU: {
    isTiny: (value) => (timeSpanOf(value.replace(/:.*/, "")) ?? Infinity) < 3_600_000,
    instead: "infinity",
  },
  LimitFSIZE: {
    // A program that writes no file works, and 0 is how people forbid it.
    isTiny: (value, { settings }) =>
      /^0\w?(?::|$)/.test(value) &&
      settings.some(
        (setting) =>
          setting.section === "Service" &&
          writes.test(setting.key) &&
          (!setting.key.startsWith("Standard") || /^(?:file|append|truncate):/.test(setting.value)),
      ),
    instead: "infinity",
  },
};

/** The codes of these rules. */
export type SandboxCode =
  | "home-hidden"
  | "root-closed"
  | "temporary-hidden"
  | "jit-killed"
  | "system-call-kills"
  | "user-root"
  | "user-nobody"
  | "user-shared"
  | "pid-namespace"
  | "memory-tiny"
  | "limit-tiny"
  | "limit-low"
  | "program-hidden"
  | "system-call-needed"
  | "user-not-possible";

/** What a service may see and do. */
export const sandboxRules: Readonly<Record<SandboxCode, Rule<ServiceSubject>>> = {
  "home-hidden": ofSandbox({
    severity: "error",
    why: "ProtectHome= hides /home, /root and /run/user. The service does not find a program or a file in these folders.",
    man: "systemd.exec(5)",
    find: (service) => {
      const setting = inService(service.unit, "ProtectHome");
      const hides = booleanOf(setting?.value) === true || setting?.value === "tmpfs";
      const bound =
        setting?.value === "tmpfs"
          ? ["BindReadOnlyPaths", "BindPaths"].flatMap((key) =>
              valuesOf(service.unit, "Service", key).flatMap(({ value }) =>
                // In the words of a command, %% is already a percent sign. In other values it is still %%.
                [value, value.replaceAll("%%", "%")].flatMap(boundFolders),
              ),
            )
          : [];
      return setting === undefined ||
        !hides ||
        !liesInHome(
          {
            exec: [...(service.program?.words ?? []), ...preloadsOf(service)],
            workingDirectory: workingDirectoryOf(service),
          },
          bound,
        )
        ? []
        : [
            {
              at: setting,
              message: `ProtectHome=${setting.value}, and the program is in a home`,
              fix: "ProtectHome=read-only, or the app and Node under /srv, /opt or /usr",
            },
          ];
    },
  }),
  "root-closed": {
    severity: "error",
    why: "Only root may enter /root. As another user, the service does not find a program or a file there (status=203/EXEC, or status=200/CHDIR).",
    man: "systemd.exec(5)",
    find: (service) => {
      const { unit, program, user } = service;
      const bound = ["BindReadOnlyPaths", "BindPaths"].some((key) => inService(unit, key) !== undefined);
      const places = [program?.words[0], program?.node?.script, workingDirectoryOf(service)];
      const place = places.find((path) => path !== undefined && /^\/root(?:\/|$)/.test(path));
      const isElsewhere = ["ProtectHome", "RootDirectory", "RootImage"].some(
        (key) => inService(unit, key) !== undefined,
      );
      // With - in front, the folder may be missing.
      const mayFail =
        inService(unit, "WorkingDirectory")?.value.startsWith("-") === true && place === places[2];
      return place === undefined || bound || isElsewhere || mayFail || user || runsAsRoot(service)
        ? []
        : [
            {
              at: program?.setting ?? headerOf(unit, "Service"),
              message: `${place} is in /root, and the service does not run as root`,
              fix: "put it under /srv, /opt or /usr",
            },
          ];
    },
  },
  "temporary-hidden": ofSandbox({
    severity: "error",
    why: "With PrivateTmp= or DynamicUser= the service has its own empty /tmp and /var/tmp. It does not find a program or a file in these folders.",
    man: "systemd.exec(5)",
    find: (service) => {
      const { unit } = service;
      const isPrivate =
        isTrue(unit, "DynamicUser") ||
        /^(?:1|y|yes|t|true|on|disconnected)$/i.test(inService(unit, "PrivateTmp")?.value ?? "");
      // Your app may create the files that its other arguments name.
      const { program } = service;
      const places = [
        program?.words[0],
        program?.node?.script,
        ...preloadsOf(service),
        workingDirectoryOf(service),
      ];
      const place = places.find((path) => liesInTemporary(path));
      return !isPrivate || place === undefined
        ? []
        : [
            {
              at: program?.setting ?? headerOf(unit, "Service"),
              message: `${place} is in a temporary folder`,
              fix: "put it under /srv or /opt",
            },
          ];
    },
  }),
  "jit-killed": ofSandbox({
    severity: "error",
    why: "V8 writes machine code at run time, and MemoryDenyWriteExecute= forbids that. Node dies at once, unless it runs with --jitless.",
    man: "systemd.exec(5)",
    find: ({ unit, program, environment }) => {
      const setting = inService(unit, "MemoryDenyWriteExecute");
      const options = [
        ...(program?.node?.options ?? program?.words ?? []),
        ...(environment.get("NODE_OPTIONS")?.value.split(" ") ?? []),
      ];
      if (booleanOf(setting?.value) !== true || program?.isNode !== true || options.includes("--jitless"))
        return [];
      return [
        {
          at: setting!,
          message: "MemoryDenyWriteExecute= with Node",
          fix: "remove it, or run node --jitless, which has no WebAssembly",
        },
      ];
    },
  }),
  "system-call-kills": ofSandbox({
    severity: "warning",
    why: "A system call that the filter does not allow kills the program. Node tries pkey_alloc, which it does not need. With an error number the call fails, and Node keeps running.",
    man: "systemd.exec(5)",
    find: (service) => {
      const { unit, program } = service;
      const filter = valuesOf(unit, "Service", "SystemCallFilter")[0];
      return filter === undefined || program?.isNode !== true || !killsNode(service)
        ? []
        : [
            {
              at: filter,
              message: "SystemCallFilter= leaves out pkey_alloc, without an error number",
              fix: "SystemCallErrorNumber=EPERM",
              edits: changeSetting(unit, "Service", "SystemCallErrorNumber", "EPERM"),
            },
          ];
    },
  }),
  "user-root": {
    severity: "warning",
    why: "systemd opens the sockets, so your app does not need to be root. If an attacker takes over your app, they get the whole machine.",
    man: "systemd.exec(5)",
    find: (service) => {
      const { unit, program } = service;
      const setting = inService(unit, "User");
      if (program?.isNode !== true || !runsAsRoot(service)) return [];
      return program.keepsRoot
        ? [
            {
              at: program.setting,
              message: `${program.command.signs} is before the program, so it runs as root`,
              fix: "remove it",
            },
          ]
        : [
            {
              at: setting ?? headerOf(unit, "Service"),
              message:
                setting === undefined
                  ? "the service runs as root, because no user is set"
                  : `User=${setting.value}`,
              fix: "DynamicUser=yes, or User= with an account that only this service has",
            },
          ];
    },
  },
  "user-nobody": {
    severity: "warning",
    why: "Services that run as nobody can stop each other's processes, and change each other's files. systemd logs a warning each time it reads the unit.",
    man: "systemd.exec(5)",
    find: ({ unit }) => {
      const setting = inService(unit, "User");
      return setting === undefined || !/^(?:nobody|65534)$/.test(setting.value)
        ? []
        : [
            {
              at: setting,
              message: `User=${setting.value}`,
              fix: "DynamicUser=yes, or User= with an account that only this service has",
            },
          ];
    },
  },
  "user-shared": {
    severity: "error",
    why: "Without User=, DynamicUser= makes a user with the name of the unit. If there is an account of that name, the service runs as that account, with all that it may do. If there is only a group of that name, the service does not start.",
    man: "systemd.exec(5)",
    find: ({ unit }) => {
      const setting = inService(unit, "DynamicUser");
      const { prefix } = unitNameParts(unit.name);
      return !isTrue(unit, "DynamicUser") || inService(unit, "User") !== undefined || !isSystemAccount(prefix)
        ? []
        : [
            {
              at: setting!,
              message: `DynamicUser=yes, and ${prefix} is an account of the system`,
              fix: `name the unit ${prefix}-app.service`,
            },
          ];
    },
  },
  "memory-tiny": {
    severity: "warning",
    why: "The kernel kills a program that needs more memory than this, and no program starts with less than 1 MiB. A number without a unit means bytes.",
    man: "systemd.resource-control(5)",
    find: ({ unit }) =>
      ["MemoryMax", "MemoryHigh"].flatMap((key) => {
        const setting = inService(unit, key);
        const count = /^\d+$/.test(setting?.value ?? "") ? Number(setting!.value) : Infinity;
        return count >= 2 ** 20
          ? []
          : [
              {
                at: setting!,
                message: `${key}=${setting!.value} is less than 1 MiB`,
                fix:
                  count === 0 ? `${key}=512M, or as much as it needs` : `${key}=${count}M, if that is meant`,
              },
            ];
      }),
  },
  "limit-tiny": {
    severity: "warning",
    why: "A share of a few percent of one CPU makes each request take seconds. LimitCPU= counts the processor time of all requests together, and ends the program (SIGXCPU). With LimitFSIZE=0 each write to a file ends it (SIGXFSZ).",
    man: "systemd.exec(5)",
    find: (service) =>
      !isApp(service) || listeners(service).length === 0
        ? []
        : Object.entries(tinyLimits).flatMap(([key, { isTiny, instead }]) => {
            const setting = inService(service.unit, key);
            return setting === undefined || !isTiny(setting.value, service.unit)
              ? []
              : [
                  {
                    at: setting,
                    message: `${key}=${setting.value} for a server`,
                    fix: `remove it, or ${key}=${instead}`,
                  },
                ];
          }),
  },
  "limit-low": {
    severity: "error",
    why: "With less than this, Node aborts, or the kernel or systemd kills it, when it starts or while it works. Then it is started again and again.",
    man: "systemd.exec(5)",
    find: (service) => {
      const { unit, program, environment } = service;
      if (program?.isNode !== true) return [];
      const valueOfLimit = (key: string) => {
        // Limits of processes do not apply to root.
        const setting = key === "LimitNPROC" && runsAsRoot(service) ? undefined : inService(unit, key);
        return setting && { text: setting.value, setting };
      };
      const options = [
        ...program.words,
        ...[...environment].map(([name, { value }]) => `${name}=${value}`),
        ...valuesOf(unit, "Service", "EnvironmentFile").map(() => "UV_THREADPOOL_SIZE"),
      ];
      return tooSmall(valueOfLimit, { notifies: notifies(unit), options }).map(
        ({ key, value: { setting }, why, instead }) => ({
          at: setting,
          message: `${key}=${setting.value}: ${why}`,
          fix: `remove it, or ${key}=${instead}`,
        }),
      );
    },
  },
  "program-hidden": ofSandbox({
    severity: "error",
    why: "TemporaryFileSystem= puts an empty folder in the place of another, InaccessiblePaths= closes it, and in a folder of NoExecPaths= no program runs. The program or its script is in such a folder, so the service does not start.",
    man: "systemd.exec(5)",
    find: ({ unit, program }) => {
      if (
        program === undefined ||
        ["RootDirectory", "RootImage"].some((key) => inService(unit, key) !== undefined)
      )
        return [];
      const lines = hidingDirectives.flatMap((key) => valuesOf(unit, "Service", key));
      return hiddenFiles(program.words[0], [program.node?.script], lines).map(
        ({ line, file, what, back }) => ({
          at: line,
          message: `${line.key}=${line.value}: ${file} ${what}`,
          fix: `take its folder out of ${line.key}=${back.length === 0 ? "" : `, or show it again with ${back.at(-1)}=`}`,
        }),
      );
    },
  }),
  "system-call-needed": ofSandbox({
    severity: "error",
    why: "Without these system calls, Node dies when it starts, or a server accepts no connection.",
    man: "systemd.exec(5)",
    find: (service) => {
      const { unit, program } = service;
      if (program?.isNode !== true) return [];
      const serves = listeners(service).length > 0;
      const lists = valuesOf(unit, "Service", "SystemCallFilter");
      // A list of allowed calls may allow again what an earlier list forbids.
      return lists
        .slice(lists.findLastIndex(({ value }) => !value.startsWith("~")) + 1)
        .flatMap((setting) => {
          const needed = setting.value
            .slice(1)
            .split(/\s+/)
            .find((word) => neededCalls.test(word) || (serves && neededByServers.test(word)));
          return needed === undefined
            ? []
            : [
                {
                  at: setting,
                  message: `SystemCallFilter= forbids ${needed}, which Node needs`,
                  fix: `take ${needed} out of the list`,
                },
              ];
        });
    },
  }),
  "user-not-possible": {
    severity: "error",
    why: "The service manager of a user may not change users or groups, or give capabilities. The service does not start (status=217/USER, 216/GROUP or 218/CAPABILITIES).",
    man: "systemd.exec(5)",
    find: ({ unit, user }) =>
      ["User", "SupplementaryGroups", "DynamicUser", "AmbientCapabilities"].flatMap((key) => {
        const setting = user ? inService(unit, key) : undefined;
        return setting === undefined || (key === "DynamicUser" && booleanOf(setting.value) !== true)
          ? []
          : [{ at: setting, message: `${key}=${setting.value} in a unit of a user`, fix: "remove it" }];
      }),
  },
  "pid-namespace": ofSandbox({
    severity: "warning",
    why: "With PrivatePIDs= systemd 257 sets LISTEN_PID to a process ID that the service does not have inside, so the service finds no socket. As process 1 it also ignores SIGTERM, unless it has a handler.",
    man: "systemd.exec(5)",
    find: (service) => {
      const setting = inService(service.unit, "PrivatePIDs");
      return booleanOf(setting?.value) !== true || listeners(service).length === 0
        ? []
        : [
            {
              at: setting!,
              message: `PrivatePIDs=${setting!.value} with a socket`,
              fix: "remove it",
            },
          ];
    },
  }),
};
