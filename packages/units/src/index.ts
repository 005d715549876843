export { emitUnits, type EmitOptions } from "./lib/emit.ts";
export { UnitError, type UnitProblem } from "./lib/problems.ts";
export type {
  AppDescription,
  Hardening,
  ListenAddress,
  NotifyAccess,
  RestartPolicy,
  ServiceType,
  SocketDescription,
} from "./lib/description.ts";
export type { Duration } from "./lib/duration.ts";
