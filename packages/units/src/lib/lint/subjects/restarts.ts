import { valueOf, valuesOf, type LoadedUnit, type Setting } from "../../parse/load.ts";
import { timeSpanOf } from "../../systemd/time-spans.ts";
import { namesIn } from "./subjects.ts";
import { wholeOf } from "../values/readers.ts";

const inService = (unit: LoadedUnit, key: string): string | undefined => valueOf(unit, "Service", key)?.value;

export const restartPolicy = (unit: LoadedUnit): string => inService(unit, "Restart") ?? "no";

/** The RestartSec= that counts. systemd ignores a value that it cannot read. */
export const restartSec = (unit: LoadedUnit): Setting | undefined =>
  valuesOf(unit, "Service", "RestartSec").findLast(({ value }) => timeSpanOf(value) !== undefined);

/** The wait before a restart, in milliseconds. */
export const restartDelay = (unit: LoadedUnit): number => timeSpanOf(restartSec(unit)?.value ?? "100ms")!;

/** Whether systemd has no limit of starts for the service. */
export function hasNoStartLimit(unit: LoadedUnit): boolean {
  const value = (...keys: string[]) =>
    keys
      .flatMap((key) => valueOf(unit, "Unit", key) ?? valueOf(unit, "Service", key) ?? [])
      .map((setting) => setting.value);
  return (
    value("StartLimitIntervalSec", "StartLimitInterval").some((interval) => timeSpanOf(interval) === 0) ||
    value("StartLimitBurst").some((burst) => wholeOf(burst) === 0)
  );
}

/** The setting that may keep the service from starting: a Condition…=, an Assert…= or ExecCondition=. */
export function conditionOf(unit: LoadedUnit): Setting | undefined {
  // An empty line of any kind removes all of them.
  const last = (kind: RegExp) => {
    const setting = unit.settings.findLast(({ section, key }) => section === "Unit" && kind.test(key));
    return setting?.value === "" ? undefined : setting;
  };
  return last(/^Condition[A-Z]/) ?? last(/^Assert[A-Z]/) ?? valueOf(unit, "Service", "ExecCondition");
}

/** Whether a list of exit statuses contains this one. */
function hasStatus(unit: LoadedUnit, key: string, status: number): boolean {
  return namesIn(unit, "Service", key).some(
    ({ name }) => wholeOf(name) === status || (status === 0 && name === "SUCCESS"),
  );
}

/** Whether Restart= restarts the service when it exits with this status. */
export function restartsAfter(unit: LoadedUnit, status: number): boolean {
  if (hasStatus(unit, "RestartPreventExitStatus", status)) return false;
  if (hasStatus(unit, "RestartForceExitStatus", status)) return true;
  const isClean = status === 0 || hasStatus(unit, "SuccessExitStatus", status);
  const policy = restartPolicy(unit);
  return policy === "always" || policy === (isClean ? "on-success" : "on-failure");
}
