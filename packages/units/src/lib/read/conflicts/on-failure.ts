import { conflictsIn, type UnitProblem } from "../../problems.ts";
import type { Arrangement } from "../fields/arrangement.ts";
import { isRestartedAfterEachFailure } from "../fields/restarts.ts";
import type { RawSections } from "../fields/raw.ts";

/**
 * The first systemd in which a service is briefly in the state "failed" before a restart, which triggers
 * OnFailure=.
 */
const failsBeforeRestart = 254;

/**
 * Reports an OnFailure= that never triggers, because systemd restarts the service after each failure. Only
 * the description has the version of systemd.
 */
export function reportSilentFailure(
  description: Record<string, unknown>,
  { kind, manager, systemd }: Arrangement,
  raw: RawSections,
  [unit]: readonly string[],
  problems: UnitProblem[],
): void {
  if (unit === undefined || kind === "accept" || !isRestartedAfterEachFailure(description)) return;
  const isDirect = raw.Service?.findLast(({ key }) => key === "RestartMode")?.value === "direct";
  if (isDirect) {
    conflictsIn(problems)(
      "raw.Service.RestartMode",
      "with RestartMode=direct, a service that is restarted never counts as failed, so systemd never starts the units in onFailure",
      "leave one out",
    );
  } else if (systemd !== undefined && systemd < failsBeforeRestart) {
    const systemctl = manager === "user" ? "systemctl --user" : "systemctl";
    const script = `[ "$SERVICE_RESULT" = success ] || ${systemctl} start --no-block ${unit}`;
    conflictsIn(problems)(
      "onFailure",
      `systemd ${systemd} starts these units only if no restart follows, and here a restart follows each failure`,
      `write execStopPost: [{ command: ['/bin/sh', '-c', '${script}'], privileged: true }]`,
    );
  }
}
