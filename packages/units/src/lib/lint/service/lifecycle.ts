import { valueOf } from "../../parse/load.ts";
import { added, changed, headerOf, replaced, type Rule } from "../finding.ts";
import type { ServiceSubject } from "../subjects.ts";
import { spanOf } from "../span.ts";
import { inService, restarts, listeners, isActivatedNode } from "./settings.ts";

/** The codes of these rules. */
export type LifecycleCode = "start-limit" | "idle-restart" | "restart-always" | "kill-mode" | "stop-timeout";

/** How a service ends, and is started again. */
export const lifecycleRules: Readonly<Record<LifecycleCode, Rule<ServiceSubject>>> = {
  "start-limit": {
    severity: "warning",
    why: "After five starts within ten seconds, in a crash loop for instance, the socket fails too, and the port is closed until somebody starts it.",
    man: "systemd.unit(5)",
    find: (service) => {
      const { unit, program } = service;
      const set = ["StartLimitIntervalSec", "StartLimitInterval", "StartLimitBurst"].some(
        (key) => valueOf(unit, "Unit", key) ?? valueOf(unit, "Service", key),
      );
      if (set || listeners(service).length === 0) return [];
      if (restarts(unit) === "no" && program?.isNode !== true) return [];
      return [
        {
          at: headerOf(unit, "Unit"),
          message: "the default start limit holds",
          fix: "StartLimitIntervalSec=0",
          edits: [added(unit, "Unit", "StartLimitIntervalSec", "0")],
        },
      ];
    },
  },
  "idle-restart": {
    severity: "warning",
    why: "A service that has put itself to sleep is started again at once.",
    man: "systemd.service(5)",
    find: ({ unit, environment }) => {
      const idle = environment.get("SOCKACT_IDLE_TIMEOUT");
      return idle === undefined || !/^(?:always|on-success)$/.test(restarts(unit))
        ? []
        : [
            {
              at: inService(unit, "Restart")!,
              message: `Restart=${restarts(unit)} with SOCKACT_IDLE_TIMEOUT=${idle.value}`,
              fix: "Restart=on-failure",
              edits: [changed(unit, "Service", "Restart", "on-failure")],
            },
          ];
    },
  },
  "restart-always": {
    severity: "info",
    why: "A socket starts its service when there is something to do; an exit with 0 needs no restart.",
    man: "systemd.service(5)",
    find: (service) => {
      const setting = inService(service.unit, "Restart");
      const idles = service.environment.has("SOCKACT_IDLE_TIMEOUT");
      return setting?.value !== "always" || idles || !isActivatedNode(service)
        ? []
        : [
            {
              at: setting,
              message: "Restart=always with a socket",
              fix: "Restart=on-failure",
              edits: [replaced(setting, "on-failure")],
            },
          ];
    },
  },
  "kill-mode": {
    severity: "warning",
    why: "Children live on when the service is stopped, and with them whatever sockets they hold.",
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
              edits: [replaced(setting, "mixed")],
            },
          ];
    },
  },
  "stop-timeout": {
    severity: "warning",
    why: "The kill cuts requests that the drain, of 10 seconds if SOCKACT_DRAIN_TIMEOUT says nothing else, would have waited for.",
    man: "systemd.service(5)",
    find: (service) => {
      const { unit, environment } = service;
      const told = environment.get("SOCKACT_DRAIN_TIMEOUT")?.value;
      const drain = told === undefined ? (isActivatedNode(service) ? 10_000 : undefined) : spanOf(told);
      const setting = inService(unit, "TimeoutStopSec") ?? inService(unit, "TimeoutSec");
      const stop = setting === undefined ? 90_000 : spanOf(setting.value);
      // 0 is no limit.
      if (drain === undefined || stop === undefined || stop === 0 || stop === Infinity || stop > drain)
        return [];
      const enough = drain === Infinity ? "infinity" : `${Math.ceil(drain / 1000) + 10}s`;
      return [
        {
          at: setting ?? environment.get("SOCKACT_DRAIN_TIMEOUT")!.setting,
          message: `it is killed after ${setting?.value ?? "90 seconds"}, and drains for ${told ?? "10 seconds"}`,
          fix: `TimeoutStopSec=${enough}`,
          edits: [changed(unit, "Service", "TimeoutStopSec", enough)],
        },
      ];
    },
  },
};
