import { valueOf } from "../../../parse/load.ts";
import type { Rule } from "../../findings/finding.ts";
import { timeSpanOf } from "../../../systemd/time-spans.ts";
import type { ServiceSubject } from "../../subjects/subjects.ts";
import { booleanOf } from "../../../systemd/booleans.ts";
import { inService, isActivatedNode, isApp, listeners } from "./settings.ts";
import { addSetting } from "../../findings/edits.ts";

/** A duration with its unit. systemd reads a number without a unit as seconds. */
const withUnit = (span: string): string => (/^[\d.]+$/.test(span) ? `${span}s` : span);

/** The Linux numbers of the signals in these rules. */
const numbered: Readonly<Record<string, string>> = {
  1: "HUP",
  2: "INT",
  3: "QUIT",
  6: "ABRT",
  9: "KILL",
  10: "USR1",
  13: "PIPE",
  15: "TERM",
  17: "CHLD",
  18: "CONT",
  23: "URG",
  28: "WINCH",
};

/** The name of a signal without SIG. systemd also accepts numbers. */
const signalName = (value: string): string => numbered[value] ?? value.replace(/^SIG/, "");

export type LifecycleCode =
  | "remain-after-exit"
  | "stop-when-unneeded"
  | "runtime-max"
  | "kill-mode"
  | "kill-signal"
  | "reload-signal"
  | "stop-timeout";

/** How a service reloads and ends. */
export const lifecycleRules: Readonly<Record<LifecycleCode, Rule<ServiceSubject>>> = {
  "remain-after-exit": {
    severity: "warning",
    why: "After your app has exited, systemd still regards the service as active, so a connection does not start it again. Clients wait without an answer. With Accept=yes, each connection leaves a unit.",
    man: "systemd.service(5)",
    find: (service) => {
      const setting = inService(service.unit, "RemainAfterExit");
      const isStarted = service.sockets.length > 0 || service.isBehindSocket;
      return booleanOf(setting?.value) !== true || !isStarted
        ? []
        : [
            {
              at: setting!,
              message: `RemainAfterExit=${setting!.value} with a socket`,
              fix: "remove it",
            },
          ];
    },
  },
  "stop-when-unneeded": {
    severity: "warning",
    why: "systemd stops a unit that no other active unit needs. A socket does not need its service. If nothing else does, systemd stops the service as soon as it has started.",
    man: "systemd.unit(5)",
    find: (service) => {
      const setting = valueOf(service.unit, "Unit", "StopWhenUnneeded");
      // The target that enables it needs it.
      const isNeeded = ["WantedBy", "RequiredBy"].some(
        (key) => valueOf(service.unit, "Install", key) !== undefined,
      );
      return booleanOf(setting?.value) !== true || isNeeded || service.sockets.length === 0
        ? []
        : [
            {
              at: setting!,
              message: `StopWhenUnneeded=${setting!.value} with a socket`,
              fix: "remove it",
            },
          ];
    },
  },
  "runtime-max": {
    severity: "info",
    why: "After this time, systemd stops the service, with all open requests, and regards it as failed.",
    man: "systemd.service(5)",
    find: (service) => {
      const setting = inService(service.unit, "RuntimeMaxSec");
      const span = timeSpanOf(setting?.value ?? "") ?? 0;
      return setting === undefined ||
        !isApp(service) ||
        listeners(service).length === 0 ||
        span === 0 ||
        span > 600_000
        ? []
        : [
            {
              at: setting,
              message: `RuntimeMaxSec=${setting.value} for a server`,
              fix: "remove it. To limit the start or the stop, use TimeoutStartSec= or TimeoutStopSec=",
            },
          ];
    },
  },
  "kill-signal": {
    severity: "error",
    why: "On SIGTERM, the app answers its open requests and exits. On SIGHUP, sockact reloads the app, or Node exits at once. SIGUSR1 opens the port of Node's debugger, and Node ignores the others. systemd then waits for TimeoutStopSec=, and kills the app with its open requests.",
    man: "systemd.kill(5)",
    find: (service) => {
      const setting = inService(service.unit, "KillSignal");
      return setting === undefined ||
        !isActivatedNode(service) ||
        !/^(?:HUP|USR1|PIPE|CHLD|CONT|URG|WINCH)$/.test(signalName(setting.value))
        ? []
        : [
            {
              at: setting,
              message: `KillSignal=${setting.value} does not make the app drain and exit`,
              fix: [{ KillSignal: "SIGTERM" }],
            },
          ];
    },
  },
  "reload-signal": {
    severity: "error",
    why: "A reload sends this signal. It ends the program, or, with SIGUSR1, opens the port of Node's debugger.",
    man: "systemd.service(5)",
    find: ({ unit, program }) => {
      const setting = inService(unit, "ReloadSignal");
      const ends = program?.isNode === true ? /^(?:TERM|INT|QUIT|KILL|ABRT|USR1)$/ : /^(?:TERM|KILL)$/;
      // Only this type sends the signal.
      const isSent = inService(unit, "Type")?.value === "notify-reload";
      return setting === undefined || !isSent || !ends.test(signalName(setting.value))
        ? []
        : [
            {
              at: setting,
              message: `ReloadSignal=${setting.value} does not reload the program`,
              fix: [{ ReloadSignal: "SIGHUP" }],
            },
          ];
    },
  },
  "kill-mode": {
    severity: "warning",
    why: "When the service is stopped, its child processes keep running, and their sockets stay open.",
    man: "systemd.kill(5)",
    find: ({ unit, program }) => {
      const setting = inService(unit, "KillMode");
      const leaves = setting?.value === "none" || (setting?.value === "process" && program?.isNode === true);
      return setting === undefined || !leaves
        ? []
        : [
            {
              at: setting,
              message: `KillMode=${setting.value}`,
              fix: [{ KillMode: "mixed" }, ", or leave it out"],
            },
          ];
    },
  },
  "stop-timeout": {
    severity: "warning",
    why: "A stopping app waits for open requests: 10 seconds, or SOCKACT_DRAIN_TIMEOUT. If systemd kills it before that, those requests are cut off.",
    man: "systemd.service(5)",
    find: (service) => {
      const { unit, environment } = service;
      const told = environment.get("SOCKACT_DRAIN_TIMEOUT")?.value;
      const drain = told === undefined ? (isActivatedNode(service) ? 10_000 : undefined) : timeSpanOf(told);
      const setting = inService(unit, "TimeoutStopSec") ?? inService(unit, "TimeoutSec");
      const stop = setting === undefined ? 90_000 : timeSpanOf(setting.value);
      // 0 means no limit.
      if (drain === undefined || stop === undefined || stop === 0 || stop === Infinity || stop > drain)
        return [];
      const enough = drain === Infinity ? "infinity" : `${Math.ceil(drain / 1000) + 10}s`;
      return [
        {
          at: setting ?? environment.get("SOCKACT_DRAIN_TIMEOUT")!.setting,
          message: `it is killed after ${withUnit(setting?.value ?? "90s")}, and drains for ${told ?? "10s"}`,
          fix: [{ TimeoutStopSec: enough }],
          edits: setting === undefined ? addSetting(unit, "Service", "TimeoutStopSec", enough) : [],
        },
      ];
    },
  },
};
