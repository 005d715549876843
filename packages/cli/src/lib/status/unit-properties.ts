import type { Properties } from "../shared/properties.ts";

const common = [
  "Id",
  "LoadState",
  "LoadError",
  "ActiveState",
  "SubState",
  "Result",
  "FragmentPath",
  "NeedDaemonReload",
] as const;
/** The properties to read from each socket unit. */
export const socketProperties = [
  ...common,
  "Listen",
  "Accept",
  "NConnections",
  "Backlog",
  "FileDescriptorName",
  "UnitFileState",
  "PrivateNetwork",
  "SocketProtocol",
] as const;
/** The properties to read from each service unit. */
export const serviceProperties = [
  ...common,
  "Type",
  "MainPID",
  "ControlGroup",
  "User",
  "MemoryCurrent",
  "NRestarts",
  "ExecStart",
  "ExecMainCode",
  "ExecMainStatus",
  "RestartPreventExitStatus",
  "StatusText",
  "InactiveExitTimestamp",
  "InactiveExitTimestampMonotonic",
  "InactiveEnterTimestamp",
  "ActiveEnterTimestampMonotonic",
] as const;
/** The properties to read from each timer. */
export const timerProperties = [...common, "TimersMonotonic", "UnitFileState"] as const;
/** The properties of every unit. systemctl omits the others if it could not load the unit. */
type Loaded<Names extends readonly string[]> = Properties<(typeof common)[number]> &
  Partial<Properties<Names[number]>>;
export type SocketProperties = Loaded<typeof socketProperties>;
export type TimerProperties = Loaded<typeof timerProperties>;
export type ServiceProperties = Loaded<typeof serviceProperties>;

/** The number of a property. Null if it is not known. */
export const numberOf = (value: string | undefined): number | null =>
  value !== undefined && /^\d+$/.test(value) ? Number(value) : null;
