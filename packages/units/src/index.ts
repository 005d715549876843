export { buildUnits, emitUnits, type EmitOptions } from "./lib/emit/emit.ts";
export { parseUnits, UnitSet } from "./lib/model/unit-set.ts";
export { explain, explanationText, type Explanation } from "./lib/emit/explain.ts";
export { UnitError, type UnitProblem, type UnitProblemCode } from "./lib/problems.ts";
export type {
  AppDescription,
  Bind,
  NotifyAccess,
  RestartPolicy,
  ServiceType,
} from "./lib/description/app.ts";
export type { ContainerDescription } from "./lib/description/container.ts";
export type { PreloadDescription } from "./lib/description/preload.ts";
export type { ListenAddress, ProxyProtocolOptions, SocketDescription } from "./lib/description/socket.ts";
export type {
  Argument,
  Command,
  Credential,
  Limit,
  Mode,
  RawSection,
  RawValue,
  Signal,
  Size,
} from "./lib/description/values.ts";
export { escapeUnitName } from "./lib/systemd/escaping.ts";
export type { Specifier, Text } from "./lib/systemd/specifiers.ts";
export type {
  Hardening,
  HardeningOptions,
  HardeningProfile,
  NamespaceType,
} from "./lib/description/hardening.ts";
export type { Duration } from "@sockact/shared/durations";
export { parseUnit, stringifyUnit, type UnitEntry, type UnitFile } from "./lib/parse/parse.ts";
export { editUnit, type UnitEdit } from "./lib/parse/edit.ts";
export { lintUnits, type Finding, type FindingCode, type LintOptions } from "./lib/lint/lint.ts";
export { fixUnits } from "./lib/lint/fix.ts";
export type { FileEdit, Severity } from "./lib/lint/findings/finding.ts";
