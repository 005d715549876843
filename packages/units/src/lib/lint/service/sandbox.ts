import { liesInHome, liesInTemporary } from "../../read/places.ts";
import { valuesOf } from "../../parse/load.ts";
import { added, headerOf, type Rule } from "../finding.ts";
import type { ServiceSubject } from "../subjects.ts";
import { truthOf } from "../truth.ts";
import { inService, isTrue, listeners, runsAsRoot } from "./settings.ts";

const placesOf = ({ unit, program }: ServiceSubject) => ({
  exec: program?.words,
  workingDirectory: inService(unit, "WorkingDirectory")?.value.replace(/^-/, ""),
});

/** The codes of these rules. */
export type SandboxCode =
  | "home-hidden"
  | "temporary-hidden"
  | "jit-killed"
  | "system-call-kills"
  | "user-root"
  | "user-nobody"
  | "pid-namespace";

/** What a service may see and do. */
export const sandboxRules: Readonly<Record<SandboxCode, Rule<ServiceSubject>>> = {
  "home-hidden": {
    severity: "error",
    why: "ProtectHome= hides /home, /root and /run/user. The service does not find a program or a file that is there.",
    man: "systemd.exec(5)",
    find: (service) => {
      const setting = inService(service.unit, "ProtectHome");
      const hides = truthOf(setting?.value) === true || setting?.value === "tmpfs";
      return setting === undefined || !hides || !liesInHome(placesOf(service))
        ? []
        : [
            {
              at: setting,
              message: `ProtectHome=${setting.value}, and the program is in a home`,
              fix: "ProtectHome=read-only, or the app and Node under /srv, /opt or /usr",
            },
          ];
    },
  },
  "temporary-hidden": {
    severity: "error",
    why: "With PrivateTmp= or DynamicUser= the service has its own empty /tmp and /var/tmp. It does not find a program or a file that is there.",
    man: "systemd.exec(5)",
    find: (service) => {
      const { unit } = service;
      const isPrivate =
        isTrue(unit, "DynamicUser") ||
        /^(?:1|y|yes|t|true|on|disconnected)$/i.test(inService(unit, "PrivateTmp")?.value ?? "");
      const { exec = [], workingDirectory } = placesOf(service);
      const place = [...exec, workingDirectory].find((path) => liesInTemporary(path));
      return !isPrivate || place === undefined
        ? []
        : [
            {
              at: service.program?.setting ?? headerOf(unit, "Service"),
              message: `${place} is in a temporary folder`,
              fix: "put it under /srv or /opt",
            },
          ];
    },
  },
  "jit-killed": {
    severity: "error",
    why: "V8 writes machine code while it runs, and MemoryDenyWriteExecute= forbids that. Node dies at once, unless it runs with --jitless.",
    man: "systemd.exec(5)",
    find: ({ unit, program, environment }) => {
      const setting = inService(unit, "MemoryDenyWriteExecute");
      const options = [
        ...(program?.node?.options ?? program?.words ?? []),
        ...(environment.get("NODE_OPTIONS")?.value.split(" ") ?? []),
      ];
      if (truthOf(setting?.value) !== true || program?.isNode !== true || options.includes("--jitless"))
        return [];
      return [
        {
          at: setting!,
          message: "MemoryDenyWriteExecute= with Node",
          fix: "take it out, or run node --jitless, which has no WebAssembly",
        },
      ];
    },
  },
  "system-call-kills": {
    severity: "warning",
    why: "A system call that the filter leaves out kills the program. Node tries calls that it does not need, such as pkey_alloc. With an error number the call fails, and Node goes on.",
    man: "systemd.exec(5)",
    find: ({ unit, program }) => {
      const filter = valuesOf(unit, "Service", "SystemCallFilter")[0];
      return filter === undefined ||
        program?.isNode !== true ||
        inService(unit, "SystemCallErrorNumber") !== undefined
        ? []
        : [
            {
              at: filter,
              message: "SystemCallFilter= without SystemCallErrorNumber=",
              fix: "SystemCallErrorNumber=EPERM",
              edits: [added(unit, "Service", "SystemCallErrorNumber", "EPERM")],
            },
          ];
    },
  },
  "user-root": {
    severity: "warning",
    why: "systemd opens the sockets, so your app needs no rights of root. If somebody breaks into it, they have the whole machine.",
    man: "systemd.exec(5)",
    find: (service) => {
      const { unit, program } = service;
      const setting = inService(unit, "User");
      return program?.isNode !== true || !runsAsRoot(service)
        ? []
        : [
            {
              at: setting ?? headerOf(unit, "Service"),
              message:
                setting === undefined ? "it runs as root, since no user is named" : `User=${setting.value}`,
              fix: "DynamicUser=yes, or User= with an account of its own",
            },
          ];
    },
  },
  "user-nobody": {
    severity: "warning",
    why: "Services that run as nobody can stop the processes of each other, and change the files of each other. systemd warns of it each time that it reads the unit.",
    man: "systemd.exec(5)",
    find: ({ unit }) => {
      const setting = inService(unit, "User");
      return setting === undefined || !/^(?:nobody|65534)$/.test(setting.value)
        ? []
        : [
            {
              at: setting,
              message: `User=${setting.value}`,
              fix: "DynamicUser=yes without User=, or User= with an account of its own",
            },
          ];
    },
  },
  "pid-namespace": {
    severity: "warning",
    why: "With PrivatePIDs= systemd 257 sets LISTEN_PID to a process ID that the service does not have inside, so that it takes no socket. As process 1 it also ignores SIGTERM, unless it has a handler.",
    man: "systemd.exec(5)",
    find: (service) => {
      const setting = inService(service.unit, "PrivatePIDs");
      return truthOf(setting?.value) !== true || listeners(service).length === 0
        ? []
        : [
            {
              at: setting!,
              message: `PrivatePIDs=${setting!.value} with a socket`,
              fix: "take it out",
            },
          ];
    },
  },
};
