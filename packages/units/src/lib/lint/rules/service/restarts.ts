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

/** Whether systemd closes the socket if it triggers its service too often. */
function hasTriggerLimit({ unit }: SocketSubject): boolean {
  const interval = valueOf(unit, "Socket", "TriggerLimitIntervalSec")?.value;
  const burst = valueOf(unit, "Socket", "TriggerLimitBurst")?.value;
  return timeSpanOf(interval ?? "2s") !== 0 && wholeOf(burst ?? "20") !== 0;
}

export type RestartsCode =
  | "start-limit"
  | "crash-spins"
  | "restart-fast"
  | "restart-slow"
  | "condition-spins"
  | "idle-restart"
  | "clean-exit-spins";

/** How systemd restarts a service. */
export const restartsRules: Readonly<Record<RestartsCode, Rule<ServiceSubject>>> = {
  "start-limit": {
    severity: "warning",
    why: "By default systemd allows five starts in ten seconds. A service that crashes more often fails, and its socket fails with it: the port is closed until you start the socket again.",
    man: "systemd.unit(5)",
    find: (service) => {
      const { unit } = service;
      if (hasStartLimit(unit) || !isApp(service) || listeners(service).length === 0) return [];
      // Five restarts with a delay of two seconds take longer than the ten seconds of the limit.
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
    why: "If the service exits without accepting a connection, the connection starts it again at once. With StartLimitIntervalSec=0, only Restart= and RestartSec= slow this down, and Restart= does not apply to a crash here.",
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
            message: `RestartPreventExitStatus=${final!.value}: if it fails so before it accepts, systemd starts it again and again`,
            fix: "remove StartLimitIntervalSec=0, or this line",
          },
        ];
      return [
        {
          at: inService(unit, "Restart") ?? headerOf(unit, "Service"),
          message: `Restart=${restartPolicy(unit)}: if it crashes before it accepts, systemd starts it again and again`,
          fix: "Restart=always and RestartSec=1s",
        },
      ];
    },
  },
  "restart-fast": {
    severity: "warning",
    why: "With StartLimitIntervalSec=0, systemd keeps restarting a service that crashes at its start. Each start costs processor time and lines in the journal.",
    man: "systemd.service(5)",
    find: (service) => {
      const { unit } = service;
      const delay = restartDelay(unit);
      if (!isApp(service) || !hasNoStartLimit(unit) || !restartsAfter(unit, 1) || delay >= 500) return [];
      // These two make the delay grow.
      if (inService(unit, "RestartSteps") && inService(unit, "RestartMaxDelaySec")) return [];
      const setting = restartSec(unit);
      const often = delay < 10 ? "as often as it can" : `up to ${Math.floor(1000 / delay)} times a second`;
      return [
        {
          at: setting ?? inService(unit, "Restart")!,
          message: `RestartSec=${setting?.value ?? "100ms, the default"}: in a crash loop systemd starts it ${often}`,
          fix: [{ RestartSec: "1s" }],
          // Without a socket, clients notice the longer delay.
          edits: setting === undefined || listeners(service).length > 0 ? slowerRestarts(unit) : [],
        },
      ];
    },
  },
  "restart-slow": {
    severity: "warning",
    why: "During the delay, a connection does not start the service either. After a single crash, clients wait that long for an answer.",
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
              fix: [
                { RestartSec: "1s" },
                ", or with ",
                { RestartSteps: "", RestartMaxDelaySec: "" },
                " a delay that grows",
              ],
            },
          ];
    },
  },
  "condition-spins": {
    severity: "warning",
    why: "If a condition prevents the start, Restart= does not apply. Without a limit, a waiting connection makes systemd try again thousands of times a second.",
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
          fix: `remove TriggerLimitIntervalSec= and TriggerLimitBurst= from ${socket.unit.name}`,
        }));
    },
  },
  "idle-restart": {
    severity: "warning",
    why: "A service that goes to sleep exits, and Restart= starts it again at once. It sleeps only if RestartPreventExitStatus= has its exit status.",
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
          message: `Restart=${restartPolicy(unit)} restarts it when it goes to sleep with status ${status}`,
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
    why: "If the service exits without accepting a connection, the connection starts it again at once. If Restart= does not apply to exit status 0, nothing slows this down.",
    man: "systemd.service(5)",
    find: (service) => {
      const { unit } = service;
      if (!isActivatedNode(service) || restartsAfter(unit, 0)) return [];
      const forever = listeners(service).some((socket) => !hasTriggerLimit(socket));
      return [
        {
          at: inService(unit, "Restart") ?? headerOf(unit, "Service"),
          message: `Restart=${restartPolicy(unit)}: if it exits with 0 before it accepts, systemd starts it again and again${forever ? "" : ", until the socket fails"}`,
          fix: "Restart=always and RestartSec=1s. If it goes to sleep, also Environment=SOCKACT_IDLE_EXIT_STATUS=42, RestartPreventExitStatus=42 and SuccessExitStatus=42",
        },
      ];
    },
  },
};
