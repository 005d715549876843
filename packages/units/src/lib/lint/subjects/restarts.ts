import { valueOf, valuesOf, type LoadedUnit, type Setting } from "../../parse/load.ts";
import { assignments } from "../../parse/parse.ts";
import { addSetting, replaceSetting } from "../findings/edits.ts";
import type { FileEdit } from "../findings/finding.ts";
import { timeSpanOf } from "../../systemd/time-spans.ts";
import { isRead, namesIn } from "./subjects.ts";
import { wholeOf } from "../../systemd/amounts.ts";

const inService = (unit: LoadedUnit, key: string): string | undefined => valueOf(unit, "Service", key)?.value;

export const restartPolicy = (unit: LoadedUnit): string => inService(unit, "Restart") ?? "no";

/** The effective RestartSec=. systemd ignores invalid values. */
export const restartSec = (unit: LoadedUnit): Setting | undefined =>
  valuesOf(unit, "Service", "RestartSec").findLast(({ value }) => timeSpanOf(value) !== undefined);

/** The delay before a restart, in milliseconds. */
export const restartDelay = (unit: LoadedUnit): number => timeSpanOf(restartSec(unit)?.value ?? "100ms")!;

/**
 * Edits that set the delay before each restart to a second. None if a drop-in has the RestartSec=, or if the
 * delay grows.
 */
export function slowerRestarts(unit: LoadedUnit): FileEdit[] {
  if (["RestartSteps", "RestartMaxDelaySec"].some((key) => inService(unit, key) !== undefined)) return [];
  const setting = restartSec(unit);
  if (setting === undefined) return addSetting(unit, "Service", "RestartSec", "1s");
  return setting.file === unit.file ? [replaceSetting(setting, "1s")] : [];
}

/** The values of directives that are allowed in two sections. */
const inEither = (unit: LoadedUnit, ...keys: string[]): string[] =>
  keys
    .flatMap((key) => valueOf(unit, "Unit", key) ?? valueOf(unit, "Service", key) ?? [])
    .map((setting) => setting.value);

/** Whether the unit sets a start limit. */
export const hasStartLimit = (unit: LoadedUnit): boolean =>
  inEither(unit, "StartLimitIntervalSec", "StartLimitInterval", "StartLimitBurst").length > 0;

/**
 * Whether the start limit can be removed: systemd restarts the service after a crash, so RestartSec= slows
 * the starts down. Restart= does not apply if a condition prevents the start, and the unit may define an
 * action for the limit.
 */
export const mayStartForever = (unit: LoadedUnit): boolean =>
  restartsAfter(unit, 1) &&
  finalFailure(unit) === undefined &&
  conditionOf(unit) === undefined &&
  // A limit in the wrong section has no effect, but is intended.
  !assignments(unit.own).some(
    ({ key, value }) => key === "StartLimitIntervalSec" && timeSpanOf(value) !== 0,
  ) &&
  inEither(unit, "StartLimitAction", "FailureAction", "OnFailure").length === 0;

/** Whether the service has no start limit. */
export function hasNoStartLimit(unit: LoadedUnit): boolean {
  return (
    inEither(unit, "StartLimitIntervalSec", "StartLimitInterval").some(
      (interval) => timeSpanOf(interval) === 0,
    ) || inEither(unit, "StartLimitBurst").some((burst) => wholeOf(burst) === 0)
  );
}

/** Whether this is StartLimitIntervalSec=0 in [Service], where systemd ignores it. */
export const isLostStartLimit = ({ section, key, value }: Setting): boolean =>
  section === "Service" && key === "StartLimitIntervalSec" && timeSpanOf(value) === 0;

/**
 * What to write instead of such a line. `undefined` if the limit may be needed, or if crashes without it
 * would use much processor time.
 */
export function movedStartLimit(unit: LoadedUnit): readonly FileEdit[] | undefined {
  if (!isRead({ unit })) return undefined;
  if (hasNoStartLimit(unit)) return [];
  return hasStartLimit(unit) || !mayStartForever(unit) || restartDelay(unit) < 500
    ? undefined
    : addSetting(unit, "Unit", "StartLimitIntervalSec", "0");
}

/** The setting that may prevent a start: a Condition…=, an Assert…= or ExecCondition=. */
export function conditionOf(unit: LoadedUnit): Setting | undefined {
  // An empty assignment of any kind resets all of them.
  const last = (kind: RegExp) => {
    const setting = unit.settings.findLast(({ section, key }) => section === "Unit" && kind.test(key));
    return setting?.value === "" ? undefined : setting;
  };
  return last(/^Condition[A-Z]/) ?? last(/^Assert[A-Z]/) ?? valueOf(unit, "Service", "ExecCondition");
}

function hasStatus(unit: LoadedUnit, key: string, status: number): boolean {
  return namesIn(unit, "Service", key).some(
    ({ name }) => wholeOf(name) === status || (status === 0 && name === "SUCCESS"),
  );
}

/**
 * The setting after which systemd does not restart the service for some failures. 42 and 43 do not
 * count: they are sockact's statuses for sleep, and for a failed start that leaves no client waiting.
 */
export const finalFailure = (unit: LoadedUnit): Setting | undefined =>
  namesIn(unit, "Service", "RestartPreventExitStatus").find(({ name }) => !/^(?:0|SUCCESS|42|43)$/.test(name))
    ?.setting;

/** Whether Restart= restarts the service after this exit status. */
export function restartsAfter(unit: LoadedUnit, status: number): boolean {
  if (hasStatus(unit, "RestartPreventExitStatus", status)) return false;
  if (hasStatus(unit, "RestartForceExitStatus", status)) return true;
  const isClean = status === 0 || hasStatus(unit, "SuccessExitStatus", status);
  const policy = restartPolicy(unit);
  return policy === "always" || policy === (isClean ? "on-success" : "on-failure");
}
