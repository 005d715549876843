import { reasonsOf } from "../../write/reasons.ts";
import { argument } from "../../systemd/escaping.ts";
import { added, addedFor, asked, askedOr, type Line } from "../../write/lines.ts";
import { sinceOf } from "../../systemd/versions.ts";
import { serviceDirectives } from "../../read/fields/service-directives.ts";
import type { Service } from "../../read/service.ts";

/** The exit status for sleep. Node, sysexits(3), shells and systemd do not use it. */
const idleStatus = "42";

const addedWithoutRestart = addedFor(reasonsOf.noRestart);
const addedForSleep = addedFor(reasonsOf.sleep);
const addedForQuickRestart = addedFor(reasonsOf.quickRestart);

/** The exit statuses of the description, and the one for sleep. */
function withIdleStatus(
  field: "restartPreventExitStatus" | "successExitStatus",
  { values }: Service,
): Line[] {
  const key = field === "successExitStatus" ? "SuccessExitStatus" : "RestartPreventExitStatus";
  return [
    ...asked(key, values[field], field),
    ...(values[field].includes(idleStatus) ? [] : [addedForSleep(key, idleStatus)]),
  ];
}

/**
 * The default delay before a restart. With RestartSteps=, the first restart is quick, and a crash loop as
 * slow as without. systemd before 254 would ignore the steps and restart ten times a second. A start limit
 * would be reached sooner.
 */
function waitLines({ values, arrangement: { systemd = 0 }, hasStartLimit }: Service): Line[] {
  const hasSteps = values.restartSteps.length > 0;
  if (systemd < sinceOf("RestartSteps") || hasSteps || hasStartLimit) return [added("RestartSec", "1s")];
  return [
    addedForQuickRestart("RestartSec", "100ms"),
    addedForQuickRestart("RestartSteps", "5"),
    addedForQuickRestart("RestartMaxDelaySec", "1s"),
  ];
}

export function restartLines(service: Service): Line[] {
  const { values, arrangement, sleeps } = service;
  const isPerConnection = arrangement.kind === "accept";
  const isRestarted = values.restart[0] !== "no" && !isPerConnection;
  const linesOf = (field: keyof typeof serviceDirectives): Line[] =>
    asked(serviceDirectives[field].key, values[field], field);
  return [
    ...(isPerConnection ? linesOf("restart") : askedOr("Restart", values.restart, "restart", "always")),
    ...(isRestarted && values.restartSec.length === 0 ? waitLines(service) : linesOf("restartSec")),
    ...linesOf("restartSteps"),
    ...linesOf("restartMaxDelaySec"),
    ...(sleeps
      ? [
          ...withIdleStatus("restartPreventExitStatus", service),
          ...withIdleStatus("successExitStatus", service),
        ]
      : [...linesOf("restartPreventExitStatus"), ...linesOf("successExitStatus")]),
  ];
}

/** The start limit, or none if something else slows the starts down. */
export function startLimitLine({ hasStartLimit }: Service): Line {
  return hasStartLimit
    ? addedWithoutRestart("StartLimitIntervalSec", "10s")
    : added("StartLimitIntervalSec", "0");
}

/** The variable that makes an app exit with the status for sleep. */
export function idleVariableLines({ sleeps }: Service): Line[] {
  return sleeps ? [addedForSleep("Environment", `SOCKACT_IDLE_EXIT_STATUS=${idleStatus}`)] : [];
}

/** A command for ExecStopPost= that takes a second if the service ended with this result. */
export function pauseCommand(test: "= exec-condition" | "!= success"): string {
  return ["/bin/sh", "-c", `if [ "$SERVICE_RESULT" ${test} ]; then sleep 1; fi`].map(argument).join(" ");
}

/**
 * If ExecCondition= prevents a start, systemd does not restart the service, and the socket would start the service again at
 * once.
 */
export function pauseLinesAfterCondition({ values, arrangement }: Service): Line[] {
  return values.execCondition.length === 0 || arrangement.kind === "accept"
    ? []
    : [added("ExecStopPost", pauseCommand("= exec-condition"))];
}
