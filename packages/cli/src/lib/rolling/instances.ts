import type { loadProperties } from "./installed.ts";
import { listOf, type Properties } from "../shared/properties.ts";
import { isRestarting, serves } from "../systemd/unit-state.ts";

/** The two instances of the template `<name>@.service`. */
export type Instance = "blue" | "green";

export const instances = ["blue", "green"] as const;

/** The properties that are read from each instance, besides {@link loadProperties}. */
export const instanceProperties = [
  "ActiveState",
  "SubState",
  "Result",
  "Type",
  "TriggeredBy",
  "NeedDaemonReload",
  "InvocationID",
  "ActiveEnterTimestampMonotonic",
  "RestartUSec",
] as const;

/** Systemctl leaves out the property ExecCondition if the unit has none. */
export type State = Properties<(typeof loadProperties | typeof instanceProperties)[number]> & {
  ExecCondition?: string;
};
export type States = Record<Instance, State>;

export const otherInstance = (instance: Instance): Instance => (instance === "blue" ? "green" : "blue");

/** Also while it starts, or waits to be started again after a crash. */
export const isUp = (state: State): boolean => serves(state) || state.ActiveState === "activating";

/** Whether an instance is the only one that serves. */
export const isLast = (instance: Instance, states: States): boolean =>
  serves(states[instance]) && !serves(states[otherInstance(instance)]);

export const isAsleep = ({ ActiveState, Result }: State): boolean =>
  ActiveState === "inactive" && Result === "success";

export const hasCrashed = (state: State): boolean => state.ActiveState === "failed" || isRestarting(state);

/** A timer or a path unit may trigger the service too. */
export const socketsOf = ({ TriggeredBy }: State): string[] =>
  listOf(TriggeredBy).filter((unit) => unit.endsWith(".socket"));

/** The instance that serves, the younger one of two; otherwise one that is to serve. */
export function newest(states: States): Instance | undefined {
  const age = (instance: Instance) => Number(states[instance].ActiveEnterTimestampMonotonic);
  const serving = instances.filter((instance) => serves(states[instance]));
  if (serving.length === 2) return age("blue") > age("green") ? "blue" : "green";
  return serving[0] ?? instances.find((instance) => isUp(states[instance]));
}
