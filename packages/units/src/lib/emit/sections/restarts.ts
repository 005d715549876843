import { reasonsOf } from "../../write/reasons.ts";
import { argument } from "../../systemd/escaping.ts";
import { added, addedFor, asked, askedOr, type Line } from "../../write/lines.ts";
import { sinceOf } from "../../systemd/versions.ts";
import { serviceDirectives } from "../../read/fields/service-directives.ts";
import type { Service } from "../../read/service.ts";

/** The exit status that means sleep. Node, sysexits(3), shells and systemd use other numbers. */
const idleStatus = "42";

const addedWithoutRestart = addedFor(reasonsOf.noRestart);
const addedForSleep = addedFor(reasonsOf.sleep);
const addedForQuickRestart = addedFor(reasonsOf.quickRestart);

/** The exit statuses of the description, and the one that means sleep. */
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
 * How long systemd waits before a restart that the description leaves to us. With RestartSteps= the first
 * restart is quick, and a crash loop is as slow as without it. systemd before 254 would ignore the steps, and
 * restart ten times a second. A limit of starts would be reached sooner.
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

/** The lines that say when systemd starts the service again. */
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

/** The limit of starts. There is none if something else slows the starts down. */
export function startLimitLine({ hasStartLimit }: Service): Line {
  return hasStartLimit
    ? addedWithoutRestart("StartLimitIntervalSec", "10s")
    : added("StartLimitIntervalSec", "0");
}

/** The variable that makes an app exit with the status that means sleep. */
export function idleVariableLines({ sleeps }: Service): Line[] {
  return sleeps ? [addedForSleep("Environment", `SOCKACT_IDLE_EXIT_STATUS=${idleStatus}`)] : [];
}

/** A command for ExecStopPost= that takes a second if the service has ended with this result. */
export function pauseCommand(test: "= exec-condition" | "!= success"): string {
  return ["/bin/sh", "-c", `if [ "$SERVICE_RESULT" ${test} ]; then sleep 1; fi`].map(argument).join(" ");
}

/**
 * After ExecCondition= has refused a start, no restart follows, and the socket would start the service again
 * at once.
 */
export function pauseLinesAfterCondition({ values, arrangement }: Service): Line[] {
  return values.execCondition.length === 0 || arrangement.kind === "accept"
    ? []
    : [added("ExecStopPost", pauseCommand("= exec-condition"))];
}
