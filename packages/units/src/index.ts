export { emitUnits, type EmitOptions } from "./lib/emit/emit.ts";
export { UnitError, type UnitProblem, type UnitProblemCode } from "./lib/read/problems.ts";
export type {
  AppDescription,
  Hardening,
  ListenAddress,
  NotifyAccess,
  RestartPolicy,
  ServiceType,
  SocketDescription,
} from "./lib/description.ts";
export type { Duration } from "./lib/read/duration.ts";
