import { valuesOf } from "../../../parse/load.ts";
import type { Rule } from "../../findings/finding.ts";
import type { ServiceSubject } from "../../subjects/subjects.ts";
import { booleanOf } from "../../../systemd/booleans.ts";
import { hiddenFiles, hidingDirectives } from "../../../systemd/hidden-files.ts";
import { inService, isApp, isTrue, listeners, ofSandbox, preloadsOf, runsAsRoot } from "./settings.ts";
import { compilesAtRunTime } from "../../../node/runtime.ts";
import { boundFolders, liesInHome, liesInTemporary } from "../../../systemd/folders.ts";
import { expandSpecifiers } from "../../../systemd/expansion.ts";
import { changeSetting, headerOf } from "../../findings/edits.ts";

const workingDirectoryOf = ({ unit }: ServiceSubject): string =>
  expandSpecifiers(inService(unit, "WorkingDirectory")?.value ?? "", unit.name).replace(/^-/, "");

/** Whether the filter kills a program for calling pkey_alloc(2). Node calls it but does not need it. */
function killsNode({ unit }: ServiceSubject): boolean {
  if (!/^(?:kill)?$/.test(inService(unit, "SystemCallErrorNumber")?.value ?? "")) return false;
  const lists = valuesOf(unit, "Service", "SystemCallFilter").map(({ value }) => value);
  // The first list decides about calls that are in no list.
  let kills = lists[0]?.startsWith("~") === false;
  for (const list of lists) {
    for (const word of list.replace(/^~/, "").split(/\s+/)) {
      const [name, error = "kill"] = word.split(":");
      if (name === "@pkey" || name === "pkey_alloc") kills = list.startsWith("~") && error === "kill";
    }
  }
  return kills;
}

/** System call groups that Node needs. */
const neededCalls = /^@(?:default|basic-io|file-system|io-event|process|signal)(?::|$)/;
const neededByServers = /^(?:@network-io|accept4)(?::|$)/;

export type SandboxCode =
  | "home-hidden"
  | "root-closed"
  | "temporary-hidden"
  | "jit-killed"
  | "system-call-kills"
  | "pid-namespace"
  | "program-hidden"
  | "system-call-needed";

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
                // In a command, %% is already a percent sign. In other values it is still %%.
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
              message: `ProtectHome=${setting.value}, and the program is in a home directory`,
              fix: [{ ProtectHome: "read-only" }, ", or the app and Node under /srv, /opt or /usr"],
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
      // With a leading -, the folder may be missing.
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
      // The app may create the files in its other arguments.
      const { program } = service;
      const files = [program?.words[0], program?.node?.script, ...preloadsOf(service)];
      const file = files.find((path) => liesInTemporary(path));
      const folder = workingDirectoryOf(service);
      const place = file ?? (liesInTemporary(folder) ? folder : undefined);
      return !isPrivate || place === undefined
        ? []
        : [
            {
              at: (file === undefined ? inService(unit, "WorkingDirectory") : program?.setting)!,
              message: `${place} is in a temporary folder`,
              fix: "put it under /srv or /opt",
            },
          ];
    },
  }),
  "jit-killed": ofSandbox({
    severity: "error",
    why: "Programs such as Node generate machine code at run time, which MemoryDenyWriteExecute= forbids. They crash at once. Node runs with --jitless.",
    man: "systemd.exec(5)",
    find: ({ unit, program, environment }) => {
      const setting = inService(unit, "MemoryDenyWriteExecute");
      const options = [
        ...(program?.node?.options ?? program?.words ?? []),
        ...(environment.get("NODE_OPTIONS")?.value.split(" ") ?? []),
      ];
      const isNode = program?.isNode === true;
      const compiles = isNode ? !options.includes("--jitless") : compilesAtRunTime(program?.words);
      if (booleanOf(setting?.value) !== true || !compiles) return [];
      return [
        {
          at: setting!,
          message: `MemoryDenyWriteExecute= with ${isNode ? "Node" : program!.name}`,
          fix: isNode ? "remove it, or run node --jitless, which has no WebAssembly" : "remove it",
          inDescription: isNode
            ? { fix: "leave it out, or write jitless: true, which also writes this directive" }
            : undefined,
        },
      ];
    },
  }),
  "system-call-kills": ofSandbox({
    severity: "warning",
    why: "A system call that the filter does not allow kills the program. Node calls pkey_alloc, but does not need it. With an error number, the call fails, and Node keeps running.",
    man: "systemd.exec(5)",
    find: (service) => {
      const { unit, program } = service;
      const filter = valuesOf(unit, "Service", "SystemCallFilter")[0];
      return filter === undefined || program?.isNode !== true || !killsNode(service)
        ? []
        : [
            {
              at: filter,
              message: "SystemCallFilter= does not allow pkey_alloc, and has no error number",
              fix: [{ SystemCallErrorNumber: "EPERM" }],
              edits: changeSetting(unit, "Service", "SystemCallErrorNumber", "EPERM"),
            },
          ];
    },
  }),
  "program-hidden": ofSandbox({
    severity: "error",
    why: "TemporaryFileSystem= replaces a folder by an empty one, InaccessiblePaths= makes it inaccessible, and NoExecPaths= prevents execution. The program or its script is in such a folder, so the service does not start.",
    man: "systemd.exec(5)",
    find: (service) => {
      const { unit, program } = service;
      if (
        program === undefined ||
        ["RootDirectory", "RootImage"].some((key) => inService(unit, key) !== undefined)
      )
        return [];
      const lines = hidingDirectives.flatMap((key) => valuesOf(unit, "Service", key));
      const programs = [program.command.path, program.words[0]!];
      const read = [program.node?.script, ...preloadsOf(service)];
      return hiddenFiles(programs, read, lines).map(({ line, file, what, back }) => ({
        at: line,
        message: `${line.key}=${line.value}: ${file} ${what}`,
        fix: `remove its folder from ${line.key}=${back.length === 0 ? "" : `, or make it visible again with ${back.at(-1)}=`}`,
        inDescription: {
          fix: `remove its folder from the value${back.length === 0 ? "" : `, or also write ${back.at(-1)}: '${file.replace(/\/[^/]*$/, "") || "/"}', which makes it visible again`}`,
        },
      }));
    },
  }),
  "system-call-needed": ofSandbox({
    severity: "error",
    why: "Without these system calls, Node crashes when it starts, or a server accepts no connection.",
    man: "systemd.exec(5)",
    find: (service) => {
      const { unit, program } = service;
      if (program?.isNode !== true) return [];
      const serves = listeners(service).length > 0;
      const lists = valuesOf(unit, "Service", "SystemCallFilter");
      // A later list may allow calls that an earlier list forbids.
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
                  fix: `remove ${needed} from the list`,
                },
              ];
        });
    },
  }),
  "pid-namespace": ofSandbox({
    severity: "warning",
    why: "With PrivatePIDs=, systemd 257 sets LISTEN_PID to a process ID that the service does not have in its namespace, so the service finds no socket. As process 1, it also ignores SIGTERM, unless it has a handler.",
    man: "systemd.exec(5)",
    find: (service) => {
      const setting = inService(service.unit, "PrivatePIDs");
      return booleanOf(setting?.value) !== true || (service.sockets.length === 0 && !isApp(service))
        ? []
        : [
            {
              at: setting!,
              message: `PrivatePIDs=${setting!.value} with ${service.sockets.length > 0 ? "a socket" : "an app"}`,
              fix: "remove it",
            },
          ];
    },
  }),
};
