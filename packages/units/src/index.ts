export { emitUnits, type EmitOptions } from "./lib/emit/emit.ts";
export { explain, explanationText, type Explanation } from "./lib/emit/explain.ts";
export { UnitError, type UnitProblem, type UnitProblemCode } from "./lib/read/problems.ts";
export type {
  AppDescription,
  Argument,
  Bind,
  Command,
  ContainerDescription,
  Credential,
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
export type { Hardening, HardeningOptions, HardeningProfile, NamespaceType } from "./lib/harden/options.ts";
export type { Duration } from "./lib/read/duration.ts";
