export { emitUnits, type EmitOptions } from "./lib/emit/emit.ts";
export { UnitError, type UnitProblem, type UnitProblemCode } from "./lib/read/problems.ts";
export type {
  AppDescription,
  Argument,
  Bind,
  Command,
  ContainerDescription,
  Hardening,
  Limit,
  ListenAddress,
  NotifyAccess,
  RawSection,
  RawValue,
  RestartPolicy,
  ServiceType,
  Signal,
  Size,
  SocketDescription,
} from "./lib/description.ts";
export { escapeUnitName } from "./lib/write/escape.ts";
export type { Specifier, Text } from "./lib/specifier.ts";
export type { Duration } from "./lib/read/duration.ts";
