export { type CommandOptions, runCommand, type Screen } from "./command.ts";
export { prove } from "./prove.ts";
export type { ProveEvent, ProveOptions } from "./options.ts";
export { ProveError, type ProveErrorCode } from "./prove-error.ts";
export type { Cause, Check, CheckId, Place, Report, Verdict } from "./report.ts";
export type { Color, TextStyle } from "./formats/text.ts";
