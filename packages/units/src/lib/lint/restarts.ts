import { valueOf, type LoadedUnit } from "../parse/load.ts";
import { spanOf } from "./span.ts";
import { namesIn } from "./subjects.ts";
import { wholeOf } from "./value-readers.ts";

const inService = (unit: LoadedUnit, key: string): string | undefined => valueOf(unit, "Service", key)?.value;

export const restarts = (unit: LoadedUnit): string => inService(unit, "Restart") ?? "no";

/** The milliseconds before a restart. */
export function restartDelay(unit: LoadedUnit): number {
  return spanOf(inService(unit, "RestartSec") ?? "100ms") ?? 100;
}

/** Whether a list of exit statuses has this one. */
function hasStatus(unit: LoadedUnit, key: string, status: number): boolean {
  return namesIn(unit, "Service", key).some(
    ({ name }) => wholeOf(name) === status || (status === 0 && name === "SUCCESS"),
  );
}

/** Whether Restart= starts the service again when it exits with this status. */
export function restartsAfter(unit: LoadedUnit, status: number): boolean {
  if (hasStatus(unit, "RestartPreventExitStatus", status)) return false;
  if (hasStatus(unit, "RestartForceExitStatus", status)) return true;
  const isClean = status === 0 || hasStatus(unit, "SuccessExitStatus", status);
  const policy = restarts(unit);
  return policy === "always" || policy === (isClean ? "on-success" : "on-failure");
}
