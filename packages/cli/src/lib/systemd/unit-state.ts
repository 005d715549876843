/** The state of a service and its sockets. */
export type ServiceState =
  /** It runs. */
  | "awake"
  /** It does not run, and its sockets listen: the next connection starts it. */
  | "asleep"
  /** It is starting and not ready yet. */
  | "starting"
  /** It has crashed, and systemd will restart it. */
  | "restarting"
  /** It is stopping, and finishes its open requests. */
  | "draining"
  /** It or one of its sockets has failed. */
  | "failed"
  /** It does not run, and no socket listens. */
  | "stopped"
  /** systemd could not load a unit. */
  | "not loaded";

/** The properties that determine the state of a unit. */
export interface UnitState {
  LoadState: string;
  ActiveState: string;
  SubState: string;
}

/** Whether a service answers clients. */
export const serves = ({ ActiveState }: Pick<UnitState, "ActiveState">): boolean =>
  ["active", "reloading", "refreshing"].includes(ActiveState);

/** Whether a service has crashed, and systemd will restart it. */
export const isRestarting = ({ SubState }: Pick<UnitState, "SubState">): boolean =>
  SubState.startsWith("auto-restart");

function stateOfService(unit: UnitState): ServiceState | undefined {
  if (unit.LoadState !== "loaded") return "not loaded";
  if (serves(unit)) return "awake";
  switch (unit.ActiveState) {
    case "activating":
      return isRestarting(unit) ? "restarting" : "starting";
    case "deactivating":
      return "draining";
    case "failed":
      return "failed";
    default:
      return undefined;
  }
}

/** The order of states for several instances: the one that best shows whether clients get answers. */
const order: readonly ServiceState[] = [
  "awake",
  "starting",
  "restarting",
  "draining",
  "failed",
  "not loaded",
];

/** The state of a service, from its service units and sockets. */
export function stateOf(services: readonly UnitState[], sockets: readonly UnitState[]): ServiceState {
  const states = services.map(stateOfService);
  const found = order.find((state) => states.includes(state));
  if (found !== undefined) return found;
  if (sockets.some(({ LoadState }) => LoadState !== "loaded")) return "not loaded";
  if (sockets.some(({ ActiveState }) => ActiveState === "failed")) return "failed";
  return sockets.some(({ ActiveState }) => ActiveState === "active") ? "asleep" : "stopped";
}
