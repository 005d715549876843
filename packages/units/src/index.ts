export { emitUnits, type EmitOptions } from "./lib/emit/emit.ts";
export { UnitError, type UnitProblem } from "./lib/read/problems.ts";
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
export { parseUnit, stringifyUnit, type UnitEntry, type UnitFile } from "./lib/parse/parse.ts";
export { editUnit, type UnitEdit } from "./lib/parse/edit.ts";
export { lintUnits, type Finding, type FindingCode, type LintOptions } from "./lib/lint/lint.ts";
export { fixUnits } from "./lib/lint/fix.ts";
export type { FileEdit, Severity } from "./lib/lint/finding.ts";
