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
/** What is read of each socket unit. */
export const socketProperties = [
  ...common,
  "Listen",
  "Accept",
  "NConnections",
  "Backlog",
  "FileDescriptorName",
  "UnitFileState",
  "PrivateNetwork",
] as const;
/** What is read of each service unit. */
export const serviceProperties = [
  ...common,
  "Type",
  "MainPID",
  "User",
  "MemoryCurrent",
  "NRestarts",
  "ExecStart",
  "ExecMainCode",
  "ExecMainStatus",
  "StatusText",
  "InactiveExitTimestamp",
  "InactiveExitTimestampMonotonic",
  "ActiveEnterTimestampMonotonic",
] as const;
/** What every unit has. systemctl leaves out the rest of a unit that it could not load. */
type Loaded<Names extends readonly string[]> = Properties<(typeof common)[number]> &
  Partial<Properties<Names[number]>>;
export type SocketProperties = Loaded<typeof socketProperties>;
export type ServiceProperties = Loaded<typeof serviceProperties>;
