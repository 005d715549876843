import { valueOf } from "../../../parse/load.ts";
import type { Rule } from "../../findings/finding.ts";
import {
  conditionOf,
  finalFailure,
  hasNoStartLimit,
  hasStartLimit,
  mayStartForever,
  restartDelay,
  restartPolicy,
  restartsAfter,
  restartSec,
  slowerRestarts,
} from "../../subjects/restarts.ts";
import { timeSpanOf } from "../../../systemd/time-spans.ts";
import type { ServiceSubject, SocketSubject } from "../../subjects/subjects.ts";
import { booleanOf } from "../../../systemd/booleans.ts";
import { wholeOf } from "../../../systemd/amounts.ts";
import { inService, isActivatedNode, isApp, listeners } from "./settings.ts";
import { addSetting, headerOf } from "../../findings/edits.ts";

/** Whether systemd gives the socket up when it starts its service too often. */
function hasTriggerLimit({ unit }: SocketSubject): boolean {
  const interval = valueOf(unit, "Socket", "TriggerLimitIntervalSec")?.value;
  const burst = valueOf(unit, "Socket", "TriggerLimitBurst")?.value;
  return timeSpanOf(interval ?? "2s") !== 0 && wholeOf(burst ?? "20") !== 0;
}

/** A duration as people write it: systemd takes a number alone for seconds. */
const withUnit = (span: string): string => (/^[\d.]+$/.test(span) ? `${span}s` : span);

/** The numbers of the signals that these rules name, on Linux. */
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

/** The name of a signal without SIG; systemd accepts numbers too. */
const signalName = (value: string): string => numbered[value] ?? value.replace(/^SIG/, "");

/** The codes of these rules. */
export type LifecycleCode =
  | "start-limit"
  | "crash-spins"
  | "restart-fast"
  | "restart-slow"
  | "condition-spins"
  | "idle-restart"
  | "clean-exit-spins"
  | "remain-after-exit"
  | "stop-when-unneeded"
  | "runtime-max"
  | "kill-mode"
  | "kill-signal"
  | "reload-signal"
  | "stop-timeout";

/** How a service ends, and is started again. */
export const lifecycleRules: Readonly<Record<LifecycleCode, Rule<ServiceSubject>>> = {
  "start-limit": {
    severity: "warning",
    why: "By default systemd allows five starts in ten seconds. A service that crashes more often fails, and its socket fails with it: the port is closed until you start the socket again.",
    man: "systemd.unit(5)",
    find: (service) => {
      const { unit } = service;
      if (hasStartLimit(unit) || !isApp(service) || listeners(service).length === 0) return [];
      // Five restarts that are two seconds apart take longer than the ten seconds of the limit.
      if (restartsAfter(unit, 1) && restartDelay(unit) >= 2000) return [];
      const isRestarted = restartsAfter(unit, 1) && conditionOf(unit) === undefined;
      const isSlow = restartDelay(unit) >= 1000;
      const slower = slowerRestarts(unit);
      const unlimited = addSetting(unit, "Unit", "StartLimitIntervalSec", "0");
      const canFix = mayStartForever(unit) && (isSlow || slower.length > 0) && unlimited.length > 0;
      return [
        {
          at: headerOf(unit, "Unit"),
          message: "the default start limit applies",
          fix: !isRestarted
            ? "Restart=always, RestartSec=1s and StartLimitIntervalSec=0"
            : isSlow
              ? "StartLimitIntervalSec=0"
              : "RestartSec=1s and StartLimitIntervalSec=0",
          edits: canFix ? [...(isSlow ? [] : slower), ...unlimited] : [],
        },
      ];
    },
  },
  "crash-spins": {
    severity: "warning",
    why: "A connection that nobody accepts starts the service again as soon as it exits. With StartLimitIntervalSec=0, only Restart= and RestartSec= slow these starts down, and here Restart= does not apply to a crash.",
    man: "systemd.service(5)",
    find: (service) => {
      const { unit } = service;
      if (!isApp(service) || listeners(service).length === 0) return [];
      if (!hasNoStartLimit(unit)) return [];
      const final = finalFailure(unit);
      if (restartsAfter(unit, 1) && final === undefined) return [];
      if (restartsAfter(unit, 1))
        return [
          {
            at: final!,
            message: `RestartPreventExitStatus=${final!.value}: if it fails so before it accepts, it is started over and over`,
            fix: "remove StartLimitIntervalSec=0, or this line",
          },
        ];
      return [
        {
          at: inService(unit, "Restart") ?? headerOf(unit, "Service"),
          message: `Restart=${restartPolicy(unit)}: if it crashes before it accepts, it is started over and over`,
          fix: "Restart=always and RestartSec=1s",
        },
      ];
    },
  },
  "restart-fast": {
    severity: "warning",
    why: "With StartLimitIntervalSec=0, systemd keeps starting a service that crashes at its start. Each start costs processor time and lines in the journal.",
    man: "systemd.service(5)",
    find: (service) => {
      const { unit } = service;
      const delay = restartDelay(unit);
      if (!isApp(service) || !hasNoStartLimit(unit) || !restartsAfter(unit, 1) || delay >= 500) return [];
      // With these two, systemd waits longer from restart to restart.
      if (inService(unit, "RestartSteps") && inService(unit, "RestartMaxDelaySec")) return [];
      const setting = restartSec(unit);
      const often = delay < 10 ? "as often as it can" : `up to ${Math.floor(1000 / delay)} times a second`;
      return [
        {
          at: setting ?? inService(unit, "Restart")!,
          message: `RestartSec=${setting?.value ?? "100ms, the default"}: in a crash loop systemd starts it ${often}`,
          fix: "RestartSec=1s",
          // Without a socket, clients see the longer wait.
          edits: setting === undefined || listeners(service).length > 0 ? slowerRestarts(unit) : [],
        },
      ];
    },
  },
  "restart-slow": {
    severity: "warning",
    why: "Until the wait is over, a connection does not start the service either. After a single crash, clients wait that long for an answer.",
    man: "systemd.service(5)",
    find: (service) => {
      const { unit } = service;
      const setting = restartSec(unit);
      return setting === undefined ||
        !isApp(service) ||
        listeners(service).length === 0 ||
        restartPolicy(unit) === "no" ||
        restartDelay(unit) <= 600_000
        ? []
        : [
            {
              at: setting,
              message: `RestartSec=${setting.value}: after a crash, clients wait that long`,
              fix: "RestartSec=1s, or with RestartSteps= and RestartMaxDelaySec= a wait that grows",
            },
          ];
    },
  },
  "condition-spins": {
    severity: "warning",
    why: "A start that a condition refuses is not an exit, so Restart= does not apply. Without a limit, a connection that waits makes systemd try again thousands of times a second.",
    man: "systemd.socket(5)",
    find: (service) => {
      const { unit } = service;
      const condition = conditionOf(unit);
      if (condition?.section !== "Unit" || !hasNoStartLimit(unit)) return [];
      return listeners(service)
        .filter((socket) => !hasTriggerLimit(socket))
        .slice(0, 1)
        .map((socket) => ({
          at: condition,
          message: `${condition.key}=${condition.value}, and ${socket.unit.name} has no trigger limit`,
          fix: `take TriggerLimitIntervalSec= and TriggerLimitBurst= out of ${socket.unit.name}`,
        }));
    },
  },
  "idle-restart": {
    severity: "warning",
    why: "A service that goes to sleep exits, and Restart= starts it again at once. It sleeps only if RestartPreventExitStatus= has the status with which it exits.",
    man: "systemd.service(5)",
    find: ({ unit, environment }) => {
      const timeout = environment.get("SOCKACT_IDLE_TIMEOUT");
      const exit = environment.get("SOCKACT_IDLE_EXIT_STATUS");
      const idle = booleanOf(timeout?.value) === false ? undefined : (exit ?? timeout);
      const status = wholeOf(exit?.value || "0");
      if (idle === undefined || status === undefined || status > 255 || !restartsAfter(unit, status))
        return [];
      return [
        {
          at: inService(unit, "Restart") ?? idle.setting,
          message: `Restart=${restartPolicy(unit)} starts it again when it goes to sleep with status ${status}`,
          fix:
            status === 0
              ? "Environment=SOCKACT_IDLE_EXIT_STATUS=42, RestartPreventExitStatus=42 and SuccessExitStatus=42"
              : `RestartPreventExitStatus=${status}`,
        },
      ];
    },
  },
  "clean-exit-spins": {
    severity: "info",
    why: "A connection that nobody accepts starts the service again as soon as it exits. If Restart= does not apply to an exit with 0, nothing slows these starts down.",
    man: "systemd.service(5)",
    find: (service) => {
      const { unit } = service;
      if (!isActivatedNode(service) || restartsAfter(unit, 0)) return [];
      const forever = listeners(service).some((socket) => !hasTriggerLimit(socket));
      return [
        {
          at: inService(unit, "Restart") ?? headerOf(unit, "Service"),
          message: `Restart=${restartPolicy(unit)}: if it exits with 0 before it accepts, it is started over and over, ${forever ? "without end" : "without end, or until the socket fails"}`,
          fix: "Restart=always and RestartSec=1s. If it goes to sleep, also Environment=SOCKACT_IDLE_EXIT_STATUS=42, RestartPreventExitStatus=42 and SuccessExitStatus=42",
        },
      ];
    },
  },
  "remain-after-exit": {
    severity: "warning",
    why: "After your app has exited, systemd still regards the service as active. So a connection does not start it again, and clients wait without an answer.",
    man: "systemd.service(5)",
    find: (service) => {
      const setting = inService(service.unit, "RemainAfterExit");
      return booleanOf(setting?.value) !== true || !isApp(service) || listeners(service).length === 0
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
    why: "systemd stops a unit that no other active unit needs. A socket does not need its service, so systemd stops a service that nothing else needs as soon as it has started.",
    man: "systemd.unit(5)",
    find: (service) => {
      const setting = valueOf(service.unit, "Unit", "StopWhenUnneeded");
      // The target that enables it needs it.
      const isNeeded = ["WantedBy", "RequiredBy"].some(
        (key) => valueOf(service.unit, "Install", key) !== undefined,
      );
      return booleanOf(setting?.value) !== true || isNeeded || listeners(service).length === 0
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
    why: "systemd ends the service after this time, with all open requests, and regards it as failed.",
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
              fix: "remove it. For the time to start or to stop, TimeoutStartSec= or TimeoutStopSec=",
            },
          ];
    },
  },
  "kill-signal": {
    severity: "error",
    why: "At SIGTERM, the app answers its open requests, and ends. At SIGHUP, sockact reloads the app, or Node ends at once. SIGUSR1 opens the port of Node's debugger, and Node ignores the others. Then systemd waits for TimeoutStopSec=, and kills the app with its open requests.",
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
              message: `KillSignal=${setting.value} does not make the app drain and end`,
              fix: "KillSignal=SIGTERM",
            },
          ];
    },
  },
  "reload-signal": {
    severity: "error",
    why: "A reload sends this signal. The program ends at it, or, for SIGUSR1, Node opens the port of its debugger.",
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
              fix: "ReloadSignal=SIGHUP",
            },
          ];
    },
  },
  "kill-mode": {
    severity: "warning",
    why: "When the service is stopped, its child processes stay, and the sockets that they hold stay open with them.",
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
              fix: "KillMode=mixed, or leave it out",
            },
          ];
    },
  },
  "stop-timeout": {
    severity: "warning",
    why: "While it drains, the app waits for open requests: 10 seconds, or SOCKACT_DRAIN_TIMEOUT. If systemd kills it earlier, those requests are cut off.",
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
          fix: `TimeoutStopSec=${enough}`,
          edits: setting === undefined ? addSetting(unit, "Service", "TimeoutStopSec", enough) : [],
        },
      ];
    },
  },
};
