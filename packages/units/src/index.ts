export { emitUnits, type EmitOptions } from "./lib/emit/emit.ts";
export { explain, explanationText, type Explanation } from "./lib/emit/explain.ts";
export { UnitError, type UnitProblem, type UnitProblemCode } from "./lib/read/problems.ts";
export type {
  AppDescription,
  Credential,
  ListenAddress,
  NotifyAccess,
  RestartPolicy,
  ServiceType,
  SocketDescription,
} from "./lib/description.ts";
export type { Hardening, HardeningOptions, HardeningProfile, NamespaceType } from "./lib/harden/options.ts";
export type { Duration } from "./lib/read/duration.ts";
